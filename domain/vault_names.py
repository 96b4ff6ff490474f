"""Vault's paths and the store's: every path that a Vault client may use has one name here, and names go back.

The store's names have few characters (`domain.names`); what Vault allows besides is written as `~` and two upper-case
hexadecimal digits for each byte of its UTF-8. A `~` that could be read so is itself written `~7E`. Secrets of mounts
other than `secret/` lie in a folder `mount:<path of the mount>`; first segments that are taken end in `~00` here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from domain.names import RESERVED, checked_path

STORE: Final = "secret/"
"""The mount whose names are the store's own."""
FOLDER: Final = "mount:"
_TAKEN: Final = "~00"
_ESCAPE = re.compile(r"~([0-9A-F]{2})")
_FREE = re.compile(r"[A-Za-z0-9_.+=:,/-]")
_ALL_FREE = re.compile(r"[A-Za-z0-9_.+=:,/-]*\Z")


@lru_cache(maxsize=8192)
def native_path(mount: str, path: str) -> str:
    """The name in the store of `path` in the mount `mount` (with its trailing slash); raises `BadName`."""
    return checked_path(native_prefix(mount, path))


def native_prefix(mount: str, prefix: str) -> str:
    """How the names in the store begin of the paths that begin with `prefix`; nothing is checked."""
    encoded = prefix
    if not _ALL_FREE.match(prefix):
        encoded = "".join(_encoded(prefix, index) for index in range(len(prefix)))
    if mount != STORE:
        return f"{FOLDER}{mount}{encoded}"
    first, slash, rest = encoded.partition("/")
    return f"{first}{_TAKEN}{slash}{rest}" if _is_taken(first) else encoded


def vault_path(name: str) -> tuple[str, str]:
    """The longest possible mount and the path of a name of the store: the inverse of `native_path`.

    For a name in a mount's folder the mount is empty, and the path begins with the mount's own.
    """
    if name.startswith(FOLDER) and not name.partition("/")[0].endswith(_TAKEN):
        return "", vault_text(name.removeprefix(FOLDER))
    return STORE, vault_text(name)


def vault_text(name: str) -> str:
    """A name, or a piece of one between slashes, as Vault's clients write it."""
    first, slash, rest = name.partition("/")
    bare = first.removesuffix(_TAKEN)
    plain = f"{bare}{slash}{rest}" if _is_taken(bare) else name
    try:
        return b"".join(_decoded(part) for part in _split(plain)).decode()
    except UnicodeDecodeError:
        return plain


def _is_taken(first: str) -> bool:
    return first in RESERVED or first.startswith(FOLDER)


def _encoded(text: str, index: int) -> str:
    character = text[index]
    if _FREE.match(character) or (character == "~" and not _reads_as_escape(text[index : index + 3])):
        return character
    return "".join(f"~{byte:02X}" for byte in character.encode())


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"(~[0-9A-F]{2})", text) if part]


def _decoded(part: str) -> bytes:
    return bytes([int(part[1:], 16)]) if _reads_as_escape(part) else part.encode()


def _reads_as_escape(part: str) -> bool:
    match = _ESCAPE.fullmatch(part)
    if match is None:
        return False
    byte = int(match[1], 16)
    return byte >= 0x80 or byte == 0x7E or (byte >= 0x20 and not _FREE.match(chr(byte)))
