"""KEK files: read from a file that nobody but the server may touch, and created whole or not at all.

The file holds 32 raw bytes, or 64 hexadecimal digits with or without a line end; nothing else is a key.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from adapters.crypto import KEY_BYTES, Bytes, fresh_key
from adapters.kek import Kek, kek_id
from adapters.locked_memory import LockedBuffer
from domain.errors import KeyUnavailable, Misconfigured

_DIGITS: Final = 2 * KEY_BYTES
_DIGIT_VALUES: Final = {ord(digit): int(digit, 16) for digit in "0123456789abcdefABCDEF"}
_LONGEST: Final = _DIGITS + len("\r\n")


def load_kek(path: Path) -> Kek:
    """The KEK in `path`; raises `KeyUnavailable` naming the file, what is wrong with it and the remedy.

    Demanded: a regular file, not a link, owned by this process's user, closed to group and others, in a folder where
    nobody else may replace it. All of it is checked on the one descriptor that is then read.
    """
    with _opened(path) as (folder, file):
        _check_folder(path.parent, os.fstat(folder))
        _check_custody(path, os.fstat(file))
        text = bytearray(_LONGEST + 1)
        try:
            return Kek(_decoded(path, memoryview(text)[: os.readv(file, [text])]))
        except OSError as error:
            raise KeyUnavailable(f"KEK file {path} cannot be read: {error.strerror}") from error
        finally:
            text[:] = bytes(len(text))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int, int]]:
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KeyUnavailable(f"KEK file {path}: its folder cannot be opened: {error.strerror}") from error
    try:
        file = _open_in(folder, path)
        try:
            yield folder, file
        finally:
            os.close(file)
    finally:
        os.close(folder)


def _open_in(folder: int, path: Path) -> int:
    try:
        # Not to block: opening a FIFO must not hang the start-up.
        return os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        remedy = f"create it with: (umask 077; head -c {KEY_BYTES} /dev/urandom > {path}), and keep a copy elsewhere"
        raise KeyUnavailable(f"KEK file {path} is absent; {remedy}") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KeyUnavailable(f"KEK file {path} is a symbolic link; name the file that it points to") from error
        raise KeyUnavailable(f"KEK file {path} cannot be opened: {error.strerror}") from error


def _check_folder(folder: Path, found: os.stat_result) -> None:
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX:
        mode = stat.S_IMODE(found.st_mode)
        raise KeyUnavailable(
            f"the KEK file's folder {folder} has mode {mode:04o}: others could replace it; run: chmod go-w {folder}"
        )


def _check_custody(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyUnavailable(f"KEK file {path} is not a regular file; name a file that holds {KEY_BYTES} bytes")
    if found.st_uid != os.geteuid():
        raise KeyUnavailable(
            f"KEK file {path} belongs to user {found.st_uid}, this process runs as user {os.geteuid()}; "
            f"run: chown {os.geteuid()} {path}, or run as the user it belongs to"
        )
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(found.st_mode)
        raise KeyUnavailable(f"KEK file {path} has mode {mode:04o}, open to group or others; run: chmod 600 {path}")


def _decoded(path: Path, text: memoryview) -> LockedBuffer:
    key = LockedBuffer(KEY_BYTES)
    if len(text) == KEY_BYTES:
        key.view[:] = text
    elif _is_hex(text):
        for at in range(KEY_BYTES):  # digit by digit: `unhexlify` would leave a copy in an immutable `bytes`
            key.view[at] = _DIGIT_VALUES[text[2 * at]] << 4 | _DIGIT_VALUES[text[2 * at + 1]]
    else:
        size = f"{len(text)} bytes" if len(text) <= _LONGEST else f"more than {_LONGEST} bytes"
        raise KeyUnavailable(
            f"KEK file {path} has {size}; a KEK is {KEY_BYTES} raw bytes or {_DIGITS} hexadecimal digits"
        )
    if len(set(key.view)) == 1:
        raise KeyUnavailable(f"KEK file {path} repeats one byte {KEY_BYTES} times: that is no random key")
    return key


def _is_hex(text: memoryview) -> bool:
    digits, end = text[:_DIGITS], bytes(text[_DIGITS:])
    return len(digits) == _DIGITS and end in {b"", b"\n", b"\r\n"} and all(digit in _DIGIT_VALUES for digit in digits)


def create_kek_file(path: Path) -> str:
    """Write a fresh random KEK to a new file, mode 0600, whole or not at all, and return its id.

    Raises `Misconfigured` if `path` exists, `KeyUnavailable` if it cannot be written.
    """
    key = fresh_key()
    try:
        write_kek_file(path, key)
        return kek_id(key)
    finally:
        key[:] = bytes(len(key))


def write_kek_file(path: Path, key: Bytes) -> None:
    """Write `key` to a new file, mode 0600, whole or not at all. Raises like `create_kek_file`."""
    # In the same folder and of the same mode, so that the key never lies in a weaker place than its own.
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        try:
            _write_durably(draft, key)
            os.link(draft, path, follow_symlinks=False)  # unlike rename(2), link(2) never replaces a file
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except FileExistsError as error:
        raise Misconfigured(f"{path} exists; a KEK is never overwritten: name another file, or use this one") from error
    except OSError as error:
        raise KeyUnavailable(f"KEK file {path} cannot be written: {error.strerror}") from error


def _write_durably(path: Path, key: Bytes) -> None:
    file = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR
    )
    try:
        if os.write(file, key) != len(key):
            raise OSError(errno.EIO, "the key was written in part only")
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(folder: Path) -> None:
    """Make names that were created, linked or renamed in `folder` survive a crash; raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
