"""How AWS is reached: as who was configured, where it was configured, and silently."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.provider_table import kind
from adapters.providers.aws_iam import login, service, silence
from domain.backends import Backend, BackendRefused, BackendUnavailable
from domain.errors import Invalid
from tests.backends.aws_iam import REGION, AwsWorld
from tests.backends.expectations import silent
from tests.backends.opening import opened, planned
from tests.fakes.cloud_server import Told, serving

pytestmark = pytest.mark.anyio


async def test_nothing_of_the_environment_counts(
    world: AwsWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[default]\nregion = us-gov-west-1\nendpoint_url = https://127.0.0.1:9\nuse_fips_endpoint = true\n"
    )
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIA0000000000000000",
        "AWS_SECRET_ACCESS_KEY": "wrong",
        "AWS_SESSION_TOKEN": "wrong",
        "AWS_PROFILE": "not-in-that-file",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_ENDPOINT_URL": "https://127.0.0.1:9",
        "AWS_ENDPOINT_URL_STS": "https://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_CA_BUNDLE": "/nowhere",
        "REQUESTS_CA_BUNDLE": "/nowhere",
        "AWS_REGION": "us-gov-west-1",
        "AWS_DEFAULT_REGION": "us-gov-west-1",
        "AWS_MAX_ATTEMPTS": "9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    backend = opened(world.setup)
    await backend.check()
    await backend.remove(planned(world.setup))
    await backend.create(planned(world.setup))
    await backend.close()


def test_without_addresses_it_is_awss_own_of_the_region_and_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:9")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    for region, sts, iam in (
        ("eu-central-1", "https://sts.eu-central-1.amazonaws.com", "https://iam.amazonaws.com"),
        ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn", "https://iam.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com", "https://iam.us-gov.amazonaws.com"),
    ):
        connection = msgspec.convert({"region": region}, kind("aws-iam").connection)
        opening = service.Service(connection, login.Login("AKIA0123456789ABCDEF", "x", ""), 1)  # type: ignore[arg-type]
        assert (opening.sts.meta.endpoint_url, opening.iam.meta.endpoint_url) == (sts, iam)
        opening.close()


@pytest.mark.parametrize(
    "connection, secrets, told",
    [
        ({}, {}, "give secret_access_key, and access_key_id once"),
        ({}, {"secret_access_key": "x"}, "access_key_id once"),
        ({"access_key_id": "AKIA0123456789ABCDEF"}, {}, "give secret_access_key"),
        (
            {"access_key_id": "AKIA0123456789ABCDEF"},
            {"secret_access_key": "x", "access_key_id": "AKIA0000000000000000"},
            "access_key_id once",
        ),
        ({"use_instance_role": True}, {"secret_access_key": "x"}, "not both"),
        ({"use_instance_role": True, "access_key_id": "AKIA0123456789ABCDEF"}, {}, "not both"),
    ],
)
def test_credentials_that_cannot_be_are_refused(connection: dict[str, Any], secrets: dict[str, str], told: str) -> None:
    settings = msgspec.convert({"region": REGION, **connection}, kind("aws-iam").connection)
    with pytest.raises(Invalid, match=told):
        kind("aws-iam").open(settings, secrets, 1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"sts_endpoint": "http://sts.example.com"},
        {"iam_endpoint": "https://u:p@iam.example.com"},
        {"iam_endpoint": "iam.example.com"},
        {"region": "eu-central-1.evil.example"},
        {"region": ""},
        {"path": "/no-end"},
        {"path": "/../x y/"},
        {"permissions_boundary": "arn:aws:iam::1:policy/x"},
        {"assumable_roles": ["arn:aws:iam::123456789012:user/x"]},
        {"access_key_id": "short"},
        {"access_key_id": "AKIA0123456789ABCDEF\n"},
        {"propagation_seconds": 61},
    ],
)
def test_a_connection_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"region": REGION, **changes}, kind("aws-iam").connection)


async def test_another_authority_is_not_trusted(world: AwsWorld) -> None:
    backend = opened(world.setup, connection={"ca_file": ""})
    with pytest.raises(BackendUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        await backend.check()
    await backend.close()


@pytest.mark.parametrize(
    "told",
    [
        Told(200, b"<html>welcome</html>"),
        Told(200, b"{}"),
        Told(200, b"\x00" * 2_000_000),
        Told(302, b"", {"location": "https://127.0.0.1:9/"}),
        Told(404, b"<html>nothing here</html>"),
        Told(403, b"<html>proxy says no</html>"),
    ],
)
async def test_what_is_not_aws_is_refused(world: AwsWorld, tmp_path: Path, told: Told) -> None:
    with serving([("POST", "/.*", lambda _: told)], tmp_path) as other:
        base = f"https://127.0.0.1:{other.port}"
        there = {"iam_endpoint": base, "sts_endpoint": base, "ca_file": str(other.ca_file)}
        backend = opened(world.setup, connection=there)
        for ask in (backend.check, lambda: backend.create(planned(world.setup))):
            with pytest.raises(BackendRefused):
                await ask()
        with pytest.raises((BackendRefused, BackendUnavailable)):
            await backend.present(planned(world.setup))
        await backend.close()


class Records(logging.Handler):
    """Keeps every record of every level, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture
def records() -> Iterator[Records]:
    """The log at level DEBUG, of the libraries too."""
    kept, root = Records(), logging.getLogger()
    names = [
        "",
        *(name for name in logging.root.manager.loggerDict if name.startswith(("boto", "urllib3", "requests"))),
    ]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(kept)
    yield kept
    root.removeHandler(kept)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("which", ["running", "role_world", "federation_world"])
async def test_no_secret_is_in_any_log(request: pytest.FixtureRequest, records: Records, which: str) -> None:
    world: AwsWorld = request.getfixturevalue(which)
    backend = opened(world.setup)
    credential = await backend.create(planned(world.setup))
    await backend.log_in(credential.fields)  # type: ignore[attr-defined]
    with pytest.raises(BackendRefused):
        await backend.log_in({**credential.fields, "secret_access_key": "x" * 40})  # type: ignore[attr-defined]
    await backend.close()
    text = "\n".join(records.texts)
    assert silent(text, world, credential)
    assert "Signature=" not in text


async def test_the_librarys_log_would_have_it(
    world: AwsWorld, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence._SILENCE, "filter", lambda _: True)
    backend = opened(world.setup)
    credential = await backend.create(planned(world.setup))
    await backend.close()
    assert not silent("\n".join(records.texts), world, credential)


class Metadata(ThreadingHTTPServer):
    """An instance metadata service, version 2."""

    def __init__(self, told: dict[str, str]) -> None:
        self.told = told
        super().__init__(("127.0.0.1", 0), _MetadataHandler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _MetadataHandler(BaseHTTPRequestHandler):
    server: Metadata

    def do_PUT(self) -> None:
        self._tell(200, b"metadata-token")

    def do_GET(self) -> None:
        if self.headers.get("x-aws-ec2-metadata-token") != "metadata-token":
            self._tell(401, b"")
        elif self.path.endswith("/security-credentials/"):
            self._tell(200, b"server-role")
        else:
            self._tell(200, json.dumps(self.server.told).encode())

    def _tell(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def metadata(role_world: AwsWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[Metadata]:
    """It tells of the role `orders-reader`, which may assume itself here."""
    sts = role_world.client("sts", role_world.ours)
    given = sts.assume_role(RoleArn=role_world.setup.role["role_arn"], RoleSessionName="instance")["Credentials"]
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    names = {"AccessKeyId": "AccessKeyId", "SecretAccessKey": "SecretAccessKey", "Token": "SessionToken"}
    server = Metadata({name: given[theirs] for name, theirs in names.items()} | {"Expiration": later})
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setitem(login.METADATA, "ec2_metadata_service_endpoint", server.address)
    yield server
    server.shutdown()
    server.server_close()


def as_instance(world: AwsWorld, **more: Any) -> Backend:
    changed = {"use_instance_role": True, "access_key_id": "", "assumable_roles": [], "users": False, **more}
    return opened(world.setup, connection=changed, secret={"secret_access_key": ""})


async def test_the_role_of_the_instance_is_used_if_that_is_wanted(
    role_world: AwsWorld, metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    backend = as_instance(role_world)
    await backend.check()
    await backend.close()
    wants_users = as_instance(role_world, users=True)
    with pytest.raises(BackendRefused, match="assumed-role/orders-reader/instance is not authorized"):
        await wants_users.check()
    await wants_users.close()


async def test_a_machine_without_a_role_says_so(role_world: AwsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    monkeypatch.setitem(login.METADATA, "ec2_metadata_service_endpoint", f"http://127.0.0.1:{port}")
    backend = as_instance(role_world)
    with pytest.raises(BackendUnavailable, match="attach one to the instance"):
        await backend.check()
    await backend.close()


async def test_the_metadata_service_is_not_asked_if_nobody_wants_it(world: AwsWorld, metadata: Metadata) -> None:
    metadata.told = {}
    backend = opened(world.setup)
    await backend.check()
    await backend.close()
