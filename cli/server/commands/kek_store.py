"""`trstctl kek` on the configured store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import click

from adapters.kek_rotation import KekRotation
from cli.server.commands.kek import KekOperations, kek_commands
from cli.server.compose import now, open_runtime
from cli.server.opening import settings_of

_STORE: Final = "cli.server.commands.kek_store."


@asynccontextmanager
async def _open(context: click.Context) -> AsyncIterator[KekOperations]:
    config, data_dir = (context.meta.get(f"{_STORE}{name}") for name in ("config", "data_dir"))
    async with open_runtime(settings_of(config, data_dir)) as runtime:
        yield KekRotation(runtime.keks, runtime.store.reader, runtime.committer, now, "operator#")


def _noted(context: click.Context, option: click.Parameter, value: Path | None) -> None:
    """Keep what an option says for `_open`, wherever on the line it stands."""
    if value is not None:
        context.meta[f"{_STORE}{option.name}"] = value


def _store_options() -> list[click.Parameter]:
    path = click.Path(path_type=Path)
    return [
        click.Option(
            ["--config"],
            type=path,
            callback=_noted,
            expose_value=False,
            help="Configuration file; or TRSTCTL_CONFIG_FILE.",
        ),
        click.Option(
            ["--data-dir"], type=path, callback=_noted, expose_value=False, help="Folder of an embedded store."
        ),
    ]


command = kek_commands(_open)
for each in (command, *command.commands.values()):
    each.params += _store_options()
