"""TLS as the server offers it: 1.2 and newer, with the certificate that the configuration names."""

from __future__ import annotations

import os
import shlex
import ssl
import stat
from pathlib import Path

from cli.server.config.settings import Tls
from domain.errors import Misconfigured

_NONE = (
    "no certificate: set tls.cert_file and tls.key_file (TRSTCTL_TLS_CERT_FILE, TRSTCTL_TLS_KEY_FILE) to PEM files;"
    " to try things out, `trstctl dev` makes its own"
)


def server_context(tls: Tls) -> ssl.SSLContext:
    """What new connections are given; raises `Misconfigured` naming the file that cannot be used and why."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    load_certificate(context, tls)
    return context


def load_certificate(context: ssl.SSLContext, tls: Tls) -> None:
    """Read the certificate and its key into `context`, again or for the first time; raises `Misconfigured`."""
    if not tls.cert_file or not tls.key_file:
        raise Misconfigured(_NONE)
    _check_readable("tls.cert_file", Path(tls.cert_file))
    _check_closed("tls.key_file", Path(tls.key_file), _check_readable("tls.key_file", Path(tls.key_file)))
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, password=_refuse_password)
    except ssl.SSLError as error:
        reason = error.reason or "not PEM"
        raise Misconfigured(
            f"tls: {tls.cert_file} and {tls.key_file} are not a certificate and its private key in PEM ({reason})"
        ) from error


def _check_readable(key: str, path: Path) -> os.stat_result:
    try:
        with path.open("rb") as opened:
            return os.fstat(opened.fileno())
    except OSError as error:
        raise Misconfigured(f"{key}: {path}: {error.strerror}; name a PEM file that this user may read") from error


def _check_closed(key: str, path: Path, found: os.stat_result) -> None:
    # Not closed to the group: certificates are often kept for a group of services.
    if found.st_mode & stat.S_IRWXO:
        mode = stat.S_IMODE(found.st_mode)
        remedy = f"chmod o= {shlex.quote(str(path))}"
        raise Misconfigured(f"{key}: {path} has mode {mode:04o}, open to every user of this machine; do: {remedy}")


def _refuse_password() -> str:
    # Without this, OpenSSL would ask at the terminal and hang where there is none.
    raise Misconfigured("tls.key_file: the key is encrypted; decrypt it: openssl pkey -in KEY -out KEY.new, mode 0600")
