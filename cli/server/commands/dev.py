"""`trstctl dev`: a working server with nothing to set up."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.server import hardening, logs

if TYPE_CHECKING:
    from cli.server.config import Settings


@click.command("dev")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    default="trstctl-data",
    show_default=True,
    help="Where it keeps everything.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=8443, show_default=True, help="Port to serve HTTPS on.")
@click.option("--store", default="", metavar="URL", help="postgresql://…, migrated if need be; else an embedded store.")
def command(data_dir: Path, port: int, store: str) -> None:
    """Serve on this machine alone. Key, certificate, tenant and token are made once and kept."""
    logs.configure("warning")
    hardening.ensure()  # it starts the process anew, so what takes long to import is imported after it
    from cli.server import dev, serving

    os.umask(0o077)
    folder = data_dir.absolute()
    settings = dev.settings_for(folder, port, store)

    async def prepare() -> None:
        await dev.prepare_store(settings)
        click.echo(_welcome(settings, folder / "dev.env"))

    with serving.listening(settings) as listener:
        dev.make_files(folder)
        serving.run(settings, listener, prepare)


def _welcome(settings: Settings, env_file: Path) -> str:
    path = "" if shutil.which("trstctl-cli") else f'\n    export PATH={shlex.quote(str(_programs()))}:"$PATH"'
    return f"""trstctl serves {settings.url} for this machine, with its data in {settings.data_dir}

Paste this into another terminal:

    . {shlex.quote(str(env_file))}{path}
    printf s3cr3t | trstctl-cli secrets put db/password
    trstctl-cli secrets get db/password --reveal

The same by curl:

    curl -sS --cacert "$TRSTCTL_CACERT" -H "Authorization: Bearer $TRSTCTL_TOKEN" \\
      "$TRSTCTL_SERVER/api/v1/secrets/store/db/password"

The API is described at {settings.url}/api/v1/docs. Stop with Ctrl-C; the data stays."""


def _programs() -> Path:
    return Path(sys.argv[0]).absolute().parent
