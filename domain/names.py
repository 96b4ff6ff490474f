"""What a secret may be called."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

from domain.errors import BadName

MAX_PATH: Final = 1024
"""Longest path, in bytes."""
MAX_SEGMENT: Final = 255
"""Longest segment of a path, in bytes."""
RESERVED: Final = frozenset(
    {"approvals", "destroy", "diff", "export", "history", "import", "recover", "references", "undelete"}
)
"""First segments that are routes under `/api/v1/secrets/store/`: a secret of such a name could not be reached."""

_SEGMENT = re.compile(r"[A-Za-z0-9_.~+=:,-]{1,255}\Z")
_STREAMS = UUID("7d3a4c52-6f0e-5b8e-9a51-2c9d1f5e8b10")


@lru_cache(maxsize=8192)
def checked_path(path: str) -> str:
    """`path` unchanged if it keeps the rules; raises `BadName` saying which it breaks."""
    if not path or len(path) > MAX_PATH:
        raise BadName(f"a secret's path has 1 to {MAX_PATH} characters; this one has {len(path)}")
    segments = path.split("/")
    for segment in segments:
        _check_segment(segment, path)
    if segments[0] in RESERVED:
        raise BadName(
            f"{path!r}: the first segment {segments[0]!r} is a route of the API, so the secret could not be reached; "
            f"put it in a folder, such as 'app/{path}'"
        )
    return path


def _check_segment(segment: str, path: str) -> None:
    if segment in {"", ".", ".."}:
        raise BadName(f"{path!r}: segments may not be empty, '.' or '..'; write folder/name without doubled slashes")
    if not _SEGMENT.match(segment):
        raise BadName(
            f"{path!r}: a segment has 1 to {MAX_SEGMENT} of the characters A-Z a-z 0-9 _ . ~ + = : , -; "
            f"{segment!r} does not"
        )


def checked_prefix(prefix: str) -> str:
    """A folder or the beginning of names, to list or import under; empty means everything. Raises `BadName`."""
    trimmed = prefix.removesuffix("/")
    if trimmed:
        for segment in trimmed.split("/"):
            _check_segment(segment, prefix)
    if len(prefix) > MAX_PATH:
        raise BadName(f"a prefix has at most {MAX_PATH} characters")
    return prefix


def joined(prefix: str, path: str) -> str:
    """`prefix` as a folder before `path`."""
    return f"{prefix.rstrip('/')}/{path}" if prefix else path


@lru_cache(maxsize=8192)
def stream_of(kind: str, tenant: str, name: str) -> UUID:
    """The id of the one stream that belongs to this name: a name cannot have two, on any node."""
    return uuid5(_STREAMS, f"{kind}\n{tenant}\n{name}")
