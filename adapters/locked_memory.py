"""A buffer for a key, kept out of swap and of core dumps where the system allows it, and wiped on demand."""

from __future__ import annotations

import ctypes
import mmap


class LockedBuffer:
    """`size` bytes in memory pages of their own: `mlock`ed (never swapped) and left out of core dumps.

    `locked` says whether the system granted the lock (RLIMIT_MEMLOCK may forbid it); the buffer works either way.
    """

    __slots__ = ("_pages", "locked", "view")

    def __init__(self, size: int) -> None:
        self._pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.locked = _mlock(self._pages, size)
        if hasattr(mmap, "MADV_DONTDUMP"):  # Linux
            self._pages.madvise(mmap.MADV_DONTDUMP)
        self.view = memoryview(self._pages)

    def wipe(self) -> None:
        """Overwrite the bytes with zeros; the buffer stays usable."""
        self.view[:] = bytes(len(self.view))

    def __repr__(self) -> str:
        return f"LockedBuffer(<{len(self.view)} bytes redacted>)"


def _mlock(pages: mmap.mmap, size: int) -> bool:
    """POSIX mlock(2) of these pages; False if the system refuses or has no such call."""
    mlock = getattr(ctypes.CDLL(None), "mlock", None)
    if mlock is None:
        return False
    mlock.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    return bool(mlock(ctypes.addressof(ctypes.c_char.from_buffer(pages)), size) == 0)
