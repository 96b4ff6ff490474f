"""Credentials of STS: how long they live, what is left of them, and that they end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from domain.backends import Backend, BackendRefused, NotYet
from tests.backends.aws_iam import ACCOUNT, READER, AwsWorld
from tests.backends.opening import made, opened, planned

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["role_world", "federation_world"])
def world(request: pytest.FixtureRequest) -> AwsWorld:
    found: AwsWorld = request.getfixturevalue(request.param)
    found.control()
    return found


@pytest.fixture
async def backend(world: AwsWorld) -> AsyncIterator[Backend]:
    opening = opened(world.setup)
    yield opening
    await opening.close()


@pytest.fixture
async def role_backend(role_world: AwsWorld) -> AsyncIterator[Backend]:
    role_world.control()
    opening = opened(role_world.setup)
    yield opening
    await opening.close()


async def test_a_lease_that_sts_could_only_outlive_is_refused_unasked(world: AwsWorld, backend: Backend) -> None:
    world.control()
    with pytest.raises(BackendRefused, match=r"less than 900 seconds.*ends in [0-9]+: ask for a longer lease, 960"):
        await backend.create(planned(world.setup, seconds=900))
    assert not world.control()


async def test_a_lease_that_is_too_long_is_refused(world: AwsWorld, backend: Backend) -> None:
    with pytest.raises(BackendRefused, match="more than"):
        await backend.create(planned(world.setup, seconds=200_000))


async def test_a_role_that_gives_less_says_so(role_world: AwsWorld, role_backend: Backend) -> None:
    with pytest.raises(BackendRefused, match="900 to 3600 seconds"):
        await role_backend.create(planned(role_world.setup, seconds=5000))


async def test_the_credential_ends_with_the_lease_and_not_after(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    credential = await backend.create(account)
    ends_at = datetime.fromisoformat(str(credential.fields["expiration"]))
    assert account.expires_at - timedelta(seconds=5) < ends_at <= account.expires_at + timedelta(seconds=1)
    world.control(ahead=990)
    await world.log_in(credential.fields)
    world.control(ahead=1001)
    with pytest.raises(ClientError):
        await world.log_in(credential.fields)


async def test_it_is_gone_once_it_has_run_out_and_not_before(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    account = made(account, (await backend.create(account)).handle)
    assert await backend.present(account)
    with pytest.raises(NotYet) as refusal:
        await backend.remove(account)
    assert refusal.value.until == datetime.fromisoformat(account.handle["ends_at"])
    past = datetime.now(UTC) - timedelta(seconds=1)
    ended = made(account, {"ends_at": past.isoformat()})
    await backend.remove(ended)
    assert not await backend.present(ended)
    untold = msgspec.structs.replace(account, handle={}, expires_at=past)
    assert await backend.present(untold), "clocks may differ a little"


async def test_the_session_is_named_and_tagged_after_the_lease(world: AwsWorld, backend: Backend) -> None:
    world.control()
    account = planned(world.setup)
    await backend.create(account)
    (asked,) = world.control()
    assert account.name in {asked.get("RoleSessionName"), asked.get("Name")}
    tags = {asked[f"Tags.member.{number}.Key"]: asked[f"Tags.member.{number}.Value"] for number in (1, 2, 3)}
    assert tags["trstctl-lease"] == account.lease_id
    assert tags["trstctl-subject"] == "ada@example.com"


async def test_without_leave_to_tag_the_role_has_to_say_so(role_world: AwsWorld, role_backend: Backend) -> None:
    arn = _role(role_world, "untagged", actions=["sts:AssumeRole"])
    backend = _allowing(role_world, arn)
    settings = {"method": "assume-role", "role_arn": arn}
    with pytest.raises(BackendRefused, match="TagSession"):
        await backend.create(planned(role_world.setup, settings=settings))
    credential = await backend.create(planned(role_world.setup, settings=settings | {"tag_session": False}))
    await role_world.log_in(credential.fields)
    await backend.close()


async def test_the_external_id_is_sent(role_world: AwsWorld) -> None:
    arn = _role(role_world, "external", Condition={"StringEquals": {"sts:ExternalId": "acme-42"}})
    backend = _allowing(role_world, arn)
    settings = {"method": "assume-role", "role_arn": arn}
    with pytest.raises(BackendRefused):
        await backend.create(planned(role_world.setup, settings=settings))
    await backend.create(planned(role_world.setup, settings=settings | {"external_id": "acme-42"}))
    await backend.close()


async def test_a_policy_of_the_role_cuts_the_session_down(role_world: AwsWorld, role_backend: Backend) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    settings = {**role_world.setup.role, "policy": policy}
    credential = await role_backend.create(planned(role_world.setup, settings=settings))
    with pytest.raises(ClientError):
        await role_world.log_in(credential.fields)


async def test_managed_policies_cut_the_session_down_too(world: AwsWorld, backend: Backend) -> None:
    bound = f"arn:aws:iam::{ACCOUNT}:policy/trstctl-boundary"
    settings = {key: value for key, value in world.setup.role.items() if key != "policy"} | {"policy_arns": [bound]}
    await world.log_in((await backend.create(planned(world.setup, settings=settings))).fields)


async def test_what_the_connection_does_not_list_is_refused_unasked(world: AwsWorld, backend: Backend) -> None:
    world.control()
    other: list[dict[str, Any]] = [
        {"method": "assume-role", "role_arn": f"{READER}-2"},
        {"method": "user", "policy_arns": [f"arn:aws:iam::{ACCOUNT}:policy/trstctl-boundary"]},
    ]
    if not world.setup.connection.get("federation"):
        other.append({"method": "federation", "policy_arns": [f"arn:aws:iam::{ACCOUNT}:policy/trstctl-boundary"]})
    for settings in other:
        with pytest.raises(BackendRefused, match="in the provider's connection"):
            await backend.create(planned(world.setup, settings=settings))
    assert not world.control()


async def test_check_has_a_credential_made_that_is_good_for_nothing(world: AwsWorld, backend: Backend) -> None:
    world.control()
    await backend.check()
    tried = [each for each in world.control() if each["Action"] != "GetCallerIdentity"]
    assert [json.loads(each["Policy"])["Statement"][0]["Effect"] for each in tried] == ["Deny"]
    assert tried[0]["DurationSeconds"] == "900"


async def test_check_tells_of_a_role_that_does_not_trust_us(role_world: AwsWorld) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/distrustful"
    role_world.iam.create_role(RoleName="distrustful", AssumeRolePolicyDocument=json.dumps(_trust("somebody-else")))
    backend = _allowing(role_world, arn)
    with pytest.raises(BackendRefused, match="assuming arn:aws:iam::123456789012:role/distrustful: AccessDenied"):
        await backend.check()
    await backend.close()


def _trust(user: str, *, actions: list[str] | None = None, **more: Any) -> dict[str, Any]:
    trusted = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{user}"}
    allowed = actions or ["sts:AssumeRole", "sts:TagSession"]
    statement = {"Effect": "Allow", "Principal": trusted, "Action": allowed, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _role(world: AwsWorld, name: str, **trust: Any) -> str:
    """A role that trusts the administrator so, and may list queues."""
    iam = world.iam
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_trust("administrator", **trust)))
    listing = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [listing]})
    iam.put_role_policy(RoleName=name, PolicyName="list", PolicyDocument=policy)
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _allowing(world: AwsWorld, arn: str) -> Backend:
    """The code under test as the administrator, for roles of this ARN."""
    key = world.administrator
    changed = {"assumable_roles": [arn], "access_key_id": key["access_key_id"]}
    return opened(world.setup, connection=changed, secret={"secret_access_key": key["secret_access_key"]})
