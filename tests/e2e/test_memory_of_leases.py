"""No credential of a lease, and no provider's own, stays in the server's memory longer than it is used."""

from __future__ import annotations

import os
import secrets
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.backends import postgresql
from tests.backends.postgresql import PostgresWorld
from tests.e2e.https_client import HttpsClient
from tests.e2e.memory import copies, may_look
from tests.e2e.server import Server, dev_server

LEASES: Final = "/api/v1/secrets/leases"
PROVIDER: Final = "/api/v1/secrets/providers/app-db"


@pytest.fixture(autouse=True)
def _allowed() -> None:
    if may_look():
        return
    if os.geteuid() == 0:
        pytest.fail("root without CAP_SYS_PTRACE cannot search the server's memory; run the tests with that capability")
    pytest.skip("only root, or CAP_SYS_PTRACE, may search the server's memory")


@pytest.fixture(scope="module")
def world() -> Iterator[PostgresWorld]:
    with postgresql.running() as running:
        yield running


def _found(server: Server, text: str) -> int:
    wanted = (text.encode(), b64encode(text.encode()))
    return sum(sum(copies(process, wanted).values()) for process in server.processes())


def _configure(client: HttpsClient, world: PostgresWorld, password: str) -> None:
    body = {"kind": "postgresql", "connection": world.setup.connection, "credentials": {"password": password}}
    assert client("PUT", PROVIDER, body).status == 200
    assert client("PUT", f"{PROVIDER}/roles/read", {"settings": world.setup.role}).status == 200


def _issued(client: HttpsClient) -> dict[str, Any]:
    answer = client("POST", LEASES, {"provider": "app-db", "role": "read"})
    assert answer.status == 201, answer
    told: dict[str, Any] = answer.json()
    return told


def test_credential_of_a_lease_is_in_memory_no_longer_than_its_request(tmp_path: Path, world: PostgresWorld) -> None:
    with dev_server(tmp_path / "data") as server, server.client() as client:
        _configure(client, world, world.setup.secrets["password"])
        leases = [_issued(client) for _ in range(5)]
        passwords = [str(lease["credential"]["password"]) for lease in leases]
        left = [_found(server, password) for password in passwords]
        for lease in leases:
            assert client("POST", f"{LEASES}/{lease['id']}/revoke").json()["state"] == "revoked"
        assert left == [0] * 5
        assert [_found(server, password) for password in passwords] == [0] * 5


def test_credential_of_a_provider_is_in_memory_only_once_it_is_used(tmp_path: Path, world: PostgresWorld) -> None:
    marker = secrets.token_hex(16)
    with dev_server(tmp_path / "data") as server, server.client() as client:
        _configure(client, world, marker)
        assert _found(server, marker) == 0
        assert client("PUT", PROVIDER, {"kind": "nothing", "credentials": {"password": marker}}).status == 400
        assert _found(server, marker) == 0
