"""`trstctl dev`: a working server on the embedded store, with nothing to set up."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.server import dev, hardening, logs, serving
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
def command(data_dir: Path, port: int) -> None:
    """Serve on this machine alone. Key, certificate, tenant and token are made once and kept."""
    logs.configure("warning")
    hardening.ensure()
    settings = dev.prepared_settings(data_dir.absolute(), port)

    async def prepare() -> None:
        await dev.prepare_store(settings)
        click.echo(_welcome(settings))

    serving.run(settings, prepare)


def _welcome(settings: Settings) -> str:
    env_file = Path(settings.data_dir) / "dev.env"
    port = settings.listen.rpartition(":")[2]
    return f"""trstctl serves https://localhost:{port} with its data in {settings.data_dir}

Paste this into another terminal:

    source {env_file}
    export PATH="{Path(sys.executable).parent}:$PATH"
    echo s3cr3t | trstctl-cli secrets put db/password
    trstctl-cli secrets get db/password --reveal
    curl --cacert "$TRSTCTL_CACERT" -H "Authorization: Bearer $TRSTCTL_TOKEN" \\
      $TRSTCTL_SERVER/api/v1/secrets/store/db/password

The API is described at https://localhost:{port}/api/v1/docs. Stop with Ctrl-C; the data stays."""
