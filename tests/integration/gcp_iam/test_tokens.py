"""What is said to Google, and what is not: tokens, secrets, answers that cannot be."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.auth import _regional_access_boundary_utils as boundaries

from adapters.providers.gcp_iam.backend import GcpIamBackend
from adapters.providers.gcp_iam.settings import Connection, Role
from domain.backends import Account, Backend, BackendRefused, BackendUnavailable, NotYet
from domain.errors import Invalid
from tests.backends.gcp_iam import MAKER, READER, GcpWorld, key_file
from tests.backends.opening import made, opened, planned
from tests.fakes.cloud_server import Asked, Told

pytestmark = pytest.mark.anyio


async def test_a_token_that_google_takes_no_more_is_replaced(key_world: GcpWorld, backend: Backend) -> None:
    await backend.check()
    key_world.accounts.tokens.clear()
    await backend.check()


async def test_one_token_serves_all_calls(key_world: GcpWorld, backend: Backend) -> None:
    key_world.cloud.seen.clear()
    for _ in range(3):
        await backend.check()
    assert len([asked for asked in key_world.cloud.seen if asked.path == "/token"]) == 1


async def test_nothing_is_looked_up_at_googles_public_address(
    key_world: GcpWorld, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    monkeypatch.setattr(
        boundaries._RegionalAccessBoundaryManager, "maybe_start_refresh", lambda *asked: started.append(asked)
    )
    await backend.create(planned(key_world.setup))
    assert not started, "google-auth would send our token there, whatever endpoints are set"


@pytest.mark.parametrize("logged", ["works", "fails"])
async def test_nothing_secret_is_logged_even_when_the_libraries_log_everything(
    key_world: GcpWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, logged: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("google", "urllib3", "requests"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
        caplog.set_level(logging.DEBUG, name)
    backend = opened(key_world.setup, secret={} if logged == "works" else key_world.setup.wrong_secrets)
    secrets = [json.loads(text)["private_key"] for text in (key_world.setup.secrets["key_json"],)]
    try:
        credential = await backend.create(planned(key_world.setup))
        secrets += [json.loads(str(credential.fields["key_json"]))["private_key"]]
    except BackendRefused:
        assert logged == "fails"
    finally:
        await backend.close()
    secrets += [asked.form()["assertion"] for asked in key_world.cloud.seen if asked.path == "/token"]
    secrets += list(key_world.accounts.tokens)
    written = "\n".join(str(record.__dict__) for record in caplog.records)
    assert written
    assert not any(secret in written or repr(secret)[1:-1] in written for secret in secrets)


async def test_an_error_that_repeats_our_assertion_is_told_without_it(key_world: GcpWorld, backend: Backend) -> None:
    def echo(asked: Asked) -> Told | None:
        if asked.path != "/token":
            return None
        return Told(400, {"error": "invalid_grant", "error_description": f"cannot read {asked.form()['assertion']}"})

    key_world.cloud.intercept = echo
    with pytest.raises(BackendRefused, match="cannot read <redacted>") as refusal:
        await backend.check()
    assert "eyJ" not in repr(refusal.value)


@pytest.mark.parametrize(
    "answer,expected",
    [
        (Told(429, {"error": {"message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}), BackendUnavailable),
        (Told(503, b"<html>"), BackendUnavailable),
        (Told(302, b"", {"location": "https://127.0.0.1:1/"}), BackendRefused),
        (Told(200, b"<html>"), BackendRefused),
        (Told(200, [1]), BackendRefused),
        (Told(200, b"[" * 2_000_000), BackendRefused),
        (Told(400, {"error": "text"}), BackendRefused),
        (Told(401, b""), BackendRefused),
    ],
)
@pytest.mark.parametrize("where", ["/token", "/v1"])
async def test_a_strange_answer_is_an_error_of_ours(
    key_world: GcpWorld, backend: Backend, where: str, answer: Told, expected: type[Exception]
) -> None:
    key_world.cloud.intercept = lambda asked: answer if asked.path.startswith(where) else None
    with pytest.raises((BackendRefused, BackendUnavailable)) as trouble:
        await backend.check()
    if where == "/v1":
        assert isinstance(trouble.value, expected)
    assert len(str(trouble.value)) < 1000


@pytest.mark.parametrize("where", ["/token", "/v1"])
async def test_neither_assertion_nor_token_follows_a_redirection(
    key_world: GcpWorld, backend: Backend, where: str
) -> None:
    there = Told(307, b"", {"location": f"https://127.0.0.1:{key_world.cloud.port}/elsewhere"})
    key_world.cloud.seen.clear()
    key_world.cloud.intercept = lambda asked: there if asked.path.startswith(where) else None
    with pytest.raises(BackendRefused):
        await backend.check()
    assert "/elsewhere" not in [asked.path for asked in key_world.cloud.seen]


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(key_world: GcpWorld) -> None:
    backend = opened(key_world.setup, connection={"ca_file": ""})
    key_world.cloud.seen.clear()
    with pytest.raises(BackendUnavailable, match="certificate"):
        await backend.check()
    assert not key_world.cloud.seen
    await backend.close()


async def test_authorities_that_are_none_are_refused_at_once_or_when_they_vanish(
    key_world: GcpWorld, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    for text in (None, "", "no certificate"):
        if text is not None:
            file.write_text(text)
        with pytest.raises(Invalid, match="ca_file"):
            opened(key_world.setup, connection={"ca_file": str(file)})
    file.write_bytes(key_world.cloud.ca_file.read_bytes())
    backend = opened(key_world.setup, connection={"ca_file": str(file)})
    file.unlink()
    with pytest.raises(BackendUnavailable):
        await backend.check()
    await backend.close()


async def test_the_environment_changes_neither_authorities_nor_tokens(
    key_world: GcpWorld, backend: Backend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    await backend.check()


async def test_an_access_token_has_the_scopes_of_its_role(token_world: GcpWorld, token_backend: Backend) -> None:
    credential = await token_backend.create(planned(token_world.setup))
    given = token_world.accounts.tokens[str(credential.fields["token"])]
    assert given.email == READER
    assert sorted(given.scopes) == sorted(token_world.setup.role["scopes"])


async def test_a_long_life_of_a_token_takes_the_organisations_leave(
    token_world: GcpWorld, token_backend: Backend
) -> None:
    account = planned(token_world.setup, seconds=7200)
    with pytest.raises(BackendRefused, match="lifetime is too long"):
        await token_backend.create(account)
    token_world.accounts.long_lived.add(READER)
    credential = await token_backend.create(account)
    assert account.expires_at >= datetime.fromisoformat(str(credential.fields["expires_at"]))
    with pytest.raises(BackendRefused, match="43200"):
        await token_backend.create(planned(token_world.setup, seconds=43_300))


async def test_a_token_is_to_be_removed_until_it_has_run_out(token_world: GcpWorld, token_backend: Backend) -> None:
    account = planned(token_world.setup, seconds=600)
    credential = await token_backend.create(account)
    known = made(account, credential.handle)
    with pytest.raises(NotYet) as refusal:
        await token_backend.remove(known)
    assert refusal.value.until <= account.expires_at
    past = {"ends_at": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}
    await token_backend.remove(made(account, past))
    assert not await token_backend.present(made(account, past))


async def test_a_token_that_was_never_told_of_is_waited_for(token_world: GcpWorld, token_backend: Backend) -> None:
    account: Account = planned(token_world.setup, seconds=5)
    with pytest.raises(NotYet) as refusal:
        await token_backend.remove(account)
    assert refusal.value.until >= account.expires_at


@pytest.mark.parametrize("text", ["", "{}", '{"client_email": "a@b"}', "not JSON: hush", '{"private_key": "hush"}'])
def test_credentials_that_are_no_key_file_are_refused_without_repeating_them(key_world: GcpWorld, text: str) -> None:
    with pytest.raises(Invalid, match="key_json") as refusal:
        opened(key_world.setup, secret={"key_json": text})
    assert "hush" not in repr(refusal.value)


def test_a_private_key_that_is_none_is_refused_without_repeating_it(key_world: GcpWorld) -> None:
    file = {**json.loads(key_file(key_world.accounts, MAKER, known=False)), "private_key": "hush"}
    with pytest.raises(Invalid, match="key_json") as refusal:
        opened(key_world.setup, secret={"key_json": json.dumps(file)})
    assert "hush" not in repr(refusal.value)


@pytest.mark.parametrize(
    "changes,told",
    [
        ({"key_accounts": []}, "at least one"),
        ({"iam_endpoint": "http://iam.example"}, "iam_endpoint is http"),
        ({"token_uri": "https://user:pass@iam.example/token"}, "without user"),
        ({"credentials_endpoint": "https://iam.example/?x=1"}, "without user, query"),
        ({"iam_endpoint": "https://iam.example:port"}, "no address"),
        ({"project": "../x"}, "project"),
        ({"project": ".."}, "project"),
        ({"key_accounts": ["a/../b@c"]}, "key_accounts"),
        ({"key_accounts": ["a@b\n"]}, "key_accounts"),
    ],
)
def test_a_connection_that_cannot_be_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=told):
        msgspec.convert({"project": "p", "key_accounts": [READER], **changes}, Connection)


def test_a_connection_over_http_is_for_this_machine_alone() -> None:
    address = "http://127.0.0.1:8080"
    msgspec.convert({"project": "p", "key_accounts": [READER], "iam_endpoint": address}, Connection)


def test_a_key_has_no_scopes() -> None:
    with pytest.raises(msgspec.ValidationError, match="scopes"):
        msgspec.convert({"method": "service-account-key", "service_account": READER, "scopes": ["x"]}, Role)


def test_no_repr_of_what_holds_the_key_shows_it(key_world: GcpWorld) -> None:
    backend = opened(key_world.setup)
    assert isinstance(backend, GcpIamBackend)
    private = json.loads(key_world.setup.secrets["key_json"])["private_key"]
    shown = f"{vars(backend)!r} {vars(backend._service)!r} {vars(backend._service._credentials)!r}"
    assert private not in shown
    assert private.replace("\n", "\\n") not in shown
