"""`trstctl kek` on the configured store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from adapters.kek_rotation import KekRotation
from cli.server.commands.kek import KekOperations, kek_commands
from cli.server.compose import now, open_runtime
from cli.server.opening import settings_of


@asynccontextmanager
async def _open(context: click.Context) -> AsyncIterator[KekOperations]:
    parent = context.parent
    options = parent.params if parent else {}
    async with open_runtime(settings_of(options.get("config"), options.get("data_dir"))) as runtime:
        yield KekRotation(runtime.keks, runtime.store.reader, runtime.committer, now, "operator#")


command = kek_commands(_open)
command.params += [
    click.Option(["--config"], type=click.Path(path_type=Path), help="Configuration file; or TRSTCTL_CONFIG_FILE."),
    click.Option(["--data-dir"], type=click.Path(path_type=Path), help="Folder of an embedded store."),
]
