"""Groups of commands given by tables, so that a command is imported only when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click

from cli.client.options import WithCommonOptions


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is and what it does, so that help can be shown without importing it."""

    module: str
    attribute: str
    summary: str


class Family(WithCommonOptions, click.Group):
    """A group of commands; a member is imported when it is called or completed."""

    def __init__(self, name: str, summary: str, entries: Mapping[str, Entry]) -> None:
        super().__init__(name, help=summary, context_settings={"help_option_names": ["-h", "--help"]})
        self._entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The members' names, in the table's order."""
        return list(self._entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import and return a member; None if there is none of this name."""
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module), entry.attribute)
        command.short_help = entry.summary
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the members with their summaries, then the options."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self._entries.items()])
        super().format_options(ctx, formatter)
