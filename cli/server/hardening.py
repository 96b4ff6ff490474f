"""Keeping values out of what outlives them: freed memory, core dumps, other processes' debuggers.

The interpreter and the C library read their settings at start, so the process replaces itself once with the right ones.
"""

from __future__ import annotations

import ctypes
import logging
import os
import platform
import resource
import sys
from collections.abc import Mapping
from typing import Final

from domain.errors import Misconfigured

TUNABLES: Final = {"glibc.malloc.perturb": "165", "glibc.malloc.tcache_count": "0"}
"""Freed memory is overwritten with 165; without a thread cache, which would keep small chunks as they were."""

SWITCH: Final = "TRSTCTL_HARDENING"
_MARK: Final = "TRSTCTL_HARDENED"
"""Holds the id of the process that has replaced itself, so that it does so once; a child's id is another."""
_PR_SET_DUMPABLE: Final = 4
_log = logging.getLogger("trstctl.hardening")


def hardened(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a hardened process; other tunables are kept."""
    tunables = _tunables(environment) | TUNABLES
    joined = ":".join(f"{name}={value}" for name, value in tunables.items())
    return {**environment, "PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": joined}


def is_hardened(environment: Mapping[str, str]) -> bool:
    """Whether a process that started with this environment overwrites what it frees."""
    return environment.get("PYTHONMALLOC") == "malloc" and TUNABLES.items() <= _tunables(environment).items()


def _tunables(environment: Mapping[str, str]) -> dict[str, str]:
    given = environment.get("GLIBC_TUNABLES", "").split(":")
    return dict(each.split("=", 1) for each in given if "=" in each)


def ensure() -> None:
    """Replace this process by a hardened one, once, then close it to dumps and debuggers.

    `TRSTCTL_HARDENING=off` leaves it as it is, with a warning. Raises `Misconfigured` where the system refuses.
    """
    switch = os.environ.get(SWITCH, "on")
    if switch not in {"on", "off"}:
        raise Misconfigured(f"environment: {SWITCH} is on or off; leave it out for on")
    if switch == "off":
        _log.warning("HARDENING IS OFF: values stay in freed memory, and dumps of this process may show them")
        return
    if not is_hardened(os.environ):
        _replace()
    os.environ.pop(_MARK, None)
    _require_effect()
    _close_to_dumps()


def _replace() -> None:
    if os.environ.get(_MARK) == str(os.getpid()):
        raise Misconfigured(f"the environment for hardening does not last in this process; or set {SWITCH}=off")
    sys.stdout.flush()
    environment = {**hardened(os.environ), _MARK: str(os.getpid())}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - ourselves


def _require_effect() -> None:
    if sys.flags.ignore_environment:
        raise Misconfigured(f"Python runs with -E or -I and ignores PYTHONMALLOC: run without, or set {SWITCH}=off")
    if platform.libc_ver()[0] != "glibc":
        _log.warning("this C library is not glibc: values stay in freed memory until it is used again")


def _close_to_dumps() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise Misconfigured(f"the process cannot be closed to dumps: {os.strerror(ctypes.get_errno())}")
