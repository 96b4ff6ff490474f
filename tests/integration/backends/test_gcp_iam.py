"""What is Google Cloud's own among backends. Google is `tests.fakes.gcp_*`, which verifies what Google verifies."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from google.auth import _regional_access_boundary_utils as boundaries

from adapters.providers.gcp_iam.backend import GcpIamBackend
from adapters.providers.gcp_iam.settings import Connection, Role
from domain.backends import Account, Backend, BackendRefused, BackendUnavailable, NotYet
from domain.errors import Invalid
from tests.backends.gcp_iam import MAKER, PERMISSIONS, READER, GcpWorld, certificate, key_file, keys, tokens
from tests.backends.opening import made, opened, planned
from tests.fakes.cloud_server import Asked, Told

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def key_world() -> Iterator[GcpWorld]:
    with keys() as world:
        yield world


@pytest.fixture(scope="module")
def token_world() -> Iterator[GcpWorld]:
    with tokens() as world:
        yield world


@pytest.fixture
async def backend(key_world: GcpWorld) -> AsyncIterator[Backend]:
    opening = opened(key_world.setup)
    yield opening
    await opening.close()
    key_world.cloud.intercept = lambda _: None
    key_world.accounts.all[READER].keys.clear()


@pytest.fixture
async def token_backend(token_world: GcpWorld) -> AsyncIterator[Backend]:
    opening = opened(token_world.setup)
    yield opening
    await opening.close()


async def test_the_certificate_names_the_account_and_ends_with_the_lease_and_no_private_key_is_sent(
    key_world: GcpWorld, backend: Backend
) -> None:
    key_world.cloud.seen.clear()
    account = planned(key_world.setup)
    credential = await backend.create(account)
    assert all(b"PRIVATE" not in asked.body for asked in key_world.cloud.seen)
    (upload,) = [asked for asked in key_world.cloud.seen if asked.path.endswith("keys:upload")]
    sent = x509.load_pem_x509_certificate(base64.b64decode(upload.json()["publicKeyData"]))
    assert sent.subject.rfc4514_string() == f"CN={account.name}"
    assert sent.not_valid_after_utc == account.expires_at.replace(microsecond=0)
    assert not list(sent.extensions), "it says no more than it has to: everybody can read it"
    assert set(credential.fields) == {"key_json", "client_email", "private_key_id", "project_id", "token_uri"}


async def test_the_key_file_has_what_every_client_wants_and_the_endpoint_of_the_connection(
    key_world: GcpWorld, backend: Backend
) -> None:
    credential = await backend.create(planned(key_world.setup))
    file = json.loads(str(credential.fields["key_json"]))
    assert file["type"] == "service_account"
    assert file["client_id"] == key_world.accounts.all[READER].unique_id
    assert file["private_key_id"] in key_world.accounts.all[READER].keys
    assert file["token_uri"] == key_world.setup.connection["token_uri"]


async def test_an_eleventh_key_is_refused_with_what_to_do(key_world: GcpWorld, backend: Backend) -> None:
    reader = key_world.accounts.all[READER]
    reader.most_keys = 10
    try:
        accounts = [planned(key_world.setup) for _ in range(10)]
        for account in accounts:
            await backend.create(account)
        with pytest.raises(BackendRefused, match=r"10 keys.*further service accounts.*access-token"):
            await backend.create(planned(key_world.setup))
        await backend.remove(accounts[0])
        await backend.create(planned(key_world.setup))
    finally:
        reader.most_keys = 100


async def test_the_certificate_of_a_key_is_read_once(key_world: GcpWorld, backend: Backend) -> None:
    for _ in range(3):
        await key_world.plant(planned(key_world.setup).name)
    assert len([name async for name in backend.accounts()]) == 3
    key_world.cloud.seen.clear()
    assert len([name async for name in backend.accounts()]) == 3
    assert len(key_world.cloud.seen) == 1


async def test_keys_of_others_are_neither_listed_nor_removed(key_world: GcpWorld, backend: Backend) -> None:
    theirs = key_world.accounts.upload(key_world.accounts.all[READER], certificate("terraform"))
    await backend.remove(planned(key_world.setup))
    assert [name async for name in backend.accounts()] == []
    assert theirs in key_world.accounts.all[READER].keys


async def test_a_service_account_that_is_gone_has_none_of_our_keys(key_world: GcpWorld, backend: Backend) -> None:
    account = planned(key_world.setup)
    credential = await backend.create(account)
    reader = key_world.accounts.all.pop(READER)
    try:
        for known in (account, made(account, credential.handle)):
            await backend.remove(known)
            assert not await backend.present(known)
        with pytest.raises(BackendRefused, match="no service account"):
            await backend.check()
    finally:
        key_world.accounts.all[READER] = reader


@pytest.mark.parametrize("permission", PERMISSIONS[0])
async def test_check_names_the_permission_that_lacks(key_world: GcpWorld, backend: Backend, permission: str) -> None:
    key_world.accounts.grants.remove((MAKER, permission, READER))
    try:
        with pytest.raises(BackendRefused, match=f"{re.escape(MAKER)} lacks {re.escape(permission)} on"):
            await backend.check()
    finally:
        key_world.accounts.grant(MAKER, READER, permission)


async def test_a_role_for_a_service_account_that_is_not_listed_is_refused_unasked(key_world: GcpWorld) -> None:
    backend = opened(key_world.setup)
    other = {**key_world.setup.role, "service_account": MAKER}
    key_world.cloud.seen.clear()
    with pytest.raises(BackendRefused, match="add it to key_accounts"):
        await backend.create(planned(key_world.setup, settings=other))
    role = {"method": "access-token", "service_account": READER}
    with pytest.raises(BackendRefused, match="add it to token_accounts"):
        await backend.create(planned(key_world.setup, settings=role))
    assert not key_world.cloud.seen
    await backend.close()


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
    account = planned(token_world.setup, seconds=2)
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
