"""No plaintext stays in the server's memory after it was encrypted, decrypted, signed or authenticated over TLS.

Every way has a marker of its own, thirty characters long, so that its base64 stands in that of what begins with it.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.https_client import Answer, HttpsClient
from tests.e2e.memory import copies, may_look
from tests.e2e.server import Server, dev_server

Way = Callable[[HttpsClient, str], None]
"""Takes a plaintext that holds the marker through the server."""

NATIVE: Final = "/api/v1/transit"
VAULT: Final = "/v1/transit"
_MANY: Final = 300


@pytest.fixture(autouse=True)
def _allowed() -> None:
    if may_look():
        return
    if os.geteuid() == 0:
        pytest.fail("root without CAP_SYS_PTRACE cannot search the server's memory; run the tests with that capability")
    pytest.skip("only root, or CAP_SYS_PTRACE, may search the server's memory")


def test_no_plaintext_stays_in_the_servers_memory(tmp_path: Path) -> None:
    markers = {name: secrets.token_hex(15) for name in WAYS}
    left: dict[str, int] = {}
    with dev_server(tmp_path / "data") as server, server.client() as client:
        for kind in ("aes256-gcm96", "chacha20-poly1305", "rsa-2048", "ed25519", "ecdsa-p256"):
            _good(client("POST", f"{VAULT}/keys/{kind}", {"type": kind}))
        for name, way in WAYS.items():
            way(client, markers[name])
            left[name] = _found(server, markers[name].encode())
        still = {name: _found(server, marker.encode()) for name, marker in markers.items()}
    assert {name: count for name, count in left.items() if count} == {}
    assert {name: count for name, count in still.items() if count} == {}


def test_without_hardening_the_memory_still_holds_some(tmp_path: Path) -> None:
    marker = secrets.token_hex(15)
    with dev_server(tmp_path / "data", TRSTCTL_HARDENING="off") as server, server.client() as client:
        _good(client("POST", f"{VAULT}/keys/aes256-gcm96", {}))
        _batches(client, marker)
        assert _found(server, marker.encode()) > 0


@pytest.mark.parametrize("path", [f"{NATIVE}/datakey", f"{VAULT}/datakey/plaintext/k"])
def test_a_data_key_that_went_out_stays_nowhere(tmp_path: Path, path: str) -> None:
    with dev_server(tmp_path / "data") as server, server.client() as client:
        _good(client("POST", f"{VAULT}/keys/k", {}))
        told = _good(client("POST", path, {} if path.startswith(VAULT) else {"key": "k"})).json()
        made = b64decode(told.get("data", told)["plaintext"])
        assert len(made) == 32
        assert _found(server, made) == 0


def _found(server: Server, wanted: bytes) -> int:
    """Copies of it, and of its base64 text, in all the server's processes."""
    forms = (wanted, b64encode(wanted).rstrip(b"=")[:-1])
    return sum(sum(copies(process, forms).values()) for process in server.processes())


def _good(answer: Answer) -> Answer:
    assert answer.status in {200, 201, 204}, answer
    return answer


def _refused(answer: Answer) -> None:
    assert 400 <= answer.status < 500, answer


def _b64(marker: str, length: int = 0) -> str:
    return b64encode(marker.ljust(length, "=").encode()).decode()


def _one(kind: str) -> Way:
    def way(client: HttpsClient, marker: str) -> None:
        for length in (0, 100) if kind.startswith("rsa") else (0, 100, 4_000, 64_000, 500_000):
            body = {"key": kind, "plaintext": _b64(marker, length)}
            told = _good(client("POST", f"{NATIVE}/encrypt", body)).json()
            opened = _good(client("POST", f"{NATIVE}/decrypt", {"key": kind, "ciphertext": told["ciphertext"]})).json()
            assert opened["plaintext"] == body["plaintext"]
            told = _good(client("POST", f"{VAULT}/encrypt/{kind}", {"plaintext": body["plaintext"]})).json()["data"]
            told = _good(client("POST", f"{VAULT}/decrypt/{kind}", {"ciphertext": told["ciphertext"]})).json()["data"]
            assert told["plaintext"] == body["plaintext"]

    return way


def _batches(client: HttpsClient, marker: str) -> None:
    key, texts = "aes256-gcm96", [_b64(marker, length) for length in range(30, 30 + _MANY)]
    body: dict[str, Any] = {"key": key, "items": [{"plaintext": text} for text in texts]}
    made = _good(client("POST", f"{NATIVE}/encrypt", body)).json()["items"]
    body = {"key": key, "items": [{"ciphertext": each["ciphertext"]} for each in made]}
    opened = _good(client("POST", f"{NATIVE}/decrypt", body)).json()["items"]
    assert [each["plaintext"] for each in opened] == texts
    body = {"batch_input": [{"plaintext": text} for text in texts]}
    made = _good(client("POST", f"{VAULT}/encrypt/{key}", body)).json()["data"]["batch_results"]
    body = {"batch_input": [{"ciphertext": each["ciphertext"]} for each in made]}
    opened = _good(client("POST", f"{VAULT}/decrypt/{key}", body)).json()["data"]["batch_results"]
    assert [each["plaintext"] for each in opened] == texts
    _good(client("POST", f"{VAULT}/rewrap/{key}", body))


def _repeated(client: HttpsClient, marker: str) -> None:
    key = {"Idempotency-Key": "again"}
    body = {"key": "aes256-gcm96", "plaintext": _b64(marker)}
    made = [_good(client("POST", f"{NATIVE}/encrypt", body, headers=key)).json() for _ in "12"]
    assert made[0] == made[1]


def _signed(client: HttpsClient, marker: str) -> None:
    for key in ("ed25519", "ecdsa-p256", "rsa-2048"):
        told = _good(client("POST", f"{VAULT}/sign/{key}", {"input": _b64(marker)})).json()["data"]
        body = {"input": _b64(marker), "signature": told["signature"]}
        assert _good(client("POST", f"{VAULT}/verify/{key}", body)).json()["data"]["valid"]
    _good(client("POST", f"{VAULT}/hmac/ed25519", {"input": _b64(marker)}))
    _good(client("POST", f"{VAULT}/hash", {"input": _b64(marker)}))
    _good(client("POST", f"{NATIVE}/hmac", {"key": "aes256-gcm96", "data": _b64(marker)}))


def _wrong(client: HttpsClient, marker: str) -> None:
    key, text = "aes256-gcm96", _b64(marker)
    _refused(client("POST", f"{NATIVE}/encrypt", {"key": "none", "plaintext": text}))
    _refused(client("POST", f"{NATIVE}/encrypt", {"key": key, "plaintext": f"{text}?"}))
    _refused(client("POST", f"{NATIVE}/encrypt", {"key": key, "plaintext": text, "unknown": text}))
    _refused(client("POST", f"{NATIVE}/encrypt", {"key": key, "plaintext": text, "version": 9}))
    _refused(client("POST", f"{NATIVE}/encrypt", {"key": "ed25519", "plaintext": text}))
    _refused(client("POST", f"{NATIVE}/encrypt", {"key": "rsa-2048", "plaintext": _b64(marker, 300)}))
    _refused(client("POST", f"{NATIVE}/decrypt", {"key": key, "ciphertext": f"trv:1:{text}"}))
    _refused(client("POST", f"{NATIVE}/datakey", {"key": "ed25519", "context": text}))
    items = [{"plaintext": text}, {"plaintext": f"{text}?"}]
    assert "error" in _good(client("POST", f"{NATIVE}/encrypt", {"key": key, "items": items})).json()["items"][1]
    _refused(client("POST", f"{VAULT}/encrypt/{key}", {"plaintext": f"{text}?"}))
    _refused(client("POST", f"{VAULT}/encrypt/{key}", {"plaintext": text, "key_version": 9}))
    _refused(client("POST", f"{VAULT}/encrypt/{key}", {"batch_input": [{"plaintext": text}, {"plaintext": "?"}]}))


WAYS: Final[dict[str, Way]] = {
    "aes": _one("aes256-gcm96"),
    "chacha": _one("chacha20-poly1305"),
    "rsa": _one("rsa-2048"),
    "batches": _batches,
    "repeated": _repeated,
    "signed": _signed,
    "wrong": _wrong,
}
