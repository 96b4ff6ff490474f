"""No value stays in the server's memory: its processes are searched for what it stored and read over TLS.

Every way through which a value goes has a marker of its own, so that a failure names it.
"""

from __future__ import annotations

import json as json_text
import os
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.https_client import STORE, Answer, HttpsClient
from tests.e2e.memory import copies, may_look
from tests.e2e.server import Server, dev_server

Way = Callable[[HttpsClient, str, str], None]
"""Takes a value through the server, given a client, the folder to use and the marker to hide in the value."""

SHARES: Final = "/api/v1/secrets/shares"
REDEEM: Final = f"{SHARES}/redeem"
_LENGTHS: Final = (24, 40, 100, 500, 1_000, 4_000, 16_000, 64_000, 250_000, 1_000_000)


@pytest.fixture(autouse=True)
def _allowed() -> None:
    if may_look():
        return
    if os.geteuid() == 0:
        pytest.fail("root without CAP_SYS_PTRACE cannot search the server's memory; run the tests with that capability")
    pytest.skip("only root, or CAP_SYS_PTRACE, may search the server's memory")


def test_after_200_values_stored_and_read_the_memory_holds_none_of_them(tmp_path: Path) -> None:
    marker = secrets.token_hex(16)
    with dev_server(tmp_path / "data") as server, server.client() as client:
        _store_and_read_200(client, marker)
        assert _found(server, marker) == 0


def test_without_hardening_the_memory_still_holds_some(tmp_path: Path) -> None:
    marker = secrets.token_hex(16)
    with dev_server(tmp_path / "data", TRSTCTL_HARDENING="off") as server, server.client() as client:
        _store_and_read_200(client, marker)
        assert _found(server, marker) > 0


def test_no_way_through_the_server_leaves_a_value_in_its_memory(tmp_path: Path) -> None:
    markers = {name: secrets.token_hex(15) for name in WAYS}
    left: dict[str, int] = {}
    policies = json_text.dumps([{"name": "guarded", "paths": ["*/guarded"], "actions": ["rotate", "read"]}])
    with (
        dev_server(tmp_path / "data", TRSTCTL_SECRETS_APPROVALS=policies) as server,
        server.client() as client,
    ):
        for name, way in WAYS.items():
            way(client, f"app/{name}", markers[name])
            left[name] = _found(server, markers[name])
        still = {name: _found(server, marker) for name, marker in markers.items()}
    assert {name: count for name, count in left.items() if count} == {}
    assert {name: count for name, count in still.items() if count} == {}


def test_a_token_is_in_memory_only_while_its_owner_is_connected(tmp_path: Path) -> None:
    body = {"subject": "ci", "scopes": ["secrets:list"]}
    with dev_server(tmp_path / "data") as server, server.client() as client:
        token = _good(client("POST", "/api/v1/access/api-tokens", body)).json()["token"]
        assert _found(server, token) == 0
        with server.client(token) as owner:
            _good(owner("GET", "/api/v1/access/whoami"))
        until = time.monotonic() + 5
        while _found(server, token) and time.monotonic() < until:
            time.sleep(0.02)  # the server learns in a moment that the owner has gone
        assert _found(server, token) == 0


def test_a_shares_token_is_in_memory_no_longer_than_its_requests(tmp_path: Path) -> None:
    with dev_server(tmp_path / "data") as server, server.client() as client:
        token = _good(client("POST", SHARES, {"value": "x", "max_views": 2})).json()["token"]
        assert _found(server, token) == 0
        _good(client("POST", REDEEM, {"token": token}))
        assert _found(server, token) == 0


def _found(server: Server, marker: str) -> int:
    """Copies of the marker, and of its base64 text, in all the server's processes."""
    wanted = (marker.encode(), b64encode(marker.encode()))
    return sum(sum(copies(process, wanted).values()) for process in server.processes())


def _store_and_read_200(client: HttpsClient, marker: str) -> None:
    for number in range(200):
        value = f"{marker}{number}".ljust(_LENGTHS[number % len(_LENGTHS)], "=")
        client.put(f"app/secret-{number}", value)
        assert client.get(f"app/secret-{number}") == value


def _good(answer: Answer) -> Answer:
    assert answer.status in {200, 201}, answer
    return answer


def _refused(answer: Answer) -> None:
    assert 400 <= answer.status < 500, answer


def _rotated(client: HttpsClient, folder: str, marker: str) -> None:
    for number in range(3):
        client.put(f"{folder}/a", f"{marker}{number}")
    assert client.get(f"{folder}/a") == f"{marker}2"


def _bytes(client: HttpsClient, folder: str, marker: str) -> None:
    encoded = b64encode(marker.encode() + b"\xff\x00" * 500).decode()
    _good(client("POST", f"{STORE}/{folder}/a", {"value_b64": encoded}))
    assert _good(client("GET", f"{STORE}/{folder}/a")).json()["value_b64"] == encoded


def _escaped(client: HttpsClient, folder: str, marker: str) -> None:
    value = f'"\\{marker}\n\u00e9\u20ac'
    client.put(f"{folder}/a", value)
    assert client.get(f"{folder}/a") == value


def _filled(client: HttpsClient, folder: str, marker: str) -> None:
    values = {f"k{number}": marker + "z" * number * 7 for number in range(300)}
    _good(client("POST", f"{STORE}/import", {"prefix": folder, "values": values}))


def _exported(form: str) -> Way:
    def way(client: HttpsClient, folder: str, marker: str) -> None:
        _filled(client, folder, marker)
        answer = _good(client("GET", f"{STORE}/export?prefix={folder}&format={form}"))
        assert answer.body.count(marker.encode()) == 300

    return way


def _resolved(client: HttpsClient, folder: str, marker: str) -> None:
    client.put(f"{folder}/password", marker)
    client.put(f"{folder}/url", f"one ${{secret.{folder}/password}} and another ${{secret.{folder}/password@1}}")
    assert marker in _good(client("GET", f"{STORE}/{folder}/url?resolve=true")).json()["value"]


def _injected(client: HttpsClient, folder: str, marker: str) -> None:
    client.put(f"{folder}/password", marker)
    client.put(f"{folder}/url", f"one ${{secret.{folder}/password}}")
    body = {"variables": {"OTHER": f"{folder}/password"}, "prefix": f"{folder}/", "resolve": True}
    assert _good(client("POST", "/api/v1/secrets/injections", body)).body.count(marker.encode()) == 3


def _history_revealed(client: HttpsClient, folder: str, marker: str) -> None:
    _rotated(client, folder, marker)
    assert marker in _good(client("GET", f"{STORE}/history/{folder}/a?version=1")).json()["value"]


def _difference_revealed(client: HttpsClient, folder: str, marker: str) -> None:
    _rotated(client, folder, marker)
    assert _good(client("GET", f"{STORE}/diff/{folder}/a?from=1&to=2&reveal=true")).body.count(marker.encode()) == 2
    client.put(f"{folder}2/a", marker)
    query = f"left={folder}/&right={folder}2/&reveal=true"
    assert _good(client("GET", f"{STORE}/diff?{query}")).body.count(marker.encode()) == 2


def _recovered(client: HttpsClient, folder: str, marker: str) -> None:
    client.put(f"{folder}/a", marker)
    written = _good(client("GET", f"{STORE}/{folder}/a")).json()["updated_at"]
    time.sleep(0.01)
    client.put(f"{folder}/a", f"{marker}-2")
    _good(client("POST", f"{STORE}/recover/{folder}/a", {"at": written}))
    assert client.get(f"{folder}/a") == marker


def _repeated(client: HttpsClient, folder: str, marker: str) -> None:
    for _ in range(2):
        key = {"Idempotency-Key": folder}
        _good(client("POST", f"{STORE}/{folder}/a", {"value": marker}, headers=key))


def _refused_writes(client: HttpsClient, folder: str, marker: str) -> None:
    client.put(f"{folder}/a", marker)
    json = {"Content-Type": "application/json"}
    _refused(client("POST", f"{STORE}/{folder}/a", {"value": marker}))
    _refused(client("PUT", f"{STORE}/{folder}/a", {"value": marker, "cas": 7}))
    _refused(client("PUT", f"{STORE}/{folder}/missing", {"value": marker}))
    _refused(client("POST", f"{STORE}/{folder}//a", {"value": marker}))
    _refused(client("POST", f"{STORE}/{folder}/b", {"value": marker, "unknown": marker}))
    _refused(client("POST", f"{STORE}/{folder}/b", {"value": [marker]}))
    _refused(client("POST", f"{STORE}/{folder}/b", {"value": marker * 60_000}))
    _refused(client("POST", f"{STORE}/{folder}/b", {marker: marker}))
    _refused(client("POST", f"{STORE}/{folder}/b", content=f'{{"value":"{marker}"'.encode(), headers=json))
    _refused(client("POST", f"{STORE}/{folder}/b", content=b'{"value":"\xff' + marker.encode() + b'"}', headers=json))
    _refused(client("POST", f"{STORE}/import", {"prefix": folder, "values": {"a": marker, "b": marker}}))


def _refused_callers(client: HttpsClient, folder: str, marker: str) -> None:
    body = {"subject": "viewer", "scopes": ["secrets:list"]}
    viewer = _good(client("POST", "/api/v1/access/api-tokens", body)).json()["token"]
    for token in ("trst_wrong", viewer):
        _refused(client("POST", f"{STORE}/{folder}/b", {"value": marker}, headers={"Authorization": f"Bearer {token}"}))


def _broken_references(client: HttpsClient, folder: str, marker: str) -> None:
    client.put(f"{folder}/circle", f"{marker} ${{secret.{folder}/circle}}")
    client.put(f"{folder}/gap", f"{marker} ${{secret.{folder}/nowhere}}")
    _refused(client("GET", f"{STORE}/{folder}/circle?resolve=true"))
    _refused(client("GET", f"{STORE}/{folder}/gap?resolve=true"))


def _broken_export(client: HttpsClient, folder: str, marker: str) -> None:
    _bytes(client, folder, marker)
    _refused(client("GET", f"{STORE}/export?prefix={folder}&format=dotenv"))


def _guarded(client: HttpsClient, folder: str, marker: str) -> None:
    """Asked for twice, so that the second is compared with the first; then done without approval."""
    client.put(f"{folder}/guarded", marker)
    for _ in range(2):
        _refused(client("PUT", f"{STORE}/{folder}/guarded", {"value": f"{marker}2"}))
        _refused(client("GET", f"{STORE}/{folder}/guarded"))
    glass = {"Trstctl-Break-Glass": "a test of memory"}
    _good(client("PUT", f"{STORE}/{folder}/guarded", {"value": f"{marker}2"}, headers=glass))
    assert _good(client("GET", f"{STORE}/{folder}/guarded", headers=glass)).json()["value"] == f"{marker}2"


def _shared(client: HttpsClient, folder: str, marker: str) -> None:
    for more in ({}, {"passphrase": f"passphrase-{marker}"}):
        share = _good(client("POST", SHARES, {"value": marker, "max_views": 2, **more})).json()
        for _ in range(2):
            assert _good(client("POST", REDEEM, {"token": share["token"], **more})).json()["value"] == marker
    encoded = b64encode(marker.encode() + b"\xff\x00" * 500).decode()
    share = _good(client("POST", SHARES, {"value_b64": encoded})).json()
    assert _good(client("POST", REDEEM, {"token": share["token"]})).json()["value_b64"] == encoded


def _refused_shares(client: HttpsClient, folder: str, marker: str) -> None:
    _refused(client("POST", SHARES, {"value": marker, "unknown": marker}))
    _refused(client("POST", SHARES, {"value": marker * 60_000}))
    _refused(client("POST", SHARES, {"value": marker, "passphrase": marker * 60}))
    share = _good(client("POST", SHARES, {"value": marker, "passphrase": "right"})).json()
    for _ in range(6):
        _refused(client("POST", REDEEM, {"token": share["token"], "passphrase": marker}))
    revoked = _good(client("POST", SHARES, {"value": marker})).json()
    assert client("DELETE", f"{SHARES}/{revoked['id']}").status == 204
    _refused(client("POST", REDEEM, {"token": revoked["token"], "passphrase": marker}))
    _refused(client("POST", REDEEM, {"token": marker}))


WAYS: Final[dict[str, Way]] = {
    "rotate": _rotated,
    "bytes": _bytes,
    "escapes": _escaped,
    "import": _filled,
    "export-json": _exported("json"),
    "export-dotenv": _exported("dotenv"),
    "export-yaml": _exported("yaml"),
    "resolve": _resolved,
    "injections": _injected,
    "history": _history_revealed,
    "diff": _difference_revealed,
    "recover": _recovered,
    "repeated-request": _repeated,
    "refused-writes": _refused_writes,
    "refused-callers": _refused_callers,
    "broken-references": _broken_references,
    "broken-export": _broken_export,
    "approvals": _guarded,
    "shares": _shared,
    "refused-shares": _refused_shares,
}
