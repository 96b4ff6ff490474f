"""Values and bodies from standard input, files and prompts; never from the command line, where everybody sees them."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

from cli.client.errors import WrongUsage
from cli.client.interrupts import heeded
from cli.client.output import note

MAX_VALUE: Final = 1024 * 1024
"""Largest value of a secret, in bytes."""
MAX_CREDENTIAL: Final = 64 * 1024
"""Largest credential of a backend, in bytes."""
MAX_INPUT: Final = 256 * 1024 * 1024
"""Largest body or import, in bytes."""


def read_value(file: str | None, *, exact: bool, empty: bool) -> bytes:
    """A secret's value from `file`, from a hidden prompt if standard input is a terminal, else from standard input.

    Of text of a single line the line's end is dropped (`echo` adds one that nobody means), unless `exact`.
    Raises `WrongUsage` if it is too large, or empty and not meant to be.
    """
    value = _prompted() if file is None and _is_terminal() else read_input(file or "-", MAX_VALUE)
    if not exact:
        value = _without_line_end(value)
    if not value and not empty:
        raise WrongUsage("the value is empty", "if that is meant, add --allow-empty")
    return value


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _prompted() -> bytes:
    import click

    with heeded():
        answer: str = click.prompt("Value", hide_input=True, confirmation_prompt="Once more", default="", err=True)
    return answer.encode()


def read_credential(name: str, file: str | None) -> str:
    """A credential of a backend from `file`, a hidden prompt or standard input, without the end of its last line.

    Raises `WrongUsage`, which does not tell what `file` is: it may be the credential itself, given by mistake.
    """
    if file is None and _is_terminal():
        import click

        with heeded():
            return str(click.prompt(name, hide_input=True, err=True))
    try:
        text = read_input(file or "-", MAX_CREDENTIAL).decode()
    except (WrongUsage, UnicodeDecodeError):
        raise WrongUsage(
            f"cannot read the credential {name}", f"--credential {name}=FILE names a file of text, - standard input"
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def _without_line_end(value: bytes) -> bytes:
    line = value.removesuffix(b"\n").removesuffix(b"\r")
    if line == value or b"\n" in line:
        return value
    if sys.stderr.isatty():
        note("left out the line's end after the value; --exact keeps it")
    return line


def read_input(name: str, bound: int = MAX_INPUT) -> bytes:
    """All of a file, or of standard input for `-`; raises `WrongUsage` if it cannot be read or is over `bound`."""
    try:
        if name == "-":
            if sys.stdin is None:
                raise WrongUsage("there is no standard input")
            data = sys.stdin.buffer.read(bound + 1)
        else:
            with Path(name).open("rb") as opened:
                data = opened.read(bound + 1)
    except OSError as error:
        raise WrongUsage(f"cannot read {name}: {error.strerror}") from None
    if len(data) > bound:
        raise WrongUsage(f"{_named(name)} is over {bound} bytes")
    return data


def read_text(name: str) -> str:
    """`read_input` as UTF-8 text; raises `WrongUsage` if it is something else."""
    try:
        return read_input(name).decode()
    except UnicodeDecodeError:
        raise WrongUsage(f"{_named(name)} is not UTF-8 text") from None


def read_body(name: str) -> dict[str, Any]:
    """The JSON object in a file, or on standard input for `-`, to be sent as it is."""
    try:
        body = json.loads(read_text(name))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise WrongUsage(f"{_named(name)} holds no JSON object", 'a body looks like {"value": "…"}')
    return body


def _named(name: str) -> str:
    return "standard input" if name == "-" else name


def value_field(value: bytes, *, binary: bool) -> dict[str, str]:
    """A value in a request: `value` for text, `value_b64` for bytes. Raises `WrongUsage` for bytes not said to be."""
    if binary:
        return {"value_b64": b64encode(value).decode()}
    try:
        return {"value": value.decode()}
    except UnicodeDecodeError:
        raise WrongUsage("the value is not UTF-8 text", "to store it as bytes, add --binary") from None
