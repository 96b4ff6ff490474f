"""Looking through the memory of another process."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

_CAP_SYS_PTRACE: Final = 19
_PIECE: Final = 16 * 1024 * 1024


def may_look() -> bool:
    """Whether we may read the memory of a process that has closed itself to debuggers: CAP_SYS_PTRACE, as root has."""
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> _CAP_SYS_PTRACE & 1)


def copies(pid: int, wanted: Collection[bytes]) -> dict[bytes, int]:
    """How often each of `wanted` lies in the memory of a process; those that do not lie there are left out."""
    found: dict[bytes, int] = {}
    longest = max(len(each) for each in wanted)
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        for start, end in _regions(pid):
            for content in _pieces(memory, start, end, longest - 1):
                for each in wanted:
                    if count := content.count(each):
                        found[each] = found.get(each, 0) + count
    finally:
        os.close(memory)
    return found


def _regions(pid: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, permissions, *_ = line.split()
        if permissions.startswith("r"):
            start, _, end = span.partition("-")
            yield int(start, 16), int(end, 16)


def _pieces(memory: int, start: int, end: int, overlap: int) -> Iterator[bytes]:
    """The region in pieces that overlap, so that nothing is cut in two."""
    for at in range(start, end, _PIECE):
        try:
            yield os.pread(memory, min(_PIECE + overlap, end - at), at)
        except OSError as error:
            if error.errno != errno.EIO:  # a region that nothing lies behind, such as [vvar]
                raise
