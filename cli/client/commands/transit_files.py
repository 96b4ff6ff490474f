"""`transit encrypt-file` and `decrypt-file`: files of any size, which do not leave this machine."""

from __future__ import annotations

import os
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from cli.client import routes, sealed_file
from cli.client.errors import ClientError, WrongUsage
from cli.client.options import Command, pass_session
from cli.client.output import to_terminal, write_bytes
from cli.client.session import Session

_in_option = click.option("--in", "source", metavar="FILE", default="-", help="Read FILE; standard input by default.")
_out_option = click.option(
    "--out", "target", metavar="FILE", default="-", help="Write FILE; standard output by default."
)

Write = Callable[[bytes], object]


@click.command("encrypt-file", cls=Command)
@click.argument("key")
@_in_option
@_out_option
@pass_session
def encrypt_file(session: Session, /, *, key: str, source: str, target: str) -> None:
    """Encrypt a file of any size here, under a data key that the server makes and wraps under KEY."""
    made = session.ask(f"{routes.TRANSIT}/datakey", {"key": key, "bits": 8 * sealed_file.KEY_BYTES})
    header = sealed_file.begin(key, made["ciphertext"])
    with _reading(source) as file, _writing(target) as write:
        sealed_file.encrypt(file, write, header, b64decode(made["plaintext"]))


@click.command("decrypt-file", cls=Command)
@_in_option
@_out_option
@click.option("--reveal", is_flag=True, help="Show the content even on a terminal.")
@pass_session
def decrypt_file(session: Session, /, *, source: str, target: str, reveal: bool) -> None:
    """Decrypt a file that `encrypt-file` wrote; the key it needs is named in it.

    With --out, the file is there only when all of it was verified. To standard output goes each piece once it is.
    """
    if target == "-" and to_terminal() and not reveal:
        raise WrongUsage("this would show the content on the terminal", "add --reveal or --out FILE, or redirect it")
    with _reading(source) as file:
        header = sealed_file.read_header(file)
        told = session.ask(f"{routes.TRANSIT}/decrypt", {"key": header.key, "ciphertext": header.wrapped})
        with _writing(target) as write:
            sealed_file.decrypt(file, write, header, b64decode(told["plaintext"]))


@contextmanager
def _reading(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below, and its opening is told apart from its use
    except OSError as error:
        raise WrongUsage(f"cannot read {name}: {error.strerror}") from None
    with file:
        yield file


@contextmanager
def _writing(name: str) -> Iterator[Write]:
    """Standard output, or a new file for its owner alone, in the place of `name` once it is whole."""
    if name == "-":
        yield write_bytes
        return
    target = Path(name)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WrongUsage(f"cannot write {name}: {error.strerror}") from None
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        raise ClientError(f"cannot write {name}: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)
