"""IAM users: how they are made, how they end, and what they cannot do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from adapters.provider_table import kind
from domain.backends import Account, Backend, BackendRefused, BackendUnavailable
from tests.backends.aws_iam import ACCOUNT, BOUNDARY, AwsWorld
from tests.backends.opening import opened, planned

pytestmark = pytest.mark.anyio


def allowing(*actions: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"method": "user", "policy": {"Version": "2012-10-17", "Statement": [statement]}}


def actions(seen: list[dict[str, str]]) -> list[str]:
    return [each["Action"] for each in seen if "Action" in each]


def as_administrator(world: AwsWorld, **connection: Any) -> Backend:
    """The code under test with every right, and without a boundary."""
    secret = {"secret_access_key": world.administrator["secret_access_key"]}
    given = {"access_key_id": world.administrator["access_key_id"], "permissions_boundary": "", **connection}
    return opened(world.setup, connection=given, secret=secret)


async def test_the_end_comes_before_the_rights_and_the_key_last(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    world.control()
    await backend.create(account)
    seen = [each for each in world.control() if each.get("UserName") == account.name]
    assert actions(seen) == ["CreateUser", "PutUserPolicy", "PutUserPolicy", "CreateAccessKey"]
    assert [each["PolicyName"] for each in seen[1:3]] == ["trstctl-end", "trstctl-role"]
    assert seen[0]["PermissionsBoundary"] == BOUNDARY
    assert seen[0]["Path"] == "/trstctl/"


async def test_a_user_is_tagged_with_its_lease_in_characters_that_aws_takes(world: AwsWorld, backend: Backend) -> None:
    account = msgspec.structs.replace(planned(world.setup), subject="ada<ops>,\nx@example.com")
    await backend.create(account)
    tags = {tag["Key"]: tag["Value"] for tag in world.iam.list_user_tags(UserName=account.name)["Tags"]}
    assert tags == {
        "trstctl-tenant": "acme",
        "trstctl-lease": account.lease_id,
        "trstctl-subject": "ada_ops___x@example.com",
        "trstctl-expires": account.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


async def test_the_fields_and_the_handle_are_what_the_page_says(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    credential = await backend.create(account)
    assert set(credential.fields) == {"access_key_id", "secret_access_key", "region", "expiration"}
    assert datetime.fromisoformat(str(credential.fields["expiration"])) <= account.expires_at
    assert credential.handle["arn"] == f"arn:aws:iam::{ACCOUNT}:user/trstctl/{account.name}"


async def test_no_role_exceeds_the_boundary(world: AwsWorld, backend: Backend) -> None:
    credential = await backend.create(planned(world.setup, settings=allowing("iam:*", "sqs:ListQueues")))
    await world.log_in(credential.fields)
    with pytest.raises(ClientError, match="AccessDenied"):
        world.client("iam", credential.fields).list_users()


async def test_a_leased_user_can_change_no_leased_user_though_its_role_allows_all(world: AwsWorld) -> None:
    backend = as_administrator(world)
    account, sibling = planned(world.setup, settings=allowing("*")), planned(world.setup)
    await backend.create(sibling)
    iam = world.client("iam", (await backend.create(account)).fields)
    assert iam.get_user(UserName=account.name)
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: iam.delete_user_policy(UserName=account.name, PolicyName="trstctl-end"),
        lambda: iam.put_user_policy(UserName=account.name, PolicyName="trstctl-end", PolicyDocument="{}"),
        lambda: iam.create_access_key(UserName=account.name),
        lambda: iam.create_access_key(UserName=sibling.name),
        lambda: iam.create_login_profile(UserName=account.name, Password="Secret-Enough-1!"),
    )
    for attempt in attempts:
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt()
    await backend.close()


async def test_renewal_moves_the_policy_and_the_tag(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    credential = await backend.create(account)
    later = msgspec.structs.replace(account, expires_at=account.expires_at + timedelta(hours=1))
    await backend.renew(later)
    world.control(ahead=3000)
    await world.log_in(credential.fields)
    world.control(ahead=5000)
    with pytest.raises(ClientError):
        await world.log_in(credential.fields)
    tags = {tag["Key"]: tag["Value"] for tag in world.iam.list_user_tags(UserName=account.name)["Tags"]}
    assert tags["trstctl-expires"] == later.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")


async def entangle(world: AwsWorld, account: Account, *, groups: bool) -> None:
    iam, name = world.iam, account.name
    iam.create_login_profile(UserName=name, Password="Secret-Enough-1!")
    iam.create_service_specific_credential(UserName=name, ServiceName="codecommit.amazonaws.com")
    iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody="ssh-rsa AAAA")
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "123457"}
    iam.enable_mfa_device(UserName=name, SerialNumber="123456789", **codes)
    iam.put_user_policy(UserName=name, PolicyName="by-hand", PolicyDocument=json.dumps(allowing("sqs:*")["policy"]))
    iam.attach_user_policy(UserName=name, PolicyArn=BOUNDARY)
    iam.create_access_key(UserName=name)
    if groups:
        iam.create_group(GroupName=f"of-{name}")
        iam.add_user_to_group(GroupName=f"of-{name}", UserName=name)


async def test_a_user_is_removed_with_what_people_gave_it(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    await backend.create(account)
    await entangle(world, account, groups=False)
    await backend.remove(account)
    assert account.name not in await world.names()


async def test_a_user_in_a_group_is_removed_by_whoever_may(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    await backend.create(account)
    await entangle(world, account, groups=True)
    with pytest.raises(BackendRefused, match="RemoveUserFromGroup"):
        await backend.remove(account)
    mighty = as_administrator(world)
    await mighty.remove(account)
    await mighty.close()
    assert account.name not in await world.names()


async def test_removal_takes_the_keys_first(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    await backend.create(account)
    world.control()
    await backend.remove(account)
    seen = actions(world.control())
    assert seen.index("DeleteAccessKey") < seen.index("DeleteUserPolicy") < seen.index("DeleteUser")


async def test_a_lost_answer_leaves_a_user_that_is_removed_by_name(world: AwsWorld, backend: Backend) -> None:
    account = planned(world.setup)
    lost = {"action": "CreateAccessKey", "code": "InternalFailure", "status": 500, "after": True}
    world.control(faults=[lost])
    with pytest.raises(BackendUnavailable):
        await backend.create(account)
    assert len(world.iam.list_access_keys(UserName=account.name)["AccessKeyMetadata"]) == 1
    await backend.remove(account)
    assert account.name not in await world.names()


async def test_aws_being_busy_is_waited_for(world: AwsWorld, backend: Backend) -> None:
    world.control(faults=[{"action": "CreateUser", "code": "Throttling", "status": 400, "times": 2}])
    await world.log_in((await backend.create(planned(world.setup))).fields)


async def test_aws_being_busy_for_too_long_is_unavailable_in_time(world: AwsWorld) -> None:
    backend = opened(world.setup, timeout=2)
    world.control(faults=[{"action": "CreateUser", "code": "Throttling", "status": 400, "times": 99}])
    async with asyncio.timeout(3):
        with pytest.raises(BackendUnavailable):
            await backend.create(planned(world.setup))
    await backend.close()


async def test_a_new_key_is_waited_for_until_sts_knows_it(world: AwsWorld, backend: Backend) -> None:
    world.control(key_delay=1.2)
    credential = await backend.create(planned(world.setup))
    await world.log_in(credential.fields)


@pytest.mark.parametrize("seconds", [0, 0.5])
async def test_a_new_key_that_stays_unknown_is_handed_out_all_the_same(world: AwsWorld, seconds: float) -> None:
    backend = opened(world.setup, connection={"propagation_seconds": seconds})
    world.control(key_delay=30)
    began = asyncio.get_running_loop().time()
    credential = await backend.create(planned(world.setup))
    assert asyncio.get_running_loop().time() - began < 2
    with pytest.raises(ClientError):
        await world.log_in(credential.fields)
    world.control()
    await world.log_in(credential.fields)
    await backend.close()


async def test_all_pages_of_our_path_are_listed_and_other_paths_are_not(world: AwsWorld, backend: Backend) -> None:
    accounts = [planned(world.setup).name for _ in range(7)]
    for name in accounts:
        await world.plant(name)
    world.user("trst-elsewhere-0123456789ab")
    listed = [name async for name in backend.accounts()]
    assert set(accounts) <= set(listed)
    assert "trst-elsewhere-0123456789ab" not in listed


async def test_a_path_of_its_own_keeps_installations_apart(world: AwsWorld, backend: Backend) -> None:
    other = as_administrator(world, path="/trstctl-two/")
    account = planned(world.setup)
    await other.create(account)
    assert [name async for name in other.accounts()] == [account.name]
    assert account.name not in [name async for name in backend.accounts()]
    await other.remove(account)
    await other.close()


async def test_a_role_that_makes_users_is_refused_where_that_is_off(world: AwsWorld) -> None:
    backend = opened(world.setup, connection={"users": False})
    world.control()
    with pytest.raises(BackendRefused, match="set users in"):
        await backend.create(planned(world.setup))
    assert [name async for name in backend.accounts()] == []
    assert not world.control()
    await backend.close()


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"method": "user"}, "without any, nothing is allowed"),
        ({"method": "user", "policy": {"Version": "2012-10-17"}}, "no Statement"),
        ({"method": "user", "policy": {"Statement": ["x" * 1500]}}, "1500 characters"),
        ({"method": "federation", "policy": {"Statement": ["x" * 2048]}}, "2048 characters"),
        ({"method": "assume-role"}, "role_arn is for"),
        ({"method": "user", "policy_arns": [BOUNDARY], "role_arn": "arn:aws:iam::123456789012:role/x"}, "role_arn is"),
        ({"method": "user", "policy_arns": [BOUNDARY], "external_id": "abc"}, "external_id is"),
        ({"method": "user", "policy_arns": ["arn:aws:s3:::bucket"]}, "policy_arns"),
    ],
)
def test_a_role_that_cannot_be_is_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=told):
        msgspec.convert(settings, kind("aws-iam").role)


async def test_the_longest_policy_fits_beside_the_one_that_ends_it(world: AwsWorld) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Sid": ""}]}
    policy["Statement"] = [statement | {"Sid": "x" * (1500 - len(json.dumps(policy, separators=(",", ":"))))}]
    planning = planned(world.setup, settings={"method": "user", "policy": policy})
    account = msgspec.structs.replace(planning, name=f"trst-{'x' * 27}")
    backend = as_administrator(world, path=f"/{'x' * 126}/")
    await backend.create(account)
    await backend.remove(account)
    await backend.close()
