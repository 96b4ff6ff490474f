"""`trstctl audit verify`: prove that the log is whole, or name the first event that is not as it was written."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from adapters.crypto import ed25519_verify
from cli.server.exit_codes import COULD_NOT, FAILED, OK
from cli.server.tables import OUTPUT
from cli.server.verifying import Target, Trust, target, trust
from domain.errors import TrstctlError
from domain.verification import LogSource, Report, verify
from domain.verification.verification import Progress

_PATH = click.Path(path_type=Path)


@click.command("verify")
@click.option("--config", type=_PATH, help="Configuration file; or TRSTCTL_CONFIG_FILE.")
@click.option("--data-dir", type=_PATH, help="Folder of an embedded store, running or stopped.")
@click.option("--store", metavar="URL", help="postgresql://…, or the path of an embedded store's database file.")
@click.option("--file", type=_PATH, help="An exported log.")
@click.option("--checkpoint", "named", type=_PATH, multiple=True, help="A checkpoint, or a folder of them; repeatable.")
@click.option("--key", metavar="VKEY|FILE", help="The key that signs checkpoints, as you had it from a safe place.")
@OUTPUT
def command(
    config: Path | None,
    data_dir: Path | None,
    store: str | None,
    file: Path | None,
    named: Sequence[Path],
    key: str | None,
    output: str,
) -> None:
    """Check every link, sealed value and checkpoint of a log.

    Exit code 0: intact. 1: not as it was written; the first bad position is named. 2: could not check.
    The checkpoints that the server keeps beside its store are used unasked. What they cannot show: see
    docs/explanation/what-the-log-proves.md.
    """
    if sum(each is not None for each in (data_dir, store, file)) > 1:
        raise click.UsageError("name one log: --data-dir, --store or --file")
    try:
        log = target(config, data_dir, store, file)
        held = trust(log.checkpoints, named, key)
        report = _verified(log, held)
    except TrstctlError as error:
        click.echo(f"trstctl: could not check: {error.message}", err=True)
        sys.exit(COULD_NOT)
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(report)))
    else:
        _tell(report, held)
    sys.exit(OK if report.intact else FAILED)


def _verified(log: Target, held: Trust) -> Report:
    with log.open() as source, _progress(source) as progress:
        return verify(source, ed25519_verify, checkpoints=held.checkpoints, key=held.key, progress=progress)


@contextmanager
def _progress(source: LogSource) -> Iterator[Progress]:
    """A bar on standard error if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TextColumn("events"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("events", total=source.count())
        yield lambda count: bar.advance(task, count)


def _tell(report: Report, held: Trust) -> None:
    if report.first_bad is None:
        click.secho("The log is intact.", fg="green", bold=True)
    else:
        first = report.first_bad
        where = f"first bad position: {first.position}" if first.position is not None else "outside of the log"
        click.secho(f"The log is NOT as it was written; {where}", fg="red", bold=True)
        click.echo(f"{first.check}: {first.what}")
        if len(report.findings) > 1:
            _tell_findings(report)
    for name, text in _facts(report, held):
        click.echo(f"{name:<15}{text}")


def _tell_findings(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("position", "check", "what")
    for finding in report.findings:
        position = "-" if finding.position is None else str(finding.position)
        table.add_row(position, finding.check, Text(finding.what))
    Console().print(table)


def _facts(report: Report, held: Trust) -> Iterator[tuple[str, str]]:
    withheld = f", {report.withheld} of them in part or whole by their digests only" if report.withheld else ""
    yield "events", f"{report.events}{withheld}"
    yield "head", report.head
    if report.sealed is not None:
        yield "sealed values", f"{report.sealed}"
    if not report.checkpoints:
        yield "checkpoints", "none: if the tail was cut off, or all of it rewritten, that does not show"
        return
    beyond = report.events - report.covered
    yield (
        "checkpoints",
        f"{report.checkpoints}, the newest at {report.covered}"
        + (f"; the {beyond} events after it are held by the chain only" if beyond > 0 else ""),
    )
    yield "key from", held.key_from
