"""`trstctl-cli transit` against a real server: what is encrypted comes back, and OpenSSL agrees on signatures."""

from __future__ import annotations

import os
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.client_calls import Calls
from tests.e2e.server import dev_server


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    with dev_server(tmp_path_factory.mktemp("transit") / "data") as server:
        yield Calls(server)


def test_what_is_encrypted_comes_back_also_after_a_rotation(client: Calls) -> None:
    assert client.json("transit", "keys", "create", "orders")["type"] == "aes256-gcm96"
    plain = b"\x00card 4111\n"
    first = client("transit", "encrypt", "orders", "--aad", "row 7", stdin=plain)
    assert first.text.startswith("trv:1:")
    assert client.json("transit", "keys", "rotate", "orders")["version"] == 2
    assert client("transit", "decrypt", "orders", "--aad", "row 7", stdin=first.out).out == plain
    second = client("transit", "rewrap", "orders", "--aad", "row 7", stdin=first.out)
    assert second.text.startswith("trv:2:")
    assert client("transit", "decrypt", "orders", "--aad", "row 8", stdin=second.out).code != 0


def test_a_body_of_the_mission_is_taken(client: Calls) -> None:
    client.json("transit", "keys", "create", "-f", "-", stdin=b'{"name":"m","kind":"aead"}')
    told = client.json("transit", "encrypt", "-f", "-", stdin=b'{"key":"m","plaintext":"aGVsbG8="}')
    opened = client.json(
        "transit", "decrypt", "-f", "-", stdin=f'{{"key":"m","ciphertext":"{told["ciphertext"]}"}}'.encode()
    )
    assert b64decode(opened["plaintext"]) == b"hello"


def test_openssl_verifies_what_is_signed(client: Calls, tmp_path: Path) -> None:
    client.json("transit", "keys", "create", "ca", "--type", "ecdsa-p256")
    signature = client("transit", "sign", "ca", stdin=b"a message").text.strip()
    (tmp_path / "s").write_bytes(b64decode(signature.rpartition(":")[2]))
    (tmp_path / "message").write_bytes(b"a message")
    (tmp_path / "public.pem").write_text(client("transit", "keys", "export", "ca", "-o", "raw").text)
    words = ["openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", "s", "message"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "Verified OK\n", done.stderr
    (tmp_path / "signature").write_text(signature)
    words = ["transit", "verify", "ca", "--signature", str(tmp_path / "signature")]
    assert client(*words, stdin=b"a message").code == 0
    assert client(*words, stdin=b"another").code == 1


def test_a_file_larger_than_any_request_is_encrypted_here(client: Calls, tmp_path: Path) -> None:
    client.json("transit", "keys", "create", "files")
    content = os.urandom(20 * 1024 * 1024 + 17)
    plain, sealed, back = tmp_path / "plain", tmp_path / "sealed", tmp_path / "back"
    plain.write_bytes(content)
    assert client("transit", "encrypt-file", "files", "--in", str(plain), "--out", str(sealed)).code == 0
    assert client("transit", "decrypt-file", "--in", str(sealed), "--out", str(back)).code == 0
    assert back.read_bytes() == content


def test_keys_are_backed_up_destroyed_and_restored(client: Calls) -> None:
    words = ("--exportable", "--allow-plaintext-backup")
    client.json("transit", "keys", "create", "spare", *words)
    sealed = client("transit", "encrypt", "spare", stdin=b"x").out
    backup = client("transit", "keys", "backup", "spare").out
    assert client("transit", "keys", "delete", "spare", "--yes").code != 0
    client.json("transit", "keys", "set", "spare", "--deletion-allowed")
    assert client("transit", "keys", "delete", "spare", "--yes").code == 0
    assert client("transit", "decrypt", "spare", stdin=sealed).code != 0
    client.json("transit", "keys", "restore", stdin=backup)
    assert client("transit", "decrypt", "spare", stdin=sealed).out == b"x"


def test_each_scope_gives_its_own_use_alone(client: Calls) -> None:
    client.json("transit", "keys", "create", "narrow")
    encrypts = client.limited_to("keys:encrypt:narrow")
    sealed = encrypts("transit", "encrypt", "narrow", stdin=b"x")
    assert sealed.code == 0
    assert encrypts("transit", "decrypt", "narrow", stdin=sealed.out).code == 4
    assert encrypts("transit", "encrypt", "orders", stdin=b"x").code == 4
    assert client.limited_to("keys:decrypt:narrow")("transit", "decrypt", "narrow", stdin=sealed.out).out == b"x"
