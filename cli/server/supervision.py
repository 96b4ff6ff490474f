"""Telling systemd how we are, by the protocol of sd_notify(3): a datagram to the socket it names, if it does."""

from __future__ import annotations

import logging
import os
import socket

_log = logging.getLogger("trstctl.serving")


def notify(state: str) -> None:
    """Tell the supervisor `state`, such as `READY=1` or `STOPPING=1`; nothing if there is none. Never fails."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return
    address = f"\0{name[1:]}" if name.startswith("@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(state.encode(), address)
    except OSError as error:
        _log.warning("the supervisor cannot be told", extra={"state": state, "reason": error.strerror})
