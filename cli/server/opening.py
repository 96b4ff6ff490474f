"""How the operator's commands find the store: by a configuration file, a data folder, or the environment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click

from cli.server.compose import Runtime, open_runtime
from cli.server.config import Settings, load

T = TypeVar("T")


def store_options(command: Callable[..., T]) -> Callable[..., T]:
    """Adds `--config` and `--data-dir`, and hands the command its `settings`."""

    @click.option("--config", type=click.Path(path_type=Path), help="Configuration file; or TRSTCTL_CONFIG_FILE.")
    @click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of an embedded store.")
    @wraps(command)
    def with_settings(*arguments: object, config: Path | None, data_dir: Path | None, **options: object) -> T:
        return command(*arguments, settings=settings_of(config, data_dir), **options)

    return with_settings


def settings_of(config: Path | None, data_dir: Path | None) -> Settings:
    """The configuration as these options give it; raises `Misconfigured`."""
    if data_dir is not None:
        # A folder that was named means its own store and key, whatever the environment says of another's.
        return load(config, keep_environment_paths=False, data_dir=str(data_dir), store="")
    return load(config)


def with_runtime(settings: Settings, work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Open the store, do `work`, close it."""

    async def opened() -> T:
        async with open_runtime(settings) as runtime:
            return await work(runtime)

    return asyncio.run(opened())
