"""A KEK file is used only if nobody but the server can read or replace it, and each refusal says what to do."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from adapters import kek_file
from adapters.kek_file import create_kek_file, load_kek, write_kek_file
from adapters.locked_memory import LockedBuffer
from domain.errors import KeyUnavailable, Misconfigured

KEY = bytes(range(32))
KEY_ID = sha256(b"trstctl-kek/v1" + KEY).hexdigest()[:16]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kek.bin"


def written(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(KeyUnavailable) as caught:
        load_kek(path)
    assert str(path) in caught.value.message or str(path.parent) in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    "content",
    [KEY, KEY.hex().encode(), KEY.hex().upper().encode(), KEY.hex().encode() + b"\n", KEY.hex().encode() + b"\r\n"],
    ids=["raw", "hex", "upper-case hex", "hex line", "hex DOS line"],
)
def test_load_of_raw_or_hex_gives_the_same_key(path: Path, content: bytes) -> None:
    kek = load_kek(written(path, content))
    assert kek.id == KEY_ID
    assert bytes(kek.view()) == KEY


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_load_of_an_owner_only_file_is_allowed(path: Path, mode: int) -> None:
    assert load_kek(written(path, KEY, mode)).id == KEY_ID


def test_load_of_an_absent_file_says_how_to_create_one(path: Path) -> None:
    assert "head -c 32 /dev/urandom" in refusal(path)


def test_load_from_an_absent_folder_is_refused(tmp_path: Path) -> None:
    assert "folder cannot be opened" in refusal(tmp_path / "absent" / "kek.bin")


def test_load_of_a_symbolic_link_is_refused(tmp_path: Path, path: Path) -> None:
    path.symlink_to(written(tmp_path / "real.bin", KEY))
    assert "symbolic link" in refusal(path)


def as_folder(path: Path) -> None:
    path.mkdir(mode=0o700)


def as_pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("make", [as_folder, as_pipe])
def test_load_of_what_is_no_regular_file_is_refused_without_waiting(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    assert "not a regular file" in refusal(path)


def test_load_of_a_socket_is_refused(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert "cannot be opened" in refusal(path)


def test_load_of_another_users_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(path, KEY)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert "run: chown" in refusal(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666, 0o777])
def test_load_of_a_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    assert "chmod 600" in refusal(written(path, KEY, mode))


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_load_from_a_folder_where_others_may_replace_the_file_is_refused(path: Path, mode: int) -> None:
    written(path, KEY)
    path.parent.chmod(mode)
    assert "chmod go-w" in refusal(path)


def test_load_from_a_sticky_folder_is_allowed(path: Path) -> None:
    written(path, KEY)
    path.parent.chmod(0o1777)
    assert load_kek(path).id == KEY_ID


@pytest.mark.parametrize("size", [0, 1, 16, 31, 33, 63, 66, 67, 5000])
def test_load_of_another_length_is_refused(path: Path, size: int) -> None:
    assert "32 raw bytes or 64 hexadecimal digits" in refusal(written(path, b"a" * size))


@pytest.mark.parametrize(
    "content", [b"g" * 64, b"0" * 63 + b"\n", KEY.hex().encode() + b"x", KEY.hex().encode() + b" \n"]
)
def test_load_of_what_is_no_hexadecimal_is_refused(path: Path, content: bytes) -> None:
    refusal(written(path, content))


@pytest.mark.parametrize("content", [bytes(32), b"\xff" * 32, b"0" * 64])
def test_load_of_one_byte_repeated_is_refused(path: Path, content: bytes) -> None:
    assert "no random key" in refusal(written(path, content))


def test_load_wipes_what_it_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = os.readv, []

    def readv(file: int, buffers: list[bytearray]) -> int:
        seen.extend(buffers)
        return real(file, buffers)

    monkeypatch.setattr(os, "readv", readv)
    load_kek(written(path, KEY))
    assert seen == [bytearray(67)]


def test_create_writes_an_owner_only_key_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        created = create_kek_file(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.stat().st_nlink == 1
    assert load_kek(path).id == created
    assert [found.name for found in path.parent.iterdir()] == ["kek.bin"]


def test_create_never_overwrites(path: Path) -> None:
    written(path, KEY)
    with pytest.raises(Misconfigured, match="exists"):
        create_kek_file(path)
    assert path.read_bytes() == KEY
    assert [found.name for found in path.parent.iterdir()] == ["kek.bin"]


def test_create_in_an_absent_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="cannot be written"):
        create_kek_file(tmp_path / "absent" / "kek.bin")


def test_create_wipes_the_key_it_drew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bytearray(KEY)
    monkeypatch.setattr(kek_file, "fresh_key", lambda: key)
    create_kek_file(path)
    assert path.read_bytes() == KEY
    assert key == bytes(32)


def test_write_that_fails_half_way_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda *_: 5)
    with pytest.raises(KeyUnavailable, match="in part only"):
        write_kek_file(path, KEY)
    assert list(path.parent.iterdir()) == []


def test_kek_shows_its_id_alone(path: Path) -> None:
    assert repr(load_kek(written(path, KEY))) == f"Kek({KEY_ID})"


def test_kek_that_was_wiped_is_zero_and_refuses(path: Path) -> None:
    kek = load_kek(written(path, KEY))
    view = kek.view()
    kek.wipe()
    kek.wipe()
    assert view == bytes(32)
    for use in (kek.view, lambda: kek.wrap(KEY, b""), lambda: kek.unwrap(bytes(60), b"")):
        with pytest.raises(KeyUnavailable):
            use()


def locked_kilobytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmLck:")[1].split()[0])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_key_memory_is_locked_where_the_system_allows_it() -> None:
    before = locked_kilobytes()
    buffer = LockedBuffer(32)
    assert locked_kilobytes() - before == (4 if buffer.locked else 0)
    assert repr(buffer) == "LockedBuffer(<32 bytes redacted>)"


def test_key_memory_works_where_the_system_refuses_to_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.locked_memory._mlock", lambda *_: False)
    buffer = LockedBuffer(32)
    buffer.view[:] = KEY
    buffer.wipe()
    assert (buffer.locked, bytes(buffer.view)) == (False, bytes(32))
