"""Runs a command in a process of its own and stands in for it: signals, stops and the exit code pass through.

The command's process is a copy of ours that first does whatever has to be done (fetching the secrets), then becomes
the command by exec. So the values are never in the process that stays, and in the other one exec discards the whole
memory that held them: nothing is left to wipe.

Both processes are in one process group, so that the terminal treats them as one job: what a person types (Ctrl-C,
Ctrl-Z) and a change of the window's size reach the command from the kernel. Only what was sent to us alone is
forwarded.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Final, NoReturn

_OURS: Final = frozenset(
    {
        signal.SIGKILL,  # cannot be caught
        signal.SIGSTOP,
        signal.SIGCHLD,  # tells us of the command
        signal.SIGSEGV,  # our own faults
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGTRAP,
        signal.SIGSYS,
        signal.SIGPIPE,
        signal.SIGTTIN,  # ours if we touch the terminal from the background
        signal.SIGTTOU,
    }
)
_FORWARDED: Final = frozenset(signal.valid_signals()) - _OURS
_AWAITED: Final = _FORWARDED | {signal.SIGCHLD}
_SENT_BY_KERNEL: Final = 0x80
"""`SI_KERNEL` in siginfo.si_code: for these signals, typed at the terminal and so sent to the whole process group."""


def supervise(become: Callable[[], NoReturn], beside: Callable[[], None] = lambda: None) -> int:
    """Fork; in the child call `become`, here wait for it. Returns the exit code, 128+n if signal n ended it.

    `beside` is called here, once, to start threads that do something while the command runs: started now, they have the
    signals blocked that we wait for, which stay so when this returns. What `become` raises leaves this function in the
    child, for the caller to report and exit with.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    child = os.fork()
    if child == 0:
        _prepare(before)
        become()
    beside()
    return _waited(child)


def _prepare(mask: set[signal.Signals] | set[int]) -> None:
    """From now on signals are the child's own: one that ends programs ends it, also while it still fetches."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _waited(child: int) -> int:
    while True:
        received = signal.sigwaitinfo(_AWAITED)
        if received.si_signo != signal.SIGCHLD:
            if not _has_it_already(child, received):
                os.kill(child, received.si_signo)
        elif (code := _news_of(child)) is not None:
            return code


def _has_it_already(child: int, received: signal.struct_siginfo) -> bool:
    """Whether the terminal sent it, to a group the command is in; it would get a second Ctrl-C."""
    return received.si_code == _SENT_BY_KERNEL and os.getpgid(child) == os.getpgrp()


def _news_of(child: int) -> int | None:
    """The exit code once the command has ended. Reaps others too: as process 1 of a container we inherit orphans."""
    while news := os.waitid(os.P_ALL, 0, os.WEXITED | os.WSTOPPED | os.WNOHANG):
        if news.si_pid != child:
            continue
        if news.si_code == os.CLD_EXITED:
            return news.si_status
        if news.si_code in {os.CLD_KILLED, os.CLD_DUMPED}:
            return 128 + news.si_status
        _stop_as_well()
    return None


def _stop_as_well() -> None:
    """The command stopped. Where a shell controls jobs, it waits for us to stop: stop, until `fg` or `bg`.

    Its SIGCONT goes to the group, and we forward the one we get. Without a terminal nobody would continue us.
    """
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGSTOP)
