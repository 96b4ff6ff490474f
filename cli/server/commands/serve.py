"""`trstctl serve`: the server, as configured; `--check` only says whether it could."""

from __future__ import annotations

from pathlib import Path

import click

from cli.server import hardening, logs, serving
from cli.server.checks import check
from cli.server.config import load


@click.command("serve")
@click.option("--config", type=click.Path(path_type=Path), help="Configuration file; or TRSTCTL_CONFIG_FILE.")
@click.option("--check", "only_check", is_flag=True, help="Check configuration, key, certificate and store, and stop.")
def command(config: Path | None, *, only_check: bool) -> None:
    """Serve the API over HTTPS until told to stop by SIGTERM or SIGINT."""
    settings = load(config)
    if only_check:
        results = check(settings)
        for name, problem in results.items():
            click.echo(f"{name}: {problem or 'ok'}")
        raise SystemExit(1 if any(results.values()) else 0)
    logs.configure(settings.log.level)
    hardening.ensure()
    serving.run(settings)
