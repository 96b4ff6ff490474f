"""What every backend does: it makes credentials that work, are no more than their role, and end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

import msgspec
import pytest

from adapters.provider_table import KINDS, kind
from domain.backends import Backend, BackendRefused, BackendUnavailable, Bulk, NotYet
from tests.backends.expectations import created, fails, silent
from tests.backends.opening import LIMIT, TIMEOUT, made, opened, planned
from tests.backends.table import WORLDS
from tests.backends.world import CountsConnections, Freezes, HoldsSessions, World

pytestmark = pytest.mark.anyio


async def test_a_credential_works_and_is_no_more_than_its_role(world: World, backend: Backend) -> None:
    account, credential = await created(backend, world)
    await world.log_in(credential.fields)
    assert not await world.exceeds(credential.fields)
    if world.setup.revocable:
        await backend.remove(account)


async def test_an_account_bears_the_planned_name_and_is_present(world: World, backend: Backend) -> None:
    if not world.setup.revocable:
        pytest.skip("what can only run out is nowhere to be seen")
    account = planned(world.setup)
    assert not await backend.present(account)
    credential = await backend.create(account)
    assert account.name in await world.names()
    assert await backend.present(made(account, credential.handle))
    assert await backend.present(account), "who crashed before the handle was written finds it by its name"
    await backend.remove(account)
    assert not await backend.present(account)
    assert account.name not in await world.names()


async def test_removal_ends_the_login_and_may_be_repeated(world: World, backend: Backend) -> None:
    account, credential = await created(backend, world)
    if not world.setup.revocable:
        with pytest.raises(NotYet) as refusal:
            await backend.remove(account)
        assert refusal.value.until >= account.expires_at - timedelta(seconds=60)
        return
    await backend.remove(account)
    assert await fails(world, credential)
    await backend.remove(account)


async def test_removal_ends_open_sessions(world: World, backend: Backend) -> None:
    if not isinstance(world, HoldsSessions):
        pytest.skip("no sessions")
    account, credential = await created(backend, world)
    still_open = await world.session(credential.fields)
    assert await still_open()
    await backend.remove(account)
    assert not await still_open()


async def test_many_are_ended_together_with_their_sessions_and_no_other_is(world: World, backend: Backend) -> None:
    if not isinstance(backend, Bulk):
        pytest.skip("it ends one at a time")
    (spared, still_works), *ended = [await created(backend, world) for _ in range(4)]
    sessions = [await world.session(credential.fields) for _, credential in ended] if hasattr(world, "session") else []
    accounts = [account for account, _ in ended]
    assert await backend.present_of([*accounts, planned(world.setup)]) == {account.name for account in accounts}
    await backend.remove_all([*accounts, planned(world.setup)])
    assert await backend.present_of([spared, *accounts]) == {spared.name}
    assert all([await fails(world, credential) for _, credential in ended])
    assert not any([await is_open() for is_open in sessions])
    await world.log_in(still_works.fields)
    await backend.remove_all([*accounts, spared])
    assert not {account.name for account in (spared, *accounts)} & await world.names()


async def test_removing_what_never_was_succeeds(world: World, backend: Backend) -> None:
    if not world.setup.revocable:
        pytest.skip("what can only run out is never known not to be there")
    await backend.remove(planned(world.setup))


async def test_a_name_that_is_taken_is_refused_and_left_alone(world: World, backend: Backend) -> None:
    if not world.setup.revocable:
        pytest.skip("nothing of it stays at the backend")
    account, credential = await created(backend, world)
    with pytest.raises(BackendRefused):
        await backend.create(msgspec.structs.replace(account, handle={}))
    await world.log_in(credential.fields)
    await backend.remove(account)


async def test_the_backend_ends_it_by_itself(world: World, backend: Backend) -> None:
    if not world.setup.expires:
        pytest.skip("the backend knows no end of an account that is this close")
    account, credential = await created(backend, world, seconds=world.setup.shortest_seconds)
    await world.log_in(credential.fields)
    await asyncio.sleep((account.expires_at - datetime.now(UTC)).total_seconds() + world.setup.expiry_seconds)
    assert await fails(world, credential)
    await backend.remove(account)


async def test_renewal_moves_the_end_at_the_backend(world: World, backend: Backend) -> None:
    if not world.setup.renewable:
        account, _ = await created(backend, world)
        with pytest.raises(BackendRefused):
            await backend.renew(account)
        return
    account, credential = await created(backend, world, seconds=world.setup.shortest_seconds)
    ended = account.expires_at
    await backend.renew(msgspec.structs.replace(account, expires_at=ended + timedelta(minutes=10)))
    await asyncio.sleep((ended - datetime.now(UTC)).total_seconds() + world.setup.expiry_seconds)
    await world.log_in(credential.fields)
    await backend.remove(account)


async def test_renewing_what_is_gone_is_refused(world: World, backend: Backend) -> None:
    with pytest.raises(BackendRefused):
        await backend.renew(planned(world.setup))


async def test_a_creation_that_fails_half_way_is_removed(world: World, backend: Backend) -> None:
    if world.setup.breaking_role is None:
        pytest.skip("no role of this world fails half-way")
    account = planned(world.setup, settings=world.setup.breaking_role)
    with pytest.raises(BackendRefused) as refusal:
        await backend.create(account)
    assert silent(str(refusal.value), world)
    await backend.remove(account)
    assert account.name not in await world.names()


async def test_accounts_lists_ours_and_planted_ones_and_nothing_else(world: World, backend: Backend) -> None:
    if not world.setup.revocable:
        pytest.skip("nothing of it stays at the backend")
    account, _ = await created(backend, world)
    orphan = planned(world.setup)
    await world.plant(orphan.name)
    listed = [name async for name in backend.accounts()]
    assert {account.name, orphan.name} <= set(listed)
    assert len(listed) == len(set(listed))
    assert set(listed) == {name for name in await world.names() if name.startswith("trst-")}
    for each in (account, orphan):
        await backend.remove(each)
    assert not {account.name, orphan.name} & await world.names()


async def test_a_backend_that_is_down_is_unavailable_and_works_once_it_is_back(world: World, backend: Backend) -> None:
    account, credential = await created(backend, world)
    looks = [lambda: backend.present(account)] if world.setup.revocable else []  # else there is nothing but the clock
    await world.stop()
    try:
        for ask in (lambda: backend.create(planned(world.setup)), *looks, backend.check):
            began = time.monotonic()
            with pytest.raises(BackendUnavailable) as trouble:
                await ask()
            assert time.monotonic() - began < TIMEOUT + 1
            assert silent(f"{trouble.value!r} {trouble.value.__cause__!r}", world, credential)
    finally:
        await world.start()
    await backend.check()
    if world.setup.revocable:
        await backend.remove(account)
        assert not await backend.present(account)


async def test_a_backend_that_hangs_is_unavailable_in_time(world: World) -> None:
    if not isinstance(world, Freezes):
        pytest.skip("this world cannot hang")
    backend, account = opened(world.setup, timeout=1.0), planned(world.setup)
    removals: list[Callable[[], Awaitable[object]]] = [lambda: backend.remove(account)] if world.setup.revocable else []
    try:
        await backend.check()
        world.freeze()
        if isinstance(backend, Bulk):
            removals += [lambda: backend.remove_all([account]), lambda: backend.present_of([account])]
        for ask in (lambda: backend.create(account), *removals, backend.check):
            began = time.monotonic()
            with pytest.raises(BackendUnavailable):
                await ask()
            assert time.monotonic() - began < 2.5
    finally:
        world.thaw()
        await backend.close()


async def test_a_creation_given_up_on_is_either_there_to_be_removed_or_never_comes(world: World) -> None:
    if not isinstance(world, Freezes) or not world.setup.revocable:
        pytest.skip("this world cannot hang")
    hurried, backend, account = opened(world.setup, timeout=1.0), opened(world.setup), planned(world.setup)
    try:
        await hurried.check()
        world.freeze()
        with pytest.raises(BackendUnavailable):
            await hurried.create(account)
    finally:
        world.thaw()
        await hurried.close()
    await asyncio.sleep(1.5)
    await backend.remove(account)
    await asyncio.sleep(1.0)
    assert account.name not in await world.names()
    await backend.close()


async def test_cancelling_in_the_middle_leaves_the_backend_usable(world: World, backend: Backend) -> None:
    accounts = [planned(world.setup) for _ in range(4 * LIMIT)]
    for number, account in enumerate(accounts):
        task = asyncio.create_task(backend.create(account))
        await asyncio.sleep(number * 0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    account, credential = await created(backend, world)
    await world.log_in(credential.fields)
    if world.setup.revocable:
        for each in (*accounts, account):
            await backend.remove(each)
            assert not await backend.present(each)


async def test_many_at_once_open_no_more_connections_than_the_limit(world: World) -> None:
    backend, accounts = opened(world.setup, limit=2, timeout=30), [planned(world.setup) for _ in range(12)]
    try:
        if isinstance(world, CountsConnections):
            world.peak()
        credentials = await asyncio.gather(*map(backend.create, accounts))
        if isinstance(world, CountsConnections):
            assert world.peak() <= 2
        assert len({str(credential.fields) for credential in credentials}) == len(accounts)
        if world.setup.revocable:
            await asyncio.gather(*map(backend.remove, accounts))
            assert not {account.name for account in accounts} & await world.names()
    finally:
        await backend.close()


async def test_a_connection_in_use_when_the_backend_is_closed_is_closed_after(world: World) -> None:
    if not isinstance(world, CountsConnections) or not isinstance(world, Freezes):
        pytest.skip("this world cannot hang")
    backend = opened(world.setup)
    await backend.check()
    world.freeze()
    use = asyncio.create_task(backend.check())
    await asyncio.sleep(0.2)
    closing = asyncio.create_task(backend.close())
    await asyncio.sleep(0.2)
    world.thaw()
    await asyncio.wait([use, closing])
    use.exception()  # whether it still succeeds is the backend's to say
    deadline = time.monotonic() + 10
    while world.peak():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_check_is_content_with_the_documented_privileges(backend: Backend) -> None:
    await backend.check()


async def test_check_tells_of_a_missing_privilege(world: World) -> None:
    if world.setup.powerless is None:
        pytest.skip("the backend tells nobody what they may do")
    changes = world.setup.powerless
    backend = opened(world.setup, connection=changes.get("connection"), secret=changes.get("secrets"))
    try:
        with pytest.raises(BackendRefused) as refusal:
            await backend.check()
        assert silent(str(refusal.value), world)
        with pytest.raises(BackendRefused):
            await backend.create(planned(world.setup))
    finally:
        await backend.close()


async def test_wrong_credentials_are_told_without_repeating_them(world: World) -> None:
    if not world.setup.wrong_secrets:
        pytest.skip("this world has no secret")
    backend = opened(world.setup, secret=world.setup.wrong_secrets)
    try:
        for ask in (backend.check, lambda: backend.create(planned(world.setup))):
            with pytest.raises((BackendRefused, BackendUnavailable)) as refusal:
                await ask()
            told = f"{refusal.value!r} {refusal.value.__cause__!r} {backend!r}"
            assert not any(value in told for value in world.setup.wrong_secrets.values())
    finally:
        await backend.close()


async def test_nothing_secret_is_in_any_repr(world: World, backend: Backend) -> None:
    account, credential = await created(backend, world)
    assert silent(f"{backend!r} {vars(backend)!r} {account!r} {credential!r}", world, credential)
    assert silent(repr(credential.handle), world, credential)
    if world.setup.revocable:
        await backend.remove(account)


def test_every_kind_has_a_world() -> None:
    built = {name for name, module in KINDS.items() if find_spec(module)}
    assert {name.partition("/")[0] for name in WORLDS} >= built


def test_unknown_settings_are_refused(world: World) -> None:
    opening = kind(world.setup.kind)
    for settings, given in ((opening.connection, world.setup.connection), (opening.role, world.setup.role)):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**given, "no_such_setting": "x"}, settings)


async def test_close_may_be_repeated(world: World) -> None:
    backend = opened(world.setup)
    await backend.close()
    await backend.close()
