"""What is said to Entra and Graph, and what is not: logins, secrets, answers that cannot be."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.providers.azure_entra.backend import AzureEntraBackend
from adapters.providers.azure_entra.settings import Connection
from domain.backends import Backend, BackendRefused, BackendUnavailable
from domain.errors import Invalid
from tests.backends.azure_entra import PAGE, AzureWorld, certificate_for
from tests.backends.opening import opened, planned
from tests.fakes.azure_directory import OWNED_BY
from tests.fakes.cloud_server import Asked, Told

pytestmark = pytest.mark.anyio

GUID = "5b2f5c1e-6d5e-4a54-9a53-0d0f2f3f8c12"


def asked_for(world: AzureWorld, action: str) -> list[Asked]:
    return [asked for asked in world.cloud.seen if asked.path.endswith(action)]


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
