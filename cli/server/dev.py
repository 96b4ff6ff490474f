"""What `trstctl dev` makes, once: folder, key, certificate, tenant, token, and the lines to paste."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from adapters.crypto import self_signed_certificate
from adapters.kek_file import create_kek_file
from cli.server.compose import Runtime, now, open_runtime
from cli.server.config import Settings, load
from cli.server.migrating import migrated
from domain.commands.tenants import operator
from domain.errors import Misconfigured, TrstctlError, Unauthenticated

TENANT: Final = "default"
_TOKEN: Final = re.compile(r"^export TRSTCTL_TOKEN=(trst_[0-9A-Za-z]+)$", re.MULTILINE)
_CERTIFICATE_DAYS: Final = 3650
"""It is trusted for being this very file, on this machine; a shorter life would only be an end to look after."""


def settings_for(folder: Path, port: int, store: str = "") -> Settings:
    """How the server in `folder` is served; raises `Misconfigured`. The environment's other files are left aside."""
    listen = f"127.0.0.1:{port}"
    base = load(keep_environment_paths=False, data_dir=str(folder), store=store, listen=listen, public_url="")
    return msgspec.structs.replace(
        base,
        secrets=msgspec.structs.replace(base.secrets, enable_api=True, kek_file=str(folder / "kek")),
        tls=msgspec.structs.replace(base.tls, cert_file=str(folder / "tls.crt"), key_file=str(folder / "tls.key")),
    )


def prepared_settings(folder: Path, port: int, store: str = "") -> Settings:
    """The same, with the files that it names made if they are not there; raises like `make_files`."""
    settings = settings_for(folder, port, store)
    make_files(folder)
    return settings


def make_files(folder: Path) -> None:
    """The folder, its key and its certificate, unless they are there; raises `Misconfigured`, `KeyUnavailable`."""
    _make_folder(folder)
    kek, cert, key = folder / "kek", folder / "tls.crt", folder / "tls.key"
    if not os.path.lexists(kek):
        _refuse_to_replace(kek)
        create_kek_file(kek)
    if not (cert.exists() and key.exists()):
        _make_certificate(cert, key)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.stat()
        if state.st_uid == os.geteuid() and stat.S_IMODE(state.st_mode) & 0o077 and not any(folder.iterdir()):
            folder.chmod(0o700)  # made for us, and nothing in it yet
            state = folder.stat()
    except OSError as error:
        raise Misconfigured(f"{folder}: {error.strerror}; name another folder with --data-dir") from error
    if state.st_uid != os.geteuid() or stat.S_IMODE(state.st_mode) & 0o077:
        raise Misconfigured(f"{folder} must be yours alone; do: chmod 700 {shlex.quote(str(folder))}")


def _refuse_to_replace(kek: Path) -> None:
    """A new key would not open what the old one has sealed."""
    left = [name for name in ("trstctl.db", "dev.env") if (kek.parent / name).exists()]
    if left:
        folder = shlex.quote(str(kek.parent))
        raise Misconfigured(
            f"{kek} is gone, but not {' and '.join(left)} beside it: put the key back, or begin anew: rm -r {folder}"
        )


def _make_certificate(cert: Path, key: Path) -> None:
    certificate, private = self_signed_certificate("localhost", now(), _CERTIFICATE_DAYS)
    try:
        write_owner_only(key, private)
    finally:
        private[:] = bytes(len(private))
    write_owner_only(cert, certificate)


def write_owner_only(path: Path, content: bytes | bytearray) -> None:
    """Write a file 0600 so that it is there whole or as it was before."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


async def prepare_store(settings: Settings) -> str:
    """The default tenant and the operator's token, made if they are not there.

    Writes `dev.env` and returns the token.
    """
    env_file = Path(settings.data_dir) / "dev.env"
    told = _told(env_file)
    if settings.store:
        await migrated(settings)
    async with open_runtime(settings) as runtime:
        tenant = await runtime.views.tenants.find(TENANT)
        if tenant is None:
            tenant = (await runtime.tenants.create(TENANT, "Default", os.urandom(8).hex())).result
        token = await _kept_token(runtime, told) or await _new_token(runtime, tenant.tenant)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(settings, token).items()]
    write_owner_only(env_file, ("\n".join(lines) + "\n").encode())
    return token


def _told(env_file: Path) -> str | None:
    """The token that an earlier start wrote down."""
    match = _TOKEN.search(env_file.read_text()) if env_file.exists() else None
    return match[1] if match else None


async def _kept_token(runtime: Runtime, told: str | None) -> str | None:
    if told is None:
        return None
    try:
        await runtime.tokens.authenticate(told)
    except Unauthenticated:
        return None
    return told


async def _new_token(runtime: Runtime, tenant: str) -> str:
    done = await runtime.tokens.issue(operator(tenant, os.urandom(8).hex()), "operator", ["*"])
    if not isinstance(done.result.token, str):
        raise TrstctlError("the token was not given")
    return done.result.token


def variables(settings: Settings, token: str) -> Mapping[str, str]:
    """What a client's environment needs to use this server."""
    return {
        "TRSTCTL_SERVER": settings.url,
        "TRSTCTL_TOKEN": token,
        "TRSTCTL_CACERT": settings.tls.cert_file,
        "TRSTCTL_SECRETS_KEK_FILE": settings.secrets.kek_file,
        "VAULT_ADDR": settings.url,
        "VAULT_TOKEN": token,
        "VAULT_CACERT": settings.tls.cert_file,
    }
