"""Credentials of a backend that the configuration file names: in a file that only the server's user can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from domain.errors import Misconfigured

_MOST: Final = 64 * 1024
"""Longest file, in bytes."""


def read_credentials(path: Path, names: Sequence[str]) -> dict[str, str]:
    """The secret settings in `path`: a JSON object of `names`, or else the first of them alone, as it stands there.

    Demanded: a regular file, not a link, owned by this process's user or root, closed to others than its group. It is
    read anew each time a backend is opened. Raises `Misconfigured` naming the file and the remedy, never its content.
    """
    text = _read(path)
    try:
        decoded = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError:
        decoded = {}
    if decoded and set(decoded) <= set(names):
        return decoded
    return {names[0]: text.strip()} if names else {}


def _read(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Misconfigured(
            f"credentials file {path}: {error.strerror}; name a regular file of the server's"
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        _check(path, os.fstat(descriptor))
        text = file.read(_MOST + 1)
    if len(text) > _MOST:
        raise Misconfigured(f"credentials file {path} has more than {_MOST} bytes")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise Misconfigured(f"credentials file {path} is not UTF-8 text") from None


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Misconfigured(f"credentials file {path} is not a regular file")
    if found.st_uid not in {0, os.geteuid()}:
        raise Misconfigured(f"credentials file {path} belongs to user {found.st_uid}; run: chown {os.geteuid()} {path}")
    if found.st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        mode = stat.S_IMODE(found.st_mode)
        raise Misconfigured(
            f"credentials file {path} has mode {mode:04o}: others could read it; run: chmod 0600 {path}"
        )
