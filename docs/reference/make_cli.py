"""Writes `cli-server.md` beside this file, from the commands of `trstctl`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

PAGE: Final = Path(__file__).with_name("cli-server.md")
sys.path.insert(0, str(PAGE.parents[2]))

from cli.server.main import trstctl  # noqa: E402 - found by the line above

HEAD: Final = """# `trstctl`

This page is made by `make docs` from the commands themselves; change it there. `trstctl COMMAND --help` says the same.

`trstctl` is the server, and what its operator does on the machine that it runs on. It opens the store itself, with
nobody's token: whoever may read the store's files and the KEK is the operator. What users do over the network is
[`trstctl-cli`](cli-client.md). Exit codes are in [a page of their own](exit-codes.md), settings in
[another](configuration.md).

`--config FILE`, or `TRSTCTL_CONFIG_FILE`, names the store by its configuration; `--data-dir DIR` an embedded one by its
folder, such as `trstctl-data` of `make run`. Commands may run beside a running server.
"""


def page() -> str:
    """The whole page."""
    commands = list(walk(trstctl, ()))
    lines = [f"| [`trstctl {' '.join(path)}`](#{_anchor(path)}) | {_summary(command)} |" for path, command in commands]
    parts = [HEAD, "| command | what it does |\n|---|---|", *lines, ""]
    parts += [part for path, command in commands for part in _command(path, command)]
    return "\n".join(parts).rstrip("\n") + "\n"


def walk(group: click.Group, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, in the order in which help lists them, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None  # noqa: S101 - it is listed
        if isinstance(command, click.Group):
            yield from walk(command, (*above, name))
        else:
            yield (*above, name), command


def _anchor(path: tuple[str, ...]) -> str:
    return f"trstctl-{'-'.join(path)}"


def _summary(command: click.Command) -> str:
    return _plain(command.help or "").split("\n\n", 1)[0]


def _command(path: tuple[str, ...], command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"trstctl {' '.join(path)}")
    usage = " ".join([context.info_name or "", *command.collect_usage_pieces(context)])
    yield f"## `{context.info_name}`\n\n```text\n{usage}\n```\n\n{_plain(command.help or '')}\n"
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        yield "| option | meaning |\n|---|---|"
        yield from (_option(option, context) for option in options)
        yield ""


def _option(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    assert record is not None  # noqa: S101 - none is hidden
    names, meaning = (text.replace("|", "\\|") for text in record)
    return f"| `{names}` | {meaning} |"


def _plain(text: str) -> str:
    """Help with its paragraphs, each on one line."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\b", "").strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
