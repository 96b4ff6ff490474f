"""A leased credential, as people and scripts take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cli.client import dotenv
from cli.client.errors import ClientError
from cli.client.output import Table, View, facts, note, show, to_terminal, write_text
from cli.client.session import Session

ALONE: Final = ("dsn", "token", "password", "secret_access_key", "client_secret", "private_key")
"""What `-o raw` writes: the first of these that the credential has. A DSN has all that a client needs to log in."""


def fields_of(lease: Mapping[str, Any]) -> dict[str, str]:
    """The credential's fields as texts; raises `ClientError` if there are none, or others."""
    fields = lease.get("credential")
    if not isinstance(fields, dict) or not all(isinstance(value, str | int) for value in fields.values()):
        raise ClientError("the answer holds no credential")
    return {str(name): str(value) for name, value in fields.items()}


def variables_of(prefix: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields as environment variables: with the prefix DB, `username` is DB_USERNAME."""
    return {f"{prefix}_{dotenv.variable_name(name)}": value for name, value in fields.items()}


def show_issued(session: Session, lease: Mapping[str, Any], prefix: str | None) -> None:
    """Show a new lease with its credential, or say that it was shown before."""
    if lease.get("credential") is None:
        note("this idempotency key was used before: the credential was shown then, and is not shown again")
        _show_rest(session, lease)
        return
    fields = fields_of(lease)
    if session.output in {"dotenv", "raw"}:
        # The id is in neither form, and whoever wants to renew or give back needs it.
        note(f"lease {lease.get('id')} ends at {lease.get('expires_at')}")
        write_text(_bare(lease, fields, session.output, prefix))
        return
    if to_terminal():
        note("the credential is shown this once")
    show(session, View(dict(lease), Table((), [*fields.items(), *facts(_rest(lease)).rows]), ()))


def _show_rest(session: Session, lease: Mapping[str, Any]) -> None:
    if session.output not in {"dotenv", "raw"}:
        show(session, View(dict(lease), facts(_rest(lease)), ()))


def _rest(lease: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in lease.items() if name != "credential"}


def _bare(lease: Mapping[str, Any], fields: Mapping[str, str], form: str, prefix: str | None) -> str:
    if form == "dotenv":
        named = variables_of(prefix or dotenv.variable_name(str(lease.get("provider"))), fields)
        return "".join(dotenv.assignment(name, value) for name, value in named.items())
    found = next((fields[name] for name in ALONE if name in fields), None)
    if found is None:
        raise ClientError(
            f"none of {', '.join(fields)} is the credential alone; lease {lease.get('id')} was issued",
            "use -o json or dotenv, and leases revoke for that one",
        )
    return f"{found}\n"
