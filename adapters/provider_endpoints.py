"""Addresses of a cloud's endpoints, as settings of a connection."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta

Endpoint = Annotated[str, Meta(min_length=9, max_length=1000, pattern=r"^https?://[^\s\\]+$(?!\n)")]
"""An address, which `checked_endpoint` looks at more closely."""
CaFile = Annotated[
    str,
    Meta(max_length=4096, description="PEM file of the authorities that may vouch for the endpoints; else certifi's."),
]

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def checked_endpoint(field: str, url: str) -> None:
    """Raises `ValueError` unless it is https to a host, with no more than a path; http is for this machine alone."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{field} is no address") from None
    if not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{field} is https://host[:port][/path], without user, query or fragment")
    if parts.scheme != "https" and host not in _LOOPBACK:
        raise ValueError(f"{field} is http: what goes there could be read on the way; use https")
