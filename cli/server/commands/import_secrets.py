"""`trstctl import vault`: copies KV version 2 of Vault or OpenBao, with all versions, into this product."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import click
import msgspec

from cli.server.exit_codes import FAILED, OK
from cli.server.importing.copying import Copying, Outcome, differences
from cli.server.importing.kv import Kv
from cli.server.importing.wire import Wire
from cli.server.tables import OUTPUT
from domain.errors import Misconfigured, TrstctlError

T = TypeVar("T")
_AT_ONCE: Final = 8
"""Names that are copied at the same time."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    addr: str
    token_file: str | None
    cacert: str | None
    namespace: str
    mount: str
    prefix: str
    server: str
    server_cacert: str | None
    to_mount: str
    dry_run: bool
    no_compare: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or would be."""

    names: int
    versions: int
    there: int
    unreadable: int
    failed: dict[str, str]
    different: dict[str, list[str]]
    dry_run: bool


@click.group("import")
def command() -> None:
    """Secrets brought over from other systems."""


@command.command("vault")
@click.option("--addr", envvar="VAULT_ADDR", required=True, help="The server to read from. [VAULT_ADDR]")
@click.option("--token-file", help="File with its token; else VAULT_TOKEN.")
@click.option("--cacert", envvar="VAULT_CACERT", help="Certificates to trust it by, PEM. [VAULT_CACERT]")
@click.option("--namespace", envvar="VAULT_NAMESPACE", default="", help="Its namespace. [VAULT_NAMESPACE]")
@click.option("--mount", default="secret", show_default=True, help="Its mount: KV version 2.")
@click.option("--prefix", default="", help="Only names under this folder, such as app/.")
@click.option("--server", envvar="TRSTCTL_SERVER", required=True, help="Where to write. [TRSTCTL_SERVER]")
@click.option("--server-cacert", envvar="TRSTCTL_CACERT", help="Certificates to trust that by. [TRSTCTL_CACERT]")
@click.option("--to-mount", default="secret", show_default=True, help="The mount to write to: KV version 2.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--no-compare", is_flag=True, help="Do not compare both in the end.")
@OUTPUT
def vault(output: str, **given: object) -> int:
    """Copy every name of a mount with all its versions; run it again to go on, or to bring what is new since.

    Writes as the holder of TRSTCTL_TOKEN. Exit status: 0 both are the same in the end, 1 not, 2 it could not be done.
    """
    options = msgspec.convert(given, Options)
    source, target = _source(options), _target(options)
    for each in (source, target):
        each.must_be_version_2()
    names = list(source.names(_folder(options.prefix)))
    outcomes = _each("copying", names, Copying(source, target, dry=options.dry_run).copy)
    found = {} if options.dry_run or options.no_compare else _compared(source, target, outcomes)
    report = _report(outcomes, found, dry=options.dry_run)
    _print(report, output)
    return FAILED if report.failed or report.different else OK


def _source(options: Options) -> Kv:
    headers = {"X-Vault-Namespace": options.namespace} if options.namespace else {}
    token = _token(options.token_file, "VAULT_TOKEN")
    return Kv(Wire(options.addr, token, options.cacert, headers), options.mount)


def _target(options: Options) -> Kv:
    return Kv(Wire(options.server, _token(None, "TRSTCTL_TOKEN"), options.server_cacert), options.to_mount)


def _token(file: str | None, variable: str) -> str:
    """A token from a file or the environment: on the command line everybody on the machine could read it."""
    try:
        text = Path(file).read_text(encoding="utf-8") if file else os.environ.get(variable, "")
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"{file}: cannot be read") from None
    if not text.strip():
        raise Misconfigured(f"set {variable} to a token of that server")
    return text.strip()


def _folder(prefix: str) -> str:
    return f"{prefix.strip('/')}/" if prefix.strip("/") else ""


def _compared(source: Kv, target: Kv, outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    paths = [outcome.path for outcome in outcomes if outcome.error is None]
    found = _each("comparing", paths, lambda path: _difference(source, target, path))
    return {path: told for path, told in zip(paths, found, strict=True) if told}


def _difference(source: Kv, target: Kv, path: str) -> list[str]:
    try:
        return list(differences(source, target, path))
    except TrstctlError as error:
        return [f"it could not be compared: {error.message}"]


def _each(what: str, names: Sequence[str], work: Callable[[str], T]) -> list[T]:
    """The work on every name, some at a time, with a bar on a terminal."""
    with _bar(what, len(names)) as advance, ThreadPoolExecutor(_AT_ONCE) as pool:
        done: list[T] = []
        for result in pool.map(work, names):
            done.append(result)
            advance()
        return done


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def _report(outcomes: Sequence[Outcome], different: dict[str, list[str]], *, dry: bool) -> Report:
    return Report(
        names=len(outcomes),
        versions=sum(outcome.versions for outcome in outcomes),
        there=sum(outcome.there for outcome in outcomes),
        unreadable=sum(outcome.unreadable for outcome in outcomes),
        failed={outcome.path: outcome.error for outcome in outcomes if outcome.error is not None},
        different=different,
        dry_run=dry,
    )


def _print(report: Report, output: str) -> None:
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(report)))
        return
    verb = "would be copied" if report.dry_run else "copied"
    click.echo(f"{report.names} names: {report.versions} versions {verb}, {report.there} were there already")
    if report.unreadable:
        click.echo(f"{report.unreadable} of them cannot be read there any more; here they are destroyed versions")
    for path, error in report.failed.items():
        click.echo(f"{path}: {error}", err=True)
    for path, told in report.different.items():
        click.echo(f"{path}: {'; '.join(told)}", err=True)
    if not report.dry_run and not report.failed and not report.different:
        click.echo("both are the same")
