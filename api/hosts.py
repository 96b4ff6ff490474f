"""Which `Host` a request names: one, that is one (RFC 9112 section 3.2)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from api.asgi import Scope, header, is_repeated
from domain.errors import Invalid

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+,;=-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?\Z")
"""A name or an address, that of IPv6 in brackets, and perhaps a port: RFC 3986 section 3.2.2."""
_LAST_PORT: Final = 65_535


def must_name_a_host(scope: Scope) -> None:
    """Raises `Invalid`; only before HTTP/1.1 a request need not name one."""
    host = header(scope, b"host")
    if host is None:
        if scope["http_version"] == "1.1":
            raise Invalid("the request has no Host; name the server in one")
    elif not _is_host(host) or is_repeated(scope, b"host"):
        raise Invalid("the Host of this request is none; send one, such as Host: secrets.example:8443")


@lru_cache(maxsize=256)
def _is_host(text: str) -> bool:
    found = _HOST.match(text)
    return found is not None and int(found[1] or 0) <= _LAST_PORT
