"""What is Entra's own among backends. Entra and Graph are `tests.fakes.azure_*`, which verify what those verify."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.providers.azure_entra import login
from adapters.providers.azure_entra.backend import AzureEntraBackend
from adapters.providers.azure_entra.settings import Connection
from domain.backends import Backend, BackendRefused, BackendUnavailable
from domain.errors import Invalid
from tests.backends.azure_entra import PAGE, AzureWorld, certificate_for, running
from tests.backends.opening import made, opened, planned
from tests.fakes.azure_directory import OWNED_BY
from tests.fakes.cloud_server import Asked, Told

pytestmark = pytest.mark.anyio

GUID = "5b2f5c1e-6d5e-4a54-9a53-0d0f2f3f8c12"


@pytest.fixture(scope="module")
def world() -> Iterator[AzureWorld]:
    with running() as started:
        yield started


@pytest.fixture
async def backend(world: AzureWorld) -> AsyncIterator[Backend]:
    world.cloud.seen.clear()
    opening = opened(world.setup)
    yield opening
    await opening.close()
    world.cloud.intercept = lambda _: None
    world.directory.lag = 0.0
    world.target.passwords.clear()


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


async def test_one_token_serves_all_calls(world: AzureWorld, backend: Backend) -> None:
    for _ in range(3):
        await backend.check()
    assert len(asked_for(world, "/oauth2/v2.0/token")) == 1


async def test_a_certificate_logs_in_too(world: AzureWorld) -> None:
    backend = opened(world.setup, secret={"client_secret": "", "certificate": certificate_for(world.maker)})
    account = planned(world.setup)
    await backend.check()
    credential = await backend.create(account)
    await world.log_in(credential.fields)
    await backend.remove(account)
    await backend.close()


async def test_a_certificate_that_entra_does_not_know_is_refused(world: AzureWorld) -> None:
    other = world.directory.add()
    backend = opened(world.setup, secret={"client_secret": "", "certificate": certificate_for(other)})
    with pytest.raises(BackendRefused, match="AADSTS700027"):
        await backend.check()
    await backend.close()


@pytest.mark.parametrize(
    "secret",
    [
        {"client_secret": ""},
        {"client_secret": "hush", "certificate": "hush"},
        {"client_secret": "", "certificate": "hush"},
        {"client_secret": "", "certificate": "-----BEGIN CERTIFICATE-----\nhush\n-----END CERTIFICATE-----\n"},
    ],
)
def test_credentials_that_cannot_be_are_refused_without_repeating_them(
    world: AzureWorld, secret: dict[str, str]
) -> None:
    with pytest.raises(Invalid, match="certificate") as refusal:
        opened(world.setup, secret=secret)
    assert "hush" not in repr(refusal.value)


@pytest.mark.parametrize("by", ["client_secret", "certificate", "wrong"])
async def test_nothing_secret_is_logged_even_when_the_libraries_log_everything(
    world: AzureWorld, caplog: pytest.LogCaptureFixture, by: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "azure.identity", "azure.core", "msal", "urllib3"):
        caplog.set_level(logging.DEBUG, name)
    certificate = certificate_for(world.maker)
    given = {"certificate": {"client_secret": "", "certificate": certificate}, "wrong": world.setup.wrong_secrets}
    secrets = [*world.setup.secrets.values(), *world.setup.wrong_secrets.values(), certificate.splitlines()[-3]]
    backend = opened(world.setup, secret=given.get(by, {}))
    try:
        credential = await backend.create(planned(world.setup))
        secrets.append(str(credential.fields["client_secret"]))
    except BackendRefused:
        assert by == "wrong"
    finally:
        await backend.close()
    secrets += [asked.form().get("client_assertion", "-" * 99) for asked in asked_for(world, "/token")]
    secrets += list(world.directory.tokens)
    written = "\n".join(str(record.__dict__) for record in caplog.records)
    assert "urllib3" in written
    assert not [secret for secret in secrets if secret in written]


async def test_an_error_that_repeats_our_secret_is_told_and_logged_without_it(
    world: AzureWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def echo(asked: Asked) -> Told | None:
        if not asked.path.endswith("/token"):
            return None
        return Told(401, {"error": "invalid_client", "error_description": f"no: {asked.form()['client_secret']}"})

    world.cloud.intercept = echo
    backend = opened(world.setup)
    with pytest.raises(BackendRefused, match="no: <redacted>") as refusal:
        await backend.check()
    await backend.close()
    world.cloud.intercept = lambda _: None
    secret = world.setup.secrets["client_secret"]
    assert secret not in repr(refusal.value)
    assert secret not in "\n".join(str(record.__dict__) for record in caplog.records)


@pytest.mark.parametrize(
    "answer,expected",
    [
        (Told(503, b"<html>"), BackendUnavailable),
        (Told(500, {}), BackendUnavailable),
        (Told(302, b"", {"location": "https://127.0.0.1:1/"}), BackendRefused),
        (Told(200, b"<html>"), BackendRefused),
        (Told(200, [1]), BackendRefused),
        (Told(200, b"[" * 2_000_000), BackendRefused),
        (Told(400, {"error": "text"}), BackendRefused),
        (Told(401, b""), BackendRefused),
        (Told(403, b"<html>"), BackendRefused),
    ],
)
@pytest.mark.parametrize("where", ["/openid-configuration", "/token", "/v1.0"])
async def test_a_strange_answer_is_an_error_of_ours(
    world: AzureWorld, backend: Backend, where: str, answer: Told, expected: type[Exception]
) -> None:
    world.cloud.intercept = lambda asked: answer if where in asked.path else None
    with pytest.raises((BackendRefused, BackendUnavailable)) as trouble:
        await backend.check()
    assert isinstance(trouble.value, expected)
    assert len(str(trouble.value)) < 1000


@pytest.mark.parametrize("where", ["/openid-configuration", "/token", "/v1.0"])
async def test_neither_secret_nor_token_follows_a_redirection(world: AzureWorld, backend: Backend, where: str) -> None:
    there = Told(307, b"", {"location": f"https://127.0.0.1:{world.cloud.port}/elsewhere"})
    world.cloud.intercept = lambda asked: there if where in asked.path else None
    with pytest.raises(BackendRefused):
        await backend.check()
    assert not asked_for(world, "/elsewhere")


async def test_a_login_that_failed_for_a_moment_works_at_once_when_entra_is_back(
    world: AzureWorld, backend: Backend
) -> None:
    for answer in (Told(503, b""), Told(429, {"error": "slow_down", "error_description": "AADSTS1: later"})):
        world.cloud.intercept = lambda asked, answer=answer: answer if "/token" in asked.path else None  # type: ignore[misc]
        with pytest.raises((BackendUnavailable, BackendRefused)):
            await backend.check()
    world.cloud.intercept = lambda _: None
    await backend.check()


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(world: AzureWorld) -> None:
    backend = opened(world.setup, connection={"ca_file": ""})
    world.cloud.seen.clear()
    with pytest.raises(BackendUnavailable, match=r"(?i)certificate"):
        await backend.check()
    assert not world.cloud.seen
    await backend.close()


async def test_authorities_that_are_none_are_refused_at_once_or_when_they_vanish(
    world: AzureWorld, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(Invalid, match="ca_file"):
        opened(world.setup, connection={"ca_file": str(file)})
    file.write_bytes(world.cloud.ca_file.read_bytes())
    backend = opened(world.setup, connection={"ca_file": str(file)})
    file.unlink()
    with pytest.raises((BackendUnavailable, BackendRefused)):
        await backend.check()
    await backend.close()


async def test_the_environment_changes_neither_authorities_nor_addresses(
    world: AzureWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    backend = opened(world.setup)
    await backend.check()
    await backend.close()


@pytest.mark.parametrize(
    "changes,told",
    [
        ({"applications": []}, "applications"),
        ({"applications": ["not-a-guid"]}, "applications"),
        ({"client_id": f"{GUID}\n"}, "client_id"),
        ({"tenant_id": "a/b"}, "tenant_id"),
        ({"tenant_id": ".."}, "tenant_id"),
        ({"authority": "http://login.example"}, "authority is http"),
        ({"authority": "http://127.0.0.1:1"}, "authority begins with https"),
        ({"graph_endpoint": "https://graph.example/"}, "does not end with /"),
        ({"graph_endpoint": "https://user@graph.example"}, "without user"),
    ],
)
def test_a_connection_that_cannot_be_is_refused(changes: dict[str, Any], told: str) -> None:
    settings = {"tenant_id": "acme.example", "client_id": GUID, "applications": [GUID], **changes}
    with pytest.raises(msgspec.ValidationError, match=told):
        msgspec.convert(settings, Connection)


def test_the_page_names_the_one_permission_that_is_granted_here(root: Path) -> None:
    text = (root / "docs/how-to" / PAGE).read_text()
    assert f"`{OWNED_BY}`" in text
    assert text.count("ReadWrite") == 1


def test_no_repr_of_what_holds_the_secret_shows_it(world: AzureWorld) -> None:
    backend = opened(world.setup)
    assert isinstance(backend, AzureEntraBackend)
    shown = f"{vars(backend)!r} {vars(backend._graph)!r}"
    assert world.setup.secrets["client_secret"] not in shown
