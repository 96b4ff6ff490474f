"""Rotation of a standing user's access key, and what is found of it after a crash."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.providers.aws_iam.standing import NOTE
from domain.backends import Backend, BackendRefused, BackendUnavailable, Rotatable
from tests.backends.aws_iam import AwsWorld
from tests.backends.opening import planned

pytestmark = pytest.mark.anyio


@pytest.fixture
def rotatable(backend: Backend) -> Rotatable:
    return backend  # type: ignore[return-value]  # the kind can


async def standing(world: AwsWorld) -> tuple[str, str]:
    """A standing user's name, and the id of its key."""
    key = str((await world.standing())["access_key_id"])
    return str(world.iam.get_access_key_last_used(AccessKeyId=key)["UserName"]), key


def note(world: AwsWorld, user: str) -> str:
    tags = world.iam.list_user_tags(UserName=user)["Tags"]
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == NOTE), "")


def keys(world: AwsWorld, user: str) -> list[str]:
    return [key["AccessKeyId"] for key in world.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]


async def test_the_new_key_is_named_in_the_handle_and_noted_at_the_user(world: AwsWorld, rotatable: Rotatable) -> None:
    user, old = await standing(world)
    account = planned(world.setup)
    credential = await rotatable.create_like(account, old)
    new = credential.fields["access_key_id"]
    assert credential.handle == {"ref": new, "user": user}
    assert set(credential.fields) == {"access_key_id", "secret_access_key", "region"}
    assert note(world, user) == f"{account.name}/{new}"
    await rotatable.retire(old)
    assert note(world, user) == ""


async def test_a_user_with_two_keys_is_left_as_it_is(world: AwsWorld, rotatable: Rotatable) -> None:
    user, old = await standing(world)
    world.iam.create_access_key(UserName=user)
    before = keys(world, user)
    with pytest.raises(BackendRefused, match=f"user {user} has two access keys.*delete the one"):
        await rotatable.create_like(planned(world.setup), old)
    assert keys(world, user) == before
    assert note(world, user) == ""


async def test_a_key_whose_answer_was_lost_is_found(world: AwsWorld, rotatable: Rotatable) -> None:
    user, old = await standing(world)
    account = planned(world.setup)
    lost: dict[str, Any] = {"action": "CreateAccessKey", "code": "InternalFailure", "status": 500, "after": True}
    world.control(faults=[lost])
    with pytest.raises(BackendUnavailable):
        await rotatable.create_like(account, old)
    new = await rotatable.staged(account, old)
    assert {old, new} == set(keys(world, user))
    assert new
    await rotatable.retire(new)
    assert keys(world, user) == [old]
    assert await rotatable.staged(account, old) is None


async def test_a_key_that_was_not_made_is_not_found(world: AwsWorld, rotatable: Rotatable) -> None:
    user, old = await standing(world)
    account = planned(world.setup)
    world.control(faults=[{"action": "CreateAccessKey", "code": "LimitExceeded", "status": 409}])
    with pytest.raises(BackendRefused):
        await rotatable.create_like(account, old)
    world.iam.create_access_key(UserName=user)
    assert await rotatable.staged(account, old) is None, "what others make meanwhile is none of ours"


async def test_a_key_of_another_rotation_is_not_found(world: AwsWorld, rotatable: Rotatable) -> None:
    _, old = await standing(world)
    await rotatable.create_like(planned(world.setup), old)
    assert await rotatable.staged(planned(world.setup), old) is None


async def test_a_key_is_switched_off_before_it_is_deleted(world: AwsWorld, rotatable: Rotatable) -> None:
    user, old = await standing(world)
    world.control(faults=[{"action": "DeleteAccessKey", "code": "InternalFailure", "status": 500}])
    with pytest.raises(BackendUnavailable):
        await rotatable.retire(old)
    (left,) = world.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert left["Status"] == "Inactive"
    await rotatable.retire(old)
    assert keys(world, user) == []


async def test_our_own_key_is_neither_rotated_nor_retired(world: AwsWorld, rotatable: Rotatable) -> None:
    own = str(world.setup.connection["access_key_id"])
    with pytest.raises(BackendRefused, match="we ourselves log in with"):
        await rotatable.create_like(planned(world.setup), own)
    with pytest.raises(BackendRefused, match="we ourselves log in with"):
        await rotatable.retire(own)
    await rotatable.check()


async def test_a_key_of_somebody_we_have_no_rights_for_is_refused(world: AwsWorld, rotatable: Rotatable) -> None:
    theirs = str(world.user("theirs")["access_key_id"])
    with pytest.raises(BackendRefused, match="AccessDenied"):
        await rotatable.create_like(planned(world.setup), theirs)


async def test_a_login_waits_until_sts_knows_the_key(world: AwsWorld, rotatable: Rotatable) -> None:
    _, old = await standing(world)
    world.control(key_delay=1.2)
    credential = await rotatable.create_like(planned(world.setup), old)
    await rotatable.log_in(credential.fields)


async def test_a_login_with_a_key_that_stays_unknown_is_refused_in_time(world: AwsWorld, rotatable: Rotatable) -> None:
    with pytest.raises(BackendRefused, match="does not know the access key"):
        await rotatable.log_in({"access_key_id": "AKIA0123456789ABCDEF", "secret_access_key": "x" * 40})


@pytest.mark.parametrize("missing", ["access_key_id", "secret_access_key"])
async def test_a_login_without_key_or_secret_is_refused(rotatable: Rotatable, missing: str) -> None:
    fields: dict[str, str | int] = {"access_key_id": "AKIA0123456789ABCDEF", "secret_access_key": "x" * 40}
    del fields[missing]
    with pytest.raises(BackendRefused, match="a login needs"):
        await rotatable.log_in(fields)


@pytest.mark.parametrize("secret", ["x\r\nx-evil: 1", "ünï", "x" * 5000])
async def test_a_login_with_what_is_no_secret_is_refused(world: AwsWorld, rotatable: Rotatable, secret: str) -> None:
    fields = dict(await world.standing()) | {"secret_access_key": secret}
    with pytest.raises(BackendRefused) as refusal:
        await rotatable.log_in(fields)
    assert secret not in str(refusal.value)


@pytest.mark.parametrize("field", ["access_key_id", "session_token"])
async def test_a_login_with_a_line_break_in_a_header_is_refused(
    world: AwsWorld, rotatable: Rotatable, field: str
) -> None:
    fields = dict(await world.standing()) | {field: "hidden-hidden-hidden\r\nx-evil: 1"}
    with pytest.raises(BackendRefused) as refusal:
        await rotatable.log_in(fields)
    assert "hidden-hidden" not in str(refusal.value)
