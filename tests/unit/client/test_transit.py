"""`transit`: what is encrypted comes from standard input or files, and goes out as it was."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from cli.client.sealed_file import CHUNK
from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer

TRANSIT = "/api/v1/transit"
KEYS = f"{TRANSIT}/keys"
PLAIN = b"\x00card 4111\n\xff"
DATA_KEY = bytes(range(32))
META: dict[str, Any] = {
    "name": "orders", "kind": "aead", "type": "aes256-gcm96", "version": 2, "min_decryption_version": 1,
    "created_at": "T", "next_rotation_at": None, "versions": [{"version": 1, "created_at": "T"}],
}  # fmt: skip


def encoded(data: bytes) -> str:
    return b64encode(data).decode()


def test_encrypt_sends_the_input_whole_and_prints_the_ciphertext_alone(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{TRANSIT}/encrypt", {"ciphertext": "trv:2:abc", "version": 2})
    outcome = client("transit", "encrypt", "orders", "--aad", "row 7", "--context", "ada", stdin=PLAIN)
    assert (outcome.code, outcome.text) == (0, "trv:2:abc\n")
    assert server.asked[0].body == {
        "key": "orders", "plaintext": encoded(PLAIN), "aad": encoded(b"row 7"), "context": encoded(b"ada"),
    }  # fmt: skip


def test_decrypt_gives_every_byte_as_it_was(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{TRANSIT}/decrypt", {"plaintext": encoded(PLAIN), "version": 2})
    outcome = client("transit", "decrypt", "orders", stdin=b"trv:2:abc\n")
    assert (outcome.code, outcome.out) == (0, PLAIN)
    assert server.asked[0].body == {"key": "orders", "ciphertext": "trv:2:abc"}


def test_a_body_may_hold_many_items_and_one_that_is_refused_is_told(server: FakeServer, client: Client) -> None:
    items = {"items": [{"ciphertext": "trv:1:a", "version": 1}, {"error": {"code": "invalid", "detail": "bad"}}]}
    server.on("POST", f"{TRANSIT}/encrypt", items)
    outcome = client("transit", "encrypt", "orders", "-f", "-", "-o", "raw", stdin=b'{"items":[{"plaintext":"YQ=="}]}')
    assert (outcome.code, outcome.text) == (1, "trv:1:a\nerror: bad\n")
    assert server.asked[0].body == {"key": "orders", "items": [{"plaintext": "YQ=="}]}


@pytest.mark.parametrize("action", ["encrypt", "decrypt", "rewrap", "hmac", "datakey", "sign"])
def test_without_a_key_nothing_is_sent(action: str, server: FakeServer, client: Client) -> None:
    assert (client("transit", action, stdin=b"x").code, server.asked) == (2, [])


def test_rewrap_and_hmac_print_one_line(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{TRANSIT}/rewrap", {"ciphertext": "trv:3:x", "version": 3})
    server.on("POST", f"{TRANSIT}/hmac", {"hmac": "trv:3:y", "version": 3})
    assert client("transit", "rewrap", "orders", stdin=b"trv:1:a").text == "trv:3:x\n"
    assert client("transit", "hmac", "orders", "--algorithm", "sha2-512", stdin=b"a").text == "trv:3:y\n"
    assert server.asked[1].body == {"key": "orders", "data": "YQ==", "algorithm": "sha2-512"}


def test_a_signature_is_made_and_verified(server: FakeServer, client: Client, tmp_path: Path) -> None:
    server.on("POST", f"{TRANSIT}/sign", {"signature": "trv:1:s", "version": 1, "public_der": "AA=="})
    server.on("POST", f"{TRANSIT}/verify", {"valid": True})
    signed = client("transit", "sign", "ca", "--padding", "pkcs1v15", "--salt-length", "32", stdin=b"a")
    assert signed.text == "trv:1:s\n"
    assert server.asked[0].body == {
        "key": "ca", "message": "YQ==", "signature_algorithm": "pkcs1v15", "salt_length": 32,
    }  # fmt: skip
    (tmp_path / "s").write_text(signed.text)
    assert client("transit", "verify", "ca", "--signature", str(tmp_path / "s"), stdin=b"a").code == 0
    assert server.asked[1].body == {"key": "ca", "message": "YQ==", "signature": "trv:1:s"}


def test_what_is_not_good_is_told_by_the_exit_code(server: FakeServer, client: Client, tmp_path: Path) -> None:
    server.on("POST", f"{TRANSIT}/verify", {"valid": False})
    (tmp_path / "h").write_text("trv:1:h")
    assert client("transit", "verify", "mac", "--hmac", str(tmp_path / "h"), stdin=b"a").code == 1
    assert client("transit", "verify", "mac", stdin=b"a").code == 2
    assert client("transit", "verify", "--hmac", str(tmp_path / "h"), stdin=b"a").code == 2


def test_a_public_key_verifies_without_a_key_of_ours(server: FakeServer, client: Client, tmp_path: Path) -> None:
    server.on("POST", f"{TRANSIT}/verify", {"valid": True})
    (tmp_path / "s").write_text("c2ln")
    (tmp_path / "der").write_bytes(b"\x30\x59")
    words = ("--signature", str(tmp_path / "s"), "--public-der", str(tmp_path / "der"))
    assert client("transit", "verify", *words, stdin=b"a").code == 0
    assert server.asked[0].body == {"public_der": "MFk=", "message": "YQ==", "signature": "c2ln"}


def test_keys_are_made_changed_and_destroyed(server: FakeServer, client: Client) -> None:
    server.on("POST", KEYS, META, 201)
    server.on("POST", f"{KEYS}/rotate", META)
    server.on("PATCH", f"{KEYS}/orders", META)
    server.on("POST", f"{KEYS}/orders/trim", META)
    server.on("DELETE", f"{KEYS}/orders", None, 204)
    words = ("--type", "aes256-gcm96", "--derived", "--auto-rotate", "30d")
    assert client("transit", "keys", "create", "orders", *words).code == 0
    assert client("transit", "keys", "rotate", "orders").code == 0
    assert client("transit", "keys", "set", "orders", "--min-decryption-version", "2", "--deletion-allowed").code == 0
    assert client("transit", "keys", "trim", "orders", "2", "--yes").code == 0
    assert client("transit", "keys", "delete", "orders", "--yes").code == 0
    assert [asked.body for asked in server.asked[:4]] == [
        {"name": "orders", "type": "aes256-gcm96", "auto_rotate_seconds": 2_592_000, "derived": True},
        {"name": "orders"},
        {"min_decryption_version": 2, "deletion_allowed": True},
        {"min_available_version": 2},
    ]


def test_nothing_is_destroyed_unasked(server: FakeServer, client: Client) -> None:
    for words in (("trim", "orders", "2"), ("delete", "orders")):
        assert client("transit", "keys", *words, stdin=b"n\n").code != 0
    assert server.asked == []


def test_keys_are_listed_shown_and_backed_up(server: FakeServer, client: Client) -> None:
    server.on("GET", KEYS, {"items": [META], "next_cursor": None})
    server.on("GET", f"{KEYS}/orders", META)
    server.on("GET", f"{KEYS}/orders/export", {"name": "orders", "type": "t", "kind": "k", "keys": {"1": "PEM"}})
    server.on("GET", f"{KEYS}/orders/backup", {"backup": "e30="})
    server.on("POST", f"{TRANSIT}/restore", META, 201)
    assert client("transit", "keys", "list", "-o", "raw").text == "orders\n"
    assert json.loads(client("transit", "keys", "show", "orders", "-o", "json").text) == META
    assert client("transit", "keys", "export", "orders", "-o", "raw").text == "PEM\n"
    assert client("transit", "keys", "backup", "orders").text == "e30=\n"
    assert client("transit", "keys", "restore", "copy", "--replace", stdin=b"e30=\n").code == 0
    assert server.asked[-1].body == {"backup": "e30=", "name": "copy", "force": True}


@pytest.mark.parametrize("size", [0, 10, 2 * CHUNK + 1])
def test_a_file_is_encrypted_and_decrypted_here(size: int, server: FakeServer, client: Client, tmp_path: Path) -> None:
    server.on("POST", f"{TRANSIT}/datakey", {"ciphertext": "trv:1:k", "version": 1, "plaintext": encoded(DATA_KEY)})
    server.on("POST", f"{TRANSIT}/decrypt", {"plaintext": encoded(DATA_KEY), "version": 1})
    content = os.urandom(size)
    (tmp_path / "plain").write_bytes(content)
    sealed, back = tmp_path / "sealed", tmp_path / "back"
    words = ("--in", str(tmp_path / "plain"), "--out", str(sealed))
    assert client("transit", "encrypt-file", "files", *words).code == 0
    assert client("transit", "decrypt-file", "--in", str(sealed), "--out", str(back)).code == 0
    assert (back.read_bytes(), back.stat().st_mode & 0o777) == (content, 0o600)
    assert [asked.body for asked in server.asked] == [
        {"key": "files", "bits": 256}, {"key": "files", "ciphertext": "trv:1:k"},
    ]  # fmt: skip
    piped = client("transit", "decrypt-file", stdin=sealed.read_bytes())
    assert piped.out == content


def test_of_a_file_that_was_altered_nothing_is_left(server: FakeServer, client: Client, tmp_path: Path) -> None:
    server.on("POST", f"{TRANSIT}/datakey", {"ciphertext": "trv:1:k", "version": 1, "plaintext": encoded(DATA_KEY)})
    server.on("POST", f"{TRANSIT}/decrypt", {"plaintext": encoded(DATA_KEY), "version": 1})
    sealed = client("transit", "encrypt-file", "files", stdin=b"x" * (CHUNK + 5)).out
    cut = client("transit", "decrypt-file", "--out", str(tmp_path / "back"), stdin=sealed[:-1])
    assert (cut.code, list(tmp_path.iterdir())) == (1, [])
    assert b64decode(encoded(DATA_KEY)) == DATA_KEY


def test_no_plaintext_is_taken_from_the_command_line(server: FakeServer, client: Client) -> None:
    assert (client("transit", "encrypt", "orders", "s3cret").code, server.asked) == (2, [])
