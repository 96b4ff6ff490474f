"""Keeping values out of what outlives them: freed memory, core dumps, other processes' debuggers.

The interpreter and the C library read their settings at start, so the process replaces itself once with the right ones.
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import sys
from collections.abc import Mapping
from typing import Final

from domain.errors import Misconfigured

TUNABLES: Final = {"glibc.malloc.perturb": "165", "glibc.malloc.tcache_count": "0"}
"""Freed memory is overwritten with 165; without a thread cache, which would keep small chunks as they were."""

_MARK: Final = "TRSTCTL_HARDENED"
_PR_SET_DUMPABLE: Final = 4
_log = logging.getLogger("trstctl.hardening")


def hardened(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a hardened process; other tunables are kept."""
    tunables = dict(each.split("=", 1) for each in environment.get("GLIBC_TUNABLES", "").split(":") if "=" in each)
    joined = ":".join(f"{name}={value}" for name, value in (tunables | TUNABLES).items())
    return {**environment, "PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": joined, _MARK: "1"}


def ensure() -> None:
    """Replace this process by a hardened one, once, then close it to dumps and debuggers.

    `TRSTCTL_HARDENING=off` leaves it as it is, with a warning. Raises `Misconfigured` where the system refuses.
    """
    if os.environ.get("TRSTCTL_HARDENING") == "off":
        _log.warning("hardening is off: values stay in freed memory, and dumps of this process may show them")
        return
    if os.environ.get(_MARK) != "1":
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], hardened(os.environ))  # noqa: S606 - ourselves
    os.environ.pop(_MARK)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise Misconfigured(f"the process cannot be closed to dumps: {os.strerror(ctypes.get_errno())}")
