"""`trstctl serve`: the server, as configured; `--check` only says whether it could."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cli.server import hardening, logs
from cli.server.config import load
from cli.server.exit_codes import FAILED, OK
from domain.errors import Misconfigured


@click.command("serve")
@click.option("--config", type=click.Path(path_type=Path), help="Configuration file; or TRSTCTL_CONFIG_FILE.")
@click.option("--check", "only_check", is_flag=True, help="Check configuration, key, certificate and store, and stop.")
@click.pass_context
def command(context: click.Context, config: Path | None, *, only_check: bool) -> None:
    """Serve the API over HTTPS until told to stop by SIGTERM or SIGINT.

    With --check the exit status is 0 if all is well, and 1 if something would not work.
    """
    if only_check:
        context.exit(OK if _checked(config) else FAILED)
    settings = load(config)
    logs.configure(settings.log.level)
    hardening.ensure()  # it starts the process anew, so what takes long to import is imported after it
    from cli.server import serving

    os.umask(0o077)
    serving.run(settings)


def _checked(config: Path | None) -> bool:
    from cli.server.checks import Finding, check

    try:
        findings = list(check(load(config), config))
    except Misconfigured as error:
        findings = [Finding("configuration", error.message)]
    for finding in findings:
        click.echo(finding.line())
    return not any(finding.failed for finding in findings)
