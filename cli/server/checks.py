"""What `trstctl serve --check` looks at: each part by itself, so that one run tells of everything that is wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from adapters.credential_file import read_credentials
from adapters.kek_file import load_kek
from adapters.provider_table import kind
from cli.server import hardening
from cli.server.approving import policies_of
from cli.server.config import Settings
from cli.server.config.settings import address
from cli.server.leasing import in_file
from cli.server.stores import open_store
from cli.server.tls import server_context
from domain.approval_policy import check_policies
from domain.errors import Disabled, Misconfigured, StoreUnavailable, TrstctlError


class Finding(NamedTuple):
    """One part: good if it has no problem. A problem that is only a `note` keeps nothing from working."""

    part: str
    problem: str | None
    note: bool = False

    @property
    def failed(self) -> bool:
        """Whether something would not work."""
        return self.problem is not None and not self.note

    def line(self) -> str:
        """As it is printed."""
        return f"{self.part}: {'note: ' if self.note and self.problem else ''}{self.problem or 'ok'}"


def check(settings: Settings, file: Path | None = None) -> Iterator[Finding]:
    """Each part with what is wrong and what to do; `file` is where the settings came from."""
    for part, examine in _PARTS.items():
        yield Finding(part, _problem(examine, settings))
    for part, note in (
        ("machine login", _machine_auth(settings)),
        ("hardening", _hardening()),
        ("store password", _password(settings, file)),
    ):
        if note is not None:
            yield Finding(part, note, note=True)


def _problem(examine: Callable[[Settings], None], settings: Settings) -> str | None:
    try:
        examine(settings)
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
    server_context(settings.tls)


def _listen(settings: Settings) -> None:
    address(settings.listen)


def _store(settings: Settings) -> None:
    database = Path(settings.data_dir) / "trstctl.db"
    if settings.store or database.exists():
        asyncio.run(_opened(settings))
    else:
        # Not to be made by whoever checks: the server's user could not open what root has made.
        _check_can_be_made(database.parent, "data_dir")


async def _opened(settings: Settings) -> None:
    store = await open_store(settings)
    try:
        await store.reader.system_rows("SELECT max(position) FROM events")
    finally:
        await store.close()


def _checkpoints(settings: Settings) -> None:
    _check_can_be_made(Path(settings.audit.checkpoints.dir), "audit.checkpoints.dir")


def _check_can_be_made(folder: Path, key: str) -> None:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise Misconfigured(f"{key}: {nearest} is not a folder; name another")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise StoreUnavailable(f"{key}: this user may not write in {nearest}; run as the server's user, or change that")


def _approvals(settings: Settings) -> None:
    check_policies(policies_of(settings.secrets.approvals))


def _providers(settings: Settings) -> None:
    """Their settings and files; nothing is connected to, `trstctl-cli providers test` does that."""
    for number, provider in enumerate(in_file(settings.secrets.providers)):
        if provider.credentials_file:
            try:
                read_credentials(Path(provider.credentials_file), kind(provider.entry.kind).secrets)
            except Misconfigured as error:
                where = f"secrets.providers[{number}] ({provider.entry.name})"
                raise Misconfigured(f"{where}: {error.message}") from error


_PARTS: Final[dict[str, Callable[[Settings], None]]] = {
    "listen": _listen,
    "TLS": _tls,
    "secrets API": _api,
    "KEK file": _kek,
    "approvals": _approvals,
    "providers": _providers,
    "store": _store,
    "checkpoints": _checkpoints,
}


def _machine_auth(settings: Settings) -> str | None:
    count = len(settings.secrets.machine_auth)
    if not count:
        return None
    return f"secrets.machine_auth has {count} entries, but this version does not serve machine login"


def _hardening() -> str | None:
    if os.environ.get(hardening.SWITCH) != "off":
        return None
    return f"{hardening.SWITCH}=off: values stay in freed memory, and dumps of the process may show them"


def _password(settings: Settings, file: Path | None) -> str | None:
    """A password within the address is as secret as the file it stands in."""
    if not settings.store or urlsplit(settings.store).password is None or "TRSTCTL_STORE" in os.environ:
        return None
    if file is None or not file.stat().st_mode & 0o044:
        return None
    return f"store has a password, and others may read {file}: do chmod 600 {file}, or use store_password_file"
