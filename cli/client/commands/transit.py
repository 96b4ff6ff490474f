"""`transit encrypt`, `decrypt`, `rewrap`, `datakey`, `hmac`, `sign`, `verify`, `hash` and `random`."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

import click

from cli.client import routes
from cli.client.arguments import Decorator, body_option
from cli.client.commands.transit_options import HASHES, aad_option, bound_to, context_option, version_option
from cli.client.errors import ClientError, WrongUsage
from cli.client.inputs import MAX_VALUE, read_body, read_input
from cli.client.options import Command, pass_session
from cli.client.output import View, facts, show, to_terminal, write_bytes, write_text
from cli.client.session import Session

_MAX_CIPHERTEXT = 2 * MAX_VALUE
Fields = Callable[[], dict[str, Any]]
key_argument = click.argument("key", required=False)
file_option = click.option("--file", metavar="FILE", help="Read it from FILE instead of standard input.")


def algorithm_option() -> Decorator:
    """`--algorithm`: which hash."""
    return click.option(
        "--algorithm", type=click.Choice(HASHES), default="sha2-256", show_default=True, help="The hash."
    )


@click.command(cls=Command)
@key_argument
@file_option
@aad_option()
@context_option()
@version_option()
@body_option()
@pass_session
def encrypt(session: Session, /, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Encrypt standard input, up to 1 MiB, under KEY; the ciphertext comes back as one line of text.

    For larger files see `encrypt-file`; for many at once -f with `items`.
    """
    answer = _asked(session, "encrypt", options, lambda: {"plaintext": encoded(options["file"])})
    show_answer(session, answer, "ciphertext")


@click.command(cls=Command)
@key_argument
@file_option
@aad_option()
@context_option()
@click.option("--reveal", is_flag=True, help="Show the plaintext even on a terminal.")
@body_option()
@pass_session
def decrypt(session: Session, /, *, reveal: bool, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Decrypt a ciphertext from standard input; the plaintext goes out as it was, byte for byte."""
    if to_terminal() and not reveal:
        raise WrongUsage("this would show the plaintext on the terminal", "add --reveal, or redirect it")
    answer = _asked(session, "decrypt", options, lambda: {"ciphertext": _line(options["file"])})
    if "items" in answer or session.output not in {None, "raw"}:
        show_answer(session, answer, "plaintext")
    else:
        write_bytes(b64decode(answer["plaintext"]))


@click.command(cls=Command)
@key_argument
@file_option
@aad_option()
@context_option()
@version_option()
@body_option()
@pass_session
def rewrap(session: Session, /, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Bring a ciphertext from standard input to the newest version of KEY; its plaintext stays on the server."""
    answer = _asked(session, "rewrap", options, lambda: {"ciphertext": _line(options["file"])})
    show_answer(session, answer, "ciphertext")


@click.command(cls=Command)
@key_argument
@click.option("--bits", type=click.Choice(["128", "256", "512"]), default="256", show_default=True, help="Its length.")
@click.option("--wrapped", is_flag=True, help="Only its ciphertext, not the data key itself.")
@aad_option()
@context_option()
@version_option()
@body_option()
@click.option("--reveal", is_flag=True, help="Show it even on a terminal.")
@pass_session
def datakey(session: Session, /, *, bits: str, wrapped: bool, reveal: bool, **options: Any) -> None:  # noqa: ANN401
    """Make a data key: for use here, with its ciphertext to keep."""
    if not wrapped and to_terminal() and not reveal:
        raise WrongUsage("this would show a key on the terminal", "add --reveal or --wrapped, or redirect it")
    answer = _asked(session, "datakey", options, lambda: {"bits": int(bits), "wrapped": wrapped})
    show_answer(session, answer, "ciphertext" if wrapped else "plaintext")


@click.command(cls=Command)
@key_argument
@file_option
@algorithm_option()
@version_option()
@body_option()
@pass_session
def hmac(session: Session, /, *, algorithm: str, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Authenticate standard input under KEY."""
    fields = lambda: {"data": encoded(options["file"]), "algorithm": algorithm}  # noqa: E731 - one expression
    show_answer(session, _asked(session, "hmac", options, fields), "hmac")


@click.command("hash", cls=Command)
@file_option
@algorithm_option()
@click.option("--format", "form", type=click.Choice(["hex", "base64"]), default="hex", help="How it is written.")
@pass_session
def hash_sum(session: Session, /, *, file: str | None, algorithm: str, form: str) -> None:
    """Hash standard input on the server, with no key."""
    body = {"data": encoded(file), "algorithm": algorithm, "format": form}
    show_answer(session, session.ask(f"{routes.TRANSIT}/hash", body), "sum")


@click.command(cls=Command)
@click.argument("count", metavar="BYTES", type=click.IntRange(min=1), default=32)
@click.option("--format", "form", type=click.Choice(["hex", "base64"]), default="base64", help="How they are written.")
@pass_session
def random(session: Session, /, *, count: int, form: str) -> None:
    """Random bytes of the server's."""
    show_answer(session, session.ask(f"{routes.TRANSIT}/random", {"bytes": count, "format": form}), "random_bytes")


def _asked(session: Session, action: str, options: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """Ask for one, with what `fields` gives, or send the body whole."""
    body = whole(options)
    if not body:
        if options["key"] is None:
            raise WrongUsage("which key?", f"trstctl-cli transit {action} KEY, or -f with the whole body")
        body = {"key": options["key"], **fields(), **bound_to(options)}
    return session.ask(f"{routes.TRANSIT}/{action}", body)


def whole(options: Mapping[str, Any]) -> dict[str, Any]:
    """The body that -f gives, with the key if that is named before; nothing without -f."""
    if options["body_file"] is None:
        return {}
    return {**({"key": options["key"]} if options["key"] else {}), **read_body(options["body_file"])}


def show_answer(session: Session, answer: dict[str, Any], member: str) -> None:
    """The bare member to a pipe, a table to a terminal; of items each on a line."""
    items = answer.get("items")
    if items is not None:
        lines = [str(item.get(member, f"error: {item.get('error', {}).get('detail')}")) for item in items]
        show(session, View(answer, facts({str(number): line for number, line in enumerate(lines)}), lines))
        if any("error" in item for item in items):
            raise ClientError("some items were refused", "each says why")
    elif session.output is None and not to_terminal():
        write_text(f"{answer[member]}\n")
    else:
        show(session, View(answer, facts(answer), [str(answer[member])]))


def encoded(file: str | None) -> str:
    """A file, or standard input, in base64."""
    return b64encode(read_input(file or "-", MAX_VALUE)).decode()


def _line(file: str | None) -> str:
    return read_input(file or "-", _MAX_CIPHERTEXT).decode("ascii", "replace").strip()
