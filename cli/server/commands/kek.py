"""`trstctl kek`: rotate the key-encryption key (KEK), and see what is wrapped by which key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import click
import msgspec

from cli.server.tables import OUTPUT

if TYPE_CHECKING:
    from adapters.kek_rotation import KekStatus, Rotation


class KekOperations(Protocol):
    """What these commands do, on the store that they were opened on; `adapters.kek_rotation.KekRotation` does it."""

    async def stage(self, new: Path) -> str:
        """Put the key in `new` beside the KEK file, and return its id."""
        ...

    async def rotate(self, new: Path) -> Rotation:
        """Rewrap everything under the key in `new`, and put it in place of the KEK file."""
        ...

    async def status(self) -> KekStatus:
        """What is wrapped by which KEK, and which KEKs are at hand."""
        ...


OpenKek = Callable[[click.Context], AbstractAsyncContextManager[KekOperations]]
"""Opens the configured store and KEK file for one command, and closes them after it."""

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


def kek_commands(open_kek: OpenKek) -> click.Group:
    """The group `kek`; its commands raise the errors of `domain.errors`."""
    group = click.Group("kek", help="The key-encryption key (KEK): the key above every other key.")
    for command in (_rotate_command(open_kek), _stage_command(open_kek), _status_command(open_kek)):
        group.add_command(command)
    return group


def _rotate_command(open_kek: OpenKek) -> click.Command:
    @click.command("rotate")
    @click.option("--new", type=_FILE, required=True, help="File with the new key: 32 bytes, or 64 hex digits.")
    @click.option("--generate", is_flag=True, help="Create that file first, with a random key.")
    @click.pass_context
    def rotate(context: click.Context, new: Path, *, generate: bool) -> None:
        """Rewrap every key under a new KEK, and put it in place of the KEK file.

        Servers keep serving meanwhile, and no value is touched. If it is interrupted, run it again without --generate.
        """
        _print_rotation(asyncio.run(_rotated(open_kek(context), new, generate=generate)), new)

    return rotate


def _stage_command(open_kek: OpenKek) -> click.Command:
    @click.command("stage")
    @click.option("--new", type=_FILE, required=True, help="File with the new key.")
    @click.pass_context
    def stage(context: click.Context, new: Path) -> None:
        """Give this node the new key before any node rotates.

        Only where several nodes have KEK files of their own: stage on each, rotate on one, then rotate on the others.
        """
        staged = asyncio.run(_staged(open_kek(context), new))
        click.echo(f"KEK {staged} lies beside the KEK file; the servers on this node can use it.")

    return stage


def _status_command(open_kek: OpenKek) -> click.Command:
    @click.command("status")
    @OUTPUT
    @click.pass_context
    def status(context: click.Context, output: str) -> None:
        """Show what is wrapped by which KEK. Exit code 1 if a KEK that wraps something is not at hand."""
        found = asyncio.run(_status(open_kek(context)))
        if output == "json":
            click.echo(msgspec.json.format(msgspec.json.encode(found, enc_hook=str)))
        else:
            _print_status(found)
        context.exit(1 if found.problem or found.missing else 0)

    return status


async def _rotated(opening: AbstractAsyncContextManager[KekOperations], new: Path, *, generate: bool) -> Rotation:
    from adapters.kek_file import create_kek_file

    async with opening as kek:
        if generate:
            create_kek_file(new)
        return await kek.rotate(new)


async def _staged(opening: AbstractAsyncContextManager[KekOperations], new: Path) -> str:
    async with opening as kek:
        return await kek.stage(new)


async def _status(opening: AbstractAsyncContextManager[KekOperations]) -> KekStatus:
    async with opening as kek:
        return await kek.status()


def _print_rotation(done: Rotation, new: Path) -> None:
    if done.keys:
        keys = "1 key" if done.keys == 1 else f"{done.keys} keys"
        click.echo(f"Rewrapped {keys}, from {', '.join(done.old)} to {done.new}: event {done.position}.")
    else:
        click.echo(f"Every key was wrapped by KEK {done.new} already.")
    if done.retired:
        click.echo(f"The KEK file holds {done.new} now. The old key is kept at {done.retired}.")
        click.echo("Backups made before now can only be opened with it; delete it when the last of them is gone.")
        click.echo(f"{new} holds a copy of the key in use: keep it where your recovery keys are kept, or delete it.")
    else:
        click.echo(f"The KEK file held {done.new} already.")


def _print_status(found: KekStatus) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("KEK", "tenant keys", "signing keys", "state")
    wrapping = {*found.tenant_keys, *found.signing_keys}
    for kek_id in sorted({*wrapping, *found.staged, *found.retired, *filter(None, [found.holds])}):
        wrapped = (found.tenant_keys.get(kek_id, 0), found.signing_keys.get(kek_id, 0))
        table.add_row(kek_id, *map(str, wrapped), ", ".join(_states(found, kek_id)))
    console = Console()
    console.print(table)
    held = f"holds KEK {found.holds}" if found.holds else f"cannot be used: {found.problem}"
    console.print(f"{found.file} {held}", soft_wrap=True, markup=False, highlight=False)
    if found.holds and not found.locked:
        console.print("The key may be swapped to disk: raise RLIMIT_MEMLOCK (systemd: LimitMEMLOCK=).", soft_wrap=True)


def _states(found: KekStatus, kek_id: str) -> list[str]:
    states = {
        "in the KEK file": kek_id == found.holds,
        "staged": kek_id in found.staged,
        "retired": kek_id in found.retired,
        "MISSING": kek_id in found.missing,
    }
    return [state for state, holds in states.items() if holds]
