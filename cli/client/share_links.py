"""A share's link, and its passphrase: from standard input, a file or a hidden prompt, never from an argument."""

from __future__ import annotations

import re
import sys
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cli.client.errors import WrongUsage
from cli.client.inputs import read_input
from cli.client.interrupts import heeded

_TOKEN: Final = re.compile(r"trsh_[0-9A-Za-z]{49}\Z")
_LONGEST_LINK: Final = 4096
_LONGEST_PASSPHRASE: Final = 4096


class Link(NamedTuple):
    """A share's token, and the server it is at if that was told."""

    token: str
    server: str | None


def read_link(file: str | None) -> Link:
    """What was sent to you, whole or its token alone; raises `WrongUsage`, never repeating it."""
    if file is None and sys.stdin is not None and sys.stdin.isatty():
        text = _hidden("Link or token")
    else:
        text = _text(read_input(file or "-", _LONGEST_LINK))
    return link_of(text.strip())


def link_of(text: str) -> Link:
    """`https://host/s#token` or the token; raises `WrongUsage`, never repeating it."""
    address, mark, token = text.rpartition("#")
    if not _TOKEN.match(token):
        raise WrongUsage("this is no share's link or token", "it ends in trsh_ and 49 letters and digits; was it cut?")
    if not mark:
        return Link(token, None)
    url = urlsplit(address)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path != "/s":
        raise WrongUsage("this is no share's link", "it has the form https://host/s#token")
    return Link(token, f"{url.scheme}://{url.netloc}")


def read_passphrase(file: str | None, *, ask: bool, twice: bool) -> str | None:
    """From the first line of `file`, from a hidden prompt if `ask`, else None. Raises `WrongUsage`."""
    if file is not None:
        text = _text(read_input(file, _LONGEST_PASSPHRASE)).removesuffix("\n").removesuffix("\r")
    elif ask:
        if not has_terminal():
            raise WrongUsage("there is no terminal to ask for the passphrase on", "give it with --passphrase-file FILE")
        text = _hidden("Passphrase", twice=twice)
    else:
        return None
    if not text or "\n" in text:
        raise WrongUsage("a passphrase is one line that is not empty")
    return text


def has_terminal() -> bool:
    """Whether somebody can be asked, even if standard input is a pipe."""
    try:
        with open("/dev/tty"):  # noqa: PTH123 - what a prompt will do
            return True
    except OSError:
        return False


def _hidden(what: str, *, twice: bool = False) -> str:
    import click

    again = "Once more" if twice else False
    with heeded():
        text: str = click.prompt(
            what, hide_input=True, confirmation_prompt=again, default="", show_default=False, err=True
        )
    return text


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise WrongUsage("what was given is not UTF-8 text") from None
