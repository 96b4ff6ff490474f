"""Passwords of applications: what is Entra's own among backends."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pytest

from adapters.providers.azure_entra import login
from domain.backends import Backend, BackendRefused, BackendUnavailable
from tests.backends.azure_entra import AzureWorld
from tests.backends.opening import made, opened, planned
from tests.fakes.azure_directory import OWNED_BY
from tests.fakes.cloud_server import Asked, Told

pytestmark = pytest.mark.anyio

GUID = "5b2f5c1e-6d5e-4a54-9a53-0d0f2f3f8c12"


def asked_for(world: AzureWorld, action: str) -> list[Asked]:
    return [asked for asked in world.cloud.seen if asked.path.endswith(action)]


async def test_the_password_bears_the_accounts_name_and_its_end(world: AzureWorld, backend: Backend) -> None:
    account = planned(world.setup)
    credential = await backend.create(account)
    (request,) = asked_for(world, "/addPassword")
    sent = request.json()["passwordCredential"]
    assert sent["displayName"] == account.name
    assert datetime.fromisoformat(sent["endDateTime"]) == account.expires_at.replace(microsecond=0)
    assert set(credential.fields) == {"tenant_id", "client_id", "client_secret", "authority"}
    assert credential.fields["client_id"] == world.target.client_id
    assert credential.handle == {"key_id": world.target.passwords[0].key_id}


async def test_changes_that_collide_are_made_one_after_another(world: AzureWorld, backend: Backend) -> None:
    refusals = iter([Told(409, conflict()), Told(503, conflict()), Told(429, {}, {"retry-after": "1"})])
    world.cloud.intercept = lambda asked: next(refusals, None) if asked.path.endswith("/addPassword") else None
    began = time.monotonic()
    account = planned(world.setup)
    await backend.create(account)
    assert len(asked_for(world, "/addPassword")) == 4
    assert time.monotonic() - began > 1.0
    assert [each.display_name for each in world.target.passwords] == [account.name]


def conflict() -> dict[str, Any]:
    return {"error": {"code": "Directory_ConcurrencyViolation", "message": "Please wait briefly and retry."}}


async def test_a_busy_service_that_wants_more_time_than_there_is_is_unavailable_at_once(
    world: AzureWorld, backend: Backend
) -> None:
    world.cloud.intercept = lambda asked: Told(429, {}, {"retry-after": "120"}) if "/v1.0/" in asked.path else None
    began = time.monotonic()
    with pytest.raises(BackendUnavailable, match="busy"):
        await backend.create(planned(world.setup))
    assert time.monotonic() - began < 1.0


async def test_a_creation_whose_outcome_is_open_is_not_repeated(world: AzureWorld, backend: Backend) -> None:
    world.cloud.intercept = lambda asked: Told(503, b"") if asked.path.endswith("/addPassword") else None
    with pytest.raises(BackendUnavailable):
        await backend.create(planned(world.setup))
    assert len(asked_for(world, "/addPassword")) == 1


async def test_a_password_is_handed_out_once_it_is_to_be_seen_and_can_be_removed(
    world: AzureWorld, backend: Backend
) -> None:
    world.directory.lag = 0.6
    account = planned(world.setup)
    credential = await backend.create(account)
    assert await backend.present(made(account, credential.handle))
    await backend.remove(made(account, credential.handle))
    assert account.name not in await world.names()


async def test_a_password_that_is_not_to_be_seen_for_long_is_handed_out_all_the_same(
    world: AzureWorld, backend: Backend
) -> None:
    world.directory.lag = 60.0
    began = time.monotonic()
    credential = await backend.create(planned(world.setup))
    assert credential.fields["client_secret"]
    assert time.monotonic() - began < 4.5


async def test_a_password_is_handed_out_even_if_looking_for_it_fails(world: AzureWorld, backend: Backend) -> None:
    def failing(asked: Asked) -> Told | None:
        return Told(500, b"") if asked.method == "GET" and asked_for(world, "/addPassword") else None

    world.cloud.intercept = failing
    credential = await backend.create(planned(world.setup))
    assert credential.fields["client_secret"]


async def test_every_password_of_the_name_is_removed_and_no_other(world: AzureWorld, backend: Backend) -> None:
    account = planned(world.setup)
    await world.plant(account.name)
    await world.plant(account.name)
    await world.plant("by hand")
    await backend.remove(account)
    assert await world.names() == {"by hand"}


async def test_a_removal_that_graph_refuses_for_another_reason_is_told(world: AzureWorld, backend: Backend) -> None:
    account = planned(world.setup)
    await world.plant(account.name)
    answer = Told(400, {"error": {"code": "Request_BadRequest", "message": "Something else is wrong."}})
    world.cloud.intercept = lambda asked: answer if asked.path.endswith("/removePassword") else None
    with pytest.raises(BackendRefused, match="Something else is wrong"):
        await backend.remove(account)


async def test_an_application_that_is_gone_has_none_of_our_passwords(world: AzureWorld, backend: Backend) -> None:
    account = planned(world.setup)
    credential = await backend.create(account)
    world.directory.applications.remove(world.target)
    try:
        for known in (account, made(account, credential.handle)):
            await backend.remove(known)
            assert not await backend.present(known)
    finally:
        world.directory.applications.append(world.target)


async def test_a_role_for_an_application_that_is_not_listed_is_refused_unasked(
    world: AzureWorld, backend: Backend
) -> None:
    with pytest.raises(BackendRefused, match="add it to applications"):
        await backend.create(planned(world.setup, settings={"application": GUID}))
    assert not world.cloud.seen


async def test_check_tells_who_gives_the_client_id_of_an_application(world: AzureWorld) -> None:
    backend = opened(world.setup, connection={"applications": [world.target.client_id]})
    with pytest.raises(BackendRefused, match="object id, which is not their client id"):
        await backend.check()
    await backend.close()


async def test_check_tells_who_does_not_own_the_application(world: AzureWorld, backend: Backend) -> None:
    world.target.owners.clear()
    try:
        with pytest.raises(BackendRefused, match=r"lease-from-azure\.md"):
            await backend.check()
    finally:
        world.target.owners.add(world.maker.client_id)


async def test_check_changes_nothing(world: AzureWorld, backend: Backend) -> None:
    await world.plant("by hand")
    await backend.check()
    assert await world.names() == {"by hand"}


async def test_a_permission_granted_later_is_used_without_a_restart(
    world: AzureWorld, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.maker.roles.clear()
    try:
        with pytest.raises(BackendRefused):
            await backend.check()
        world.maker.roles.add(OWNED_BY)
        with pytest.raises(BackendRefused):
            await backend.check()
        monkeypatch.setattr(login, "_YOUNG", 0.0)
        await backend.check()
    finally:
        world.maker.roles.add(OWNED_BY)
