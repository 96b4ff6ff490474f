"""`secrets put`, `rotate` and `recover`: what writes a version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict, Unpack

import click

from cli.client import routes
from cli.client.arguments import body_option, break_glass_option, metadata_option, pairs, path_argument
from cli.client.errors import WrongUsage
from cli.client.inputs import read_body, read_value, value_field
from cli.client.options import Command, pass_session
from cli.client.output import View, facts, show
from cli.client.session import Session

_CAS = "Only if version N is current; 0: only if new."


class ValueOptions(TypedDict):
    """The options that say where a value comes from and what it is."""

    body_file: str | None
    file: str | None
    binary: bool
    exact: bool
    allow_empty: bool
    cas: int | None
    metadata: tuple[str, ...]
    content_type: str | None


def _value_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        click.option("--content-type", metavar="TYPE", help="What the value is, such as application/json."),
        metadata_option(),
        click.option("--cas", type=click.IntRange(min=0), metavar="N", help=_CAS),
        click.option("--allow-empty", is_flag=True, help="Take an empty value."),
        click.option("--exact", is_flag=True, help="Keep the line's end after a value of one line."),
        click.option("--binary", is_flag=True, help="The value is bytes, not text."),
        click.option("--file", metavar="FILE", help="Read the value from FILE."),
        body_option(),
    ):
        command = decorate(command)
    return command


@click.command(cls=Command)
@path_argument(required=False)
@_value_options
@break_glass_option()
@pass_session
def put(session: Session, /, *, path: str | None, **options: Unpack[ValueOptions]) -> None:
    """Store a value as version 1 of a new secret.

    The value comes from standard input, from a hidden prompt if that is a terminal, or from --file.
    PATH may be left out if the body given with -f has a "name". To write the next version of a secret that exists, use
    `rotate`, or --cas with the current version.
    """
    if path is None and options["body_file"] is None:
        raise WrongUsage("which secret?", "trstctl-cli secrets put PATH")
    address = routes.secret(path) if path is not None else routes.STORE
    body = _body(options)
    if options["cas"]:
        _written(session, session.change("PUT", address, body))
        return
    if options["cas"] == 0:
        del body["cas"]  # creating is what refuses if there is a version
    _written(session, session.change("POST", address, body))


@click.command(cls=Command)
@path_argument()
@_value_options
@break_glass_option()
@pass_session
def rotate(session: Session, /, *, path: str, **options: Unpack[ValueOptions]) -> None:
    """Write the next version of a secret; the older ones stay readable.

    The value comes from standard input, from a hidden prompt if that is a terminal, or from --file.
    """
    _written(session, session.change("PUT", routes.secret(path), _body(options)))


@click.command(cls=Command)
@path_argument()
@click.option("--at", metavar="TIME", help="RFC 3339, such as 2026-06-25T12:00:00Z.")
@body_option()
@break_glass_option()
@pass_session
def recover(session: Session, /, *, path: str, at: str | None, body_file: str | None) -> None:
    """Write the version that was current at TIME once more, as the next one. The history stays as it is."""
    if (at is None) == (body_file is None):
        raise WrongUsage("as it was when?", "trstctl-cli secrets recover PATH --at 2026-06-25T12:00:00Z, or -f FILE")
    body = read_body(body_file) if body_file is not None else {"at": at}
    _written(session, session.change("POST", routes.secret(path, "recover"), body))


def _body(options: ValueOptions) -> dict[str, Any]:
    if options["body_file"] is None:
        return _described_value(options)
    if any(value not in (None, False, ()) for name, value in options.items() if name != "body_file"):
        raise WrongUsage("-f gives the whole body", "leave the options for the value out, or -f")
    return read_body(options["body_file"])


def _described_value(options: ValueOptions) -> dict[str, Any]:
    binary = options["binary"]
    metadata = pairs(options["metadata"], "metadata")
    value = read_value(options["file"], exact=options["exact"] or binary, empty=options["allow_empty"])
    told = {"cas": options["cas"], "metadata": metadata or None, "content_type": options["content_type"]}
    return value_field(value, binary=binary) | {name: given for name, given in told.items() if given is not None}


def _written(session: Session, meta: dict[str, Any]) -> None:
    show(session, View(meta, facts(meta), [str(meta.get("version", ""))]))
