"""How the API server is reached: with which token, over what, and what is not followed."""

from __future__ import annotations

import asyncio
import gc
import http.server
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest

from adapters.crypto import self_signed_certificate
from adapters.providers.kubernetes import client
from adapters.providers.kubernetes.settings import Connection
from domain.backends import BackendRefused, BackendUnavailable
from domain.errors import Invalid
from tests.backends.kubernetes import KubernetesWorld, running
from tests.backends.opening import opened, planned

pytestmark = pytest.mark.anyio


class Strange(http.server.BaseHTTPRequestHandler):
    """Something that is no API server; `seen` is what it was told."""

    seen: list[str]
    status, headers_sent, content = 200, {"Content-Type": "text/html"}, b"<h1>Welcome</h1>"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append(self.headers.get("Authorization", ""))
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's name
        """Nothing."""


@contextmanager
def strange(folder: Path, **answers: Any) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The connection settings to reach one, and what it was shown as `Authorization`."""
    certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 1)
    (folder / "strange.crt").write_bytes(certificate)
    (folder / "strange.key").write_bytes(bytes(key))
    handler = type("Handler", (Strange,), {**answers, "seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "strange.crt", folder / "strange.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            reached = {"server": f"https://localhost:{server.server_port}", "ca_file": str(folder / "strange.crt")}
            yield reached, handler.seen  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


async def test_a_certificate_that_nobody_vouches_for_is_shown_no_token(world: KubernetesWorld, tmp_path: Path) -> None:
    with strange(tmp_path) as (connection, seen):
        backend = opened(world.setup, connection={"server": connection["server"]})
        with pytest.raises(BackendUnavailable, match="certificate verify failed"):
            await backend.check()
        await backend.close()
    assert not seen


async def test_a_redirect_is_not_followed(world: KubernetesWorld, tmp_path: Path) -> None:
    elsewhere = {"Location": f"{world.setup.connection['server']}/version"}
    with strange(tmp_path, status=307, headers_sent=elsewhere) as (connection, seen):
        backend = opened(world.setup, connection={**connection, "namespace": "shop"})
        world.peak()
        with pytest.raises(BackendRefused):
            await backend.check()
        await backend.close()
    assert len(seen) == 1
    assert world.peak() == 0


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"content": b"{}", "headers_sent": {"Content-Type": "application/json"}},
        {"content": b"{", "headers_sent": {"Content-Type": "application/json"}},
        {"content": b'{"spec": 7}', "headers_sent": {"Content-Type": "application/json"}},
    ],
)
async def test_what_is_not_kubernetes_is_told_so(
    world: KubernetesWorld, tmp_path: Path, answers: dict[str, Any]
) -> None:
    with strange(tmp_path, **answers) as (connection, _):
        backend = opened(world.setup, connection=connection)
        with pytest.raises(BackendRefused) as refusal:
            await backend.create(planned(world.setup))
        assert "check `server`" in str(refusal.value)
        await backend.close()


async def test_an_overloaded_server_is_unavailable(world: KubernetesWorld, tmp_path: Path) -> None:
    with strange(tmp_path, status=429) as (connection, seen):
        backend = opened(world.setup, connection=connection)
        with pytest.raises(BackendUnavailable):
            await backend.create(planned(world.setup))
        await backend.close()
    assert len(seen) == 1, "asked once: whoever asks us decides on another try"


async def test_a_token_file_is_read_anew_for_each_request(world: KubernetesWorld, tmp_path: Path) -> None:
    file = tmp_path / "token"
    elsewhere = jwt.encode({"sub": "system:serviceaccount:trstctl:trstctl"}, "k" * 32)
    file.write_text(f"{elsewhere}\n")
    backend = opened(world.setup, connection={"token_file": str(file)}, secret={"token": ""})
    with pytest.raises(BackendRefused, match="does not know the token"):
        await backend.check()
    file.write_text(world.setup.secrets["token"] + "\n")
    await backend.check()
    file.unlink()
    with pytest.raises(BackendRefused, match="No such file"):
        await backend.check()
    file.write_text(world.setup.secrets["token"])
    await backend.check()
    await backend.close()


@pytest.mark.parametrize(
    "content",
    ["", "6b" * 32, "two words\nSECRET", jwt.encode({"sub": "ada@example.com"}, "k" * 32), "a.b.c", "a.W10.c", "ä"],
)
async def test_what_is_no_token_of_a_service_account_is_shown_to_nobody(
    world: KubernetesWorld, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content.encode("latin-1"))
    world.peak()
    for path in (file, tmp_path):
        backend = opened(world.setup, connection={"token_file": str(path)}, secret={"token": ""})
        with pytest.raises(BackendRefused, match="token_file") as refusal:
            await backend.check()
        assert "SECRET" not in str(refusal.value)
        await backend.close()
    assert world.peak() == 0


async def test_a_pipe_is_not_waited_for(world: KubernetesWorld, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    backend = opened(world.setup, connection={"token_file": str(tmp_path / "pipe")}, secret={"token": ""})
    with pytest.raises(BackendRefused, match="not a regular file"):
        await backend.check()
    await backend.close()


async def test_in_a_pod_everything_is_found(
    world: KubernetesWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(world.setup.secrets["token"])
    (tmp_path / "ca.crt").write_bytes(world.ca_file.read_bytes())
    monkeypatch.setattr(client, "_POD", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    pod = {"in_cluster": True, "server": "", "ca_file": ""}
    assert client.completed(connection_of(world, pod), "").server == "https://[::1]:443"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(world.gate.port))
    backend = opened(world.setup, connection=pod, secret={"token": ""})
    await backend.check()
    account = planned(world.setup)
    credential = await backend.create(account)
    assert credential.fields["server"] == f"https://127.0.0.1:{world.gate.port}"
    await backend.remove(account)
    await backend.close()
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    with pytest.raises(Invalid, match="no pod"):
        opened(world.setup, connection=pod, secret={"token": ""})


@pytest.mark.parametrize(
    "connection, token, told",
    [
        ({"server": ""}, "abc", "set server"),
        ({}, "", "once"),
        ({"token_file": "/run/token"}, "abc", "once"),
        ({"in_cluster": True}, "", "in_cluster goes without"),
        ({}, "SECRET with\nline ends", "characters"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    world: KubernetesWorld, connection: dict[str, Any], token: str, told: str
) -> None:
    with pytest.raises(Invalid, match=told) as refusal:
        opened(world.setup, connection=connection, secret={"token": token})
    assert "SECRET" not in str(refusal.value)


async def test_closing_hangs_up_whatever_became_of_the_calls() -> None:
    with running() as world:
        backend = opened(world.setup, timeout=1)
        await asyncio.gather(*(backend.check() for _ in range(3)))
        gc.disable()
        try:
            world.freeze()
            with pytest.raises(BackendUnavailable):
                await backend.check()
            world.thaw()
            await asyncio.sleep(1.2)
            await backend.close()
            world.peak()
            assert world.peak() == 0
        finally:
            gc.enable()


async def test_only_certificates_of_the_ca_file_are_given_away(world: KubernetesWorld, tmp_path: Path) -> None:
    certificate = world.ca_file.read_text()
    file = tmp_path / "both.pem"
    file.write_text(f"{(world.ca_file.parent / 'tls.key').read_text()}# mine\n{certificate}")
    backend = opened(world.setup, connection={"ca_file": str(file)})
    account = planned(world.setup)
    credential = await backend.create(account)
    assert credential.fields["ca_certificate"] == certificate
    await backend.remove(account)
    await backend.close()


def connection_of(world: KubernetesWorld, changes: dict[str, Any]) -> Connection:
    return msgspec.convert({**world.setup.connection, **changes}, Connection)
