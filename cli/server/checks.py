"""What `trstctl serve --check` looks at: each part by itself, so that one run tells of everything that is wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

from adapters.kek_file import load_kek
from cli.server.config import Settings
from cli.server.stores import open_store
from domain.errors import Disabled, Misconfigured, TrstctlError


def check(settings: Settings) -> Mapping[str, str | None]:
    """By part: None if it is good, or what is wrong and what to do."""
    parts: dict[str, Callable[[Settings], None]] = {
        "secrets API": _api,
        "KEK file": _kek,
        "TLS": _tls,
        "store": _store,
        "machine login": _machine_auth,
    }
    return {name: _problem(part, settings) for name, part in parts.items()}


def _problem(part: Callable[[Settings], None], settings: Settings) -> str | None:
    try:
        part(settings)
    except TrstctlError as error:
        return error.message
    return None


def _api(settings: Settings) -> None:
    if not settings.secrets.enable_api:
        raise Disabled(
            "off: secrets routes answer 503; set secrets.enable_api: true or TRSTCTL_SECRETS_ENABLE_API=true"
        )


def _kek(settings: Settings) -> None:
    load_kek(Path(settings.secrets.kek_file)).wipe()


def _tls(settings: Settings) -> None:
    cert, key = settings.tls.cert_file, settings.tls.key_file
    if not cert or not key:
        raise Misconfigured("no certificate: set tls.cert_file and tls.key_file to PEM files")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"{cert} and {key} do not make a certificate with its key: {error}") from error


def _store(settings: Settings) -> None:
    async def opened() -> None:
        store = await open_store(settings)
        await store.close()

    asyncio.run(opened())


def _machine_auth(settings: Settings) -> None:
    count = len(settings.secrets.machine_auth)
    if count:
        raise Disabled(f"secrets.machine_auth has {count} entries, but this version does not serve machine login")
