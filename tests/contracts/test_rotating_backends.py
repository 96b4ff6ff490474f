"""What every backend does that can rotate standing accounts: the successor can do the same, and outlives the old."""

from __future__ import annotations

from typing import cast

import pytest

from domain.backends import Backend, BackendRefused, Rotatable, SetsPasswords
from domain.stored_credential import identity_of
from tests.backends.expectations import SECRET_FIELDS, created, fails
from tests.backends.opening import planned
from tests.backends.world import StandingAccounts, World

pytestmark = pytest.mark.anyio


def rotating(backend: Backend, world: World) -> Rotatable:
    if not world.setup.rotatable:
        pytest.skip("the backend makes no account that is like another")
    return cast("Rotatable", backend)


def holder(fields: dict[str, str | int]) -> str:
    """Whose the credential is: the user's name, or the key's id."""
    return str(identity_of(fields))


async def test_a_rotated_login_can_do_what_the_old_could_and_survives_its_end(world: World, backend: Backend) -> None:
    rotatable = rotating(backend, world)
    assert isinstance(world, StandingAccounts)
    fields = await world.standing()
    await world.log_in(fields)
    names = [holder(fields)]
    for _ in range(3):
        account, old = planned(world.setup), names[-1]
        assert await rotatable.staged(account, old) is None
        credential = await rotatable.create_like(account, old)
        new = await rotatable.staged(account, old)
        assert new == credential.handle.get("ref", account.name)
        await rotatable.log_in(credential.fields)
        await world.log_in(fields)
        await rotatable.retire(old)
        assert not await rotatable.exists(old)
        assert await rotatable.exists(new)
        with pytest.raises(Exception):  # noqa: B017, PT011 - each world's client has errors of its own
            await world.log_in(fields)
        await world.log_in(credential.fields)
        assert not await world.exceeds(credential.fields)
        await rotatable.retire(old)
        fields, names = credential.fields, [*names, new]
    await rotatable.retire(names[-1])
    assert not await rotatable.exists(names[-1])


async def test_a_staged_login_is_taken_back_without_harm_to_the_old(world: World, backend: Backend) -> None:
    rotatable = rotating(backend, world)
    assert isinstance(world, StandingAccounts)
    fields = await world.standing()
    account = planned(world.setup)
    credential = await rotatable.create_like(account, holder(fields))
    await rotatable.retire(credential.handle.get("ref", account.name))
    assert await rotatable.staged(account, holder(fields)) is None
    assert await fails(world, credential)
    await world.log_in(fields)


async def test_logging_in_with_a_wrong_password_is_refused(world: World, backend: Backend) -> None:
    rotatable = rotating(backend, world)
    account, credential = await created(backend, world)
    wrong = {name: "wrong" if name in SECRET_FIELDS else value for name, value in credential.fields.items()}
    with pytest.raises(BackendRefused):
        await rotatable.log_in(wrong)
    await backend.remove(account)


async def test_nothing_can_be_like_what_is_not_there(world: World, backend: Backend) -> None:
    rotatable, account = rotating(backend, world), planned(world.setup)
    with pytest.raises(BackendRefused):
        await rotatable.create_like(account, "trst-nobody-0123456789ab")
    assert not await backend.present(account)


async def test_retiring_what_never_was_succeeds(world: World, backend: Backend) -> None:
    rotatable = rotating(backend, world)
    await rotatable.retire("trst-nobody-0123456789ab")
    assert not await rotatable.exists("trst-nobody-0123456789ab")


async def test_a_password_that_is_set_is_the_only_one_and_twice_is_as_good_as_once(
    world: World, backend: Backend
) -> None:
    if not isinstance(backend, SetsPasswords):
        pytest.skip("the backend has no passwords that could be set")
    assert isinstance(world, StandingAccounts)
    fields = await world.standing()
    password = "Abc123" * 7
    for _ in range(2):
        await backend.set_password(holder(fields), password)
        await rotating(backend, world).log_in({"username": holder(fields), "password": password})
    old = str(fields["password"])
    renewed = {
        name: value.replace(old, password) if isinstance(value, str) else value for name, value in fields.items()
    }
    await world.log_in(renewed)
    with pytest.raises(Exception):  # noqa: B017, PT011 - each world's client has errors of its own
        await world.log_in(fields)
    with pytest.raises(BackendRefused):
        await backend.set_password("nobody_at_all", password)
