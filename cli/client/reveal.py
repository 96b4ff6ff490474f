"""Showing a secret's value: bare to a pipe, hidden from whoever looks over a shoulder."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from cli.client import dotenv
from cli.client.errors import ClientError, WrongUsage
from cli.client.output import Table, View, facts, show, to_terminal, write_bytes, write_text
from cli.client.session import Session

HIDDEN: Final = "(hidden; --reveal shows it)"


def check_may_show(session: Session, *, reveal: bool) -> None:
    """Refuse, before the value is fetched and the reading is logged, a bare value on a terminal without `--reveal`."""
    if to_terminal() and not reveal and session.output in {"raw", "dotenv"}:
        raise WrongUsage("this would show the value on the terminal", "if that is meant, add --reveal")


def show_value(session: Session, secret: Mapping[str, Any], *, reveal: bool) -> None:
    """Write one secret. Default form: facts with the value hidden on a terminal, the value alone to a pipe."""
    form = session.output or ("table" if to_terminal() else "raw")
    if form == "raw":
        write_bytes(_for_terminal(value_of(secret)) if to_terminal() else value_of(secret))
    elif form == "dotenv":
        write_text(dotenv.assignment(dotenv.variable_name(str(secret["name"])), text_of(secret)))
    else:
        _show_record(session, secret, hidden=to_terminal() and not reveal)


def _for_terminal(value: bytes) -> bytes:
    return value if value.endswith(b"\n") else value + b"\n"


def _show_record(session: Session, secret: Mapping[str, Any], *, hidden: bool) -> None:
    rest = {key: value for key, value in secret.items() if key not in {"value", "value_b64"}}
    whole = {**rest, "hidden": True} if hidden else dict(secret)
    shown = HIDDEN if hidden else secret.get("value", "(binary; -o raw writes it)")
    table = Table((), [("value", shown), *facts(rest).rows])
    show(session, View(whole, table, ()))


def value_of(secret: Mapping[str, Any]) -> bytes:
    """The value's bytes; raises `ClientError` if the answer holds none."""
    try:
        if "value_b64" in secret:
            return b64decode(secret["value_b64"], validate=True)
        return str(secret["value"]).encode()
    except (KeyError, TypeError, binascii.Error):
        raise ClientError("the answer holds no value") from None


def text_of(secret: Mapping[str, Any]) -> str:
    """The value as text; raises `WrongUsage` if it is binary."""
    if "value" not in secret:
        raise WrongUsage(f"{secret.get('name')} is binary: there is no dotenv form of it", "use -o raw or -o json")
    return str(secret["value"])
