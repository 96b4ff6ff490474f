"""`trstctl audit export`: the log as NDJSON that verifies by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import click

from adapters.log_export import full_line, redacted_line, withheld_line
from cli.server.compose import Runtime
from cli.server.config import Settings
from cli.server.opening import store_options, with_runtime
from domain.errors import StoreUnavailable

_ROWS: Final = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body, prev_hash, hash
 FROM events ORDER BY position"""


@click.command("export")
@click.option("--tenant", help="This tenant's events in full, of others only digests; by name or id.")
@click.option("--redact", is_flag=True, help="Leave every body out: who did what sort of thing when, not to what.")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Where to; standard output without it.")
@store_options
def command(tenant: str | None, file: Path | None, settings: Settings, *, redact: bool) -> None:
    """Write the whole log, one event a line, to be checked anywhere by `trstctl audit verify --file FILE`."""

    async def work(runtime: Runtime) -> None:
        only = (await runtime.tenants.find(tenant)).tenant if tenant else None
        whole = redacted_line if redact else full_line
        if file is None:
            await _write(runtime, sys.stdout.buffer, whole, only)
            return
        with _created(file) as out:
            await _write(runtime, out, whole, only)

    with_runtime(settings, work)


def _created(file: Path) -> BinaryIO:
    try:
        return file.open("xb")
    except FileExistsError as error:
        raise StoreUnavailable(f"{file} is there already; name a new file") from error
    except OSError as error:
        raise StoreUnavailable(f"{file} cannot be written: {error.strerror}") from error


async def _write(runtime: Runtime, out: BinaryIO, whole: Callable[..., bytes], only: str | None) -> None:
    async for row in runtime.store.reader.stream(None, _ROWS):
        stored = (*row[:9], bytes(row[9]), bytes(row[10]), bytes(row[11]))
        out.write((whole if only is None or row[5] == only else withheld_line)(stored))
    out.flush()
