"""The connection pool under `http`, and its failures told as ours."""

from __future__ import annotations

import ssl
from urllib.parse import SplitResult

import urllib3
from urllib3 import exceptions as http_errors

from cli.client.errors import Unreachable, WrongUsage


class Untrusted(Unreachable):
    """TLS failed, so nothing was sent; trying again cannot help."""


def pool(server: SplitResult, ca_file: str | None) -> urllib3.HTTPConnectionPool:
    """Connections to `server`; over TLS unless its scheme is http. Raises `WrongUsage` if `ca_file` is of no use."""
    host = server.hostname or ""
    if server.scheme == "http":
        return urllib3.HTTPConnectionPool(host, server.port)
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise WrongUsage(
            f"cannot use {ca_file} as the certificates to trust",
            "TRSTCTL_CACERT or --cacert names a readable PEM file",
        ) from None
    return urllib3.HTTPSConnectionPool(host, server.port, ssl_context=context)


def unreachable(error: Exception, where: str) -> Unreachable:
    """What `error`, raised by the pool while sending to `where`, means for the user."""
    if isinstance(error, http_errors.SSLError):
        return _tls_failure(error, where)
    if isinstance(error, http_errors.NameResolutionError):
        return Unreachable(f"there is no host {where}", "is TRSTCTL_SERVER spelled right?")
    if isinstance(error, http_errors.ReadTimeoutError):
        return Unreachable(f"{where} did not answer in time", "give it longer with --timeout SECONDS")
    if isinstance(error, http_errors.ProtocolError):
        return Unreachable(f"{where} closed the connection without an answer", "is it https, and a trstctl server?")
    return Unreachable(f"cannot connect to {where}", "does the server run, and does TRSTCTL_SERVER name it?")


def _tls_failure(error: http_errors.SSLError, where: str) -> Untrusted:
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Untrusted(
            f"the certificate of {where} is not to be trusted: {cause.verify_message}",
            "name the certificate that signed it with TRSTCTL_CACERT or --cacert",
        )
    return Untrusted(f"no TLS with {where}", "is it https there?")
