"""`leases issue`, `list`, `show`, `renew`, `revoke`, `revoke-all` and `audit`."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from cli.client import routes
from cli.client.arguments import body_option, lease_body, role_argument, seconds, yes_option
from cli.client.errors import ClientError, WrongUsage
from cli.client.exit_codes import ExitCode
from cli.client.inputs import read_body
from cli.client.interrupts import heeded
from cli.client.lease_credentials import show_issued
from cli.client.options import Command, pass_session
from cli.client.output import View, columns, facts, note, show
from cli.client.session import Session

STATES: Final = ("pending", "active", "failed", "revoking", "revoked")

_reason = click.option("--reason", metavar="WORDS", help="Why; kept in the log.")


@click.command(cls=Command)
@role_argument(required=False)
@click.option("--ttl", metavar="DURATION", help="How long it lives: seconds, or such as 15m; else as its role has it.")
@click.option("--env-prefix", metavar="NAME", help="How -o dotenv begins its names: NAME_PASSWORD; else the provider.")
@body_option()
@pass_session
def issue(
    session: Session, /, *, target: str | None, ttl: str | None, env_prefix: str | None, body_file: str | None
) -> None:
    """Make a credential that ends by itself. It is shown this once.

    `-o dotenv` writes variables, `-o raw` the DSN alone, or else the token or password.
    """
    show_issued(session, session.change("POST", routes.LEASES, _body(target, ttl, body_file)), env_prefix)


def _body(target: str | None, ttl: str | None, body_file: str | None) -> dict[str, Any]:
    if body_file is not None:
        if target or ttl:
            raise WrongUsage("-f gives the whole body", "leave PROVIDER/ROLE and --ttl out")
        return read_body(body_file)
    if target is None:
        raise WrongUsage("a lease of what?", "trstctl-cli leases issue PROVIDER/ROLE, or -f FILE; see providers list")
    return lease_body(target, ttl)


@click.command(cls=Command)
@click.option("--provider", metavar="NAME", help="Only of this provider.")
@click.option("--role", metavar="NAME", help="Only of the role of this name.")
@click.option("--subject", metavar="NAME", help="Only of whom they were issued to.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--prefix", metavar="PREFIX", help="Only whose provider/role begins so.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N; all of them by default.")
@pass_session
def list_leases(session: Session, /, *, limit: int | None, **wanted: str | None) -> None:
    """List leases, oldest first: your own and those that you may read. Never a credential."""
    items = session.items(routes.LEASES, limit, **wanted)
    table = columns(items, "id", "provider", "role", "state", "subject", "expires_at", "account")
    show(session, View({"items": items}, table, [str(item["id"]) for item in items]))


@click.command("show", cls=Command)
@click.argument("lease_id", metavar="ID")
@pass_session
def show_lease(session: Session, /, *, lease_id: str) -> None:
    """Show a lease: whose it is, its account, when it ends. `-o raw` prints its state."""
    found = session.get(routes.item(routes.LEASES, lease_id))
    show(session, View(found, facts(found), [str(found.get("state", ""))]))


@click.command(cls=Command)
@click.argument("lease_id", metavar="ID")
@click.option("--extend", metavar="DURATION", help="How much later it ends: seconds, or such as 15m.")
@body_option()
@pass_session
def renew(session: Session, /, *, lease_id: str, extend: str | None, body_file: str | None) -> None:
    """Let a lease live longer, at the backend too; at most to its role's longest life. `-o raw` prints its end."""
    if (extend is None) == (body_file is None):
        raise WrongUsage("how much longer?", "give --extend 15m, say, or -f FILE with the request's body")
    body = read_body(body_file) if body_file is not None else {"extend_seconds": seconds(extend or "")}
    renewed = session.change("POST", f"{routes.item(routes.LEASES, lease_id)}/renew", body)
    show(session, View(renewed, facts(renewed), [str(renewed.get("expires_at", ""))]))


@click.command(cls=Command)
@click.argument("lease_id", metavar="ID")
@_reason
@yes_option(needed=False)
@pass_session
def revoke(session: Session, /, *, lease_id: str, reason: str | None) -> None:
    """Take a credential back now. Its state is `revoked` once the backend was seen not to have it any more."""
    body = {"reason": reason} if reason else {}
    revoked = session.change("POST", f"{routes.item(routes.LEASES, lease_id)}/revoke", body)
    if revoked.get("state") != "revoked":
        note("the backend is not seen to be rid of it yet; the server goes on until it is: leases show tells")
    show(session, View(revoked, facts(revoked), [str(revoked.get("state", ""))]))


@click.command(cls=Command)
@click.option("--provider", metavar="NAME", help="Of this provider.")
@click.option("--role", metavar="NAME", help="Of the role of this name.")
@click.option("--prefix", metavar="PREFIX", help="Whose provider/role begins so.")
@click.option("--subject", metavar="NAME", help="Of whom they were issued to.")
@_reason
@yes_option()
@pass_session
def revoke_all(session: Session, /, *, reason: str | None, yes: bool, **wanted: str | None) -> None:
    """Take back every credential that all of these describe. Asks before on a terminal; elsewhere it wants --yes.

    It tells how many there are; the backends follow as fast as they can.
    """
    body = {name: value for name, value in wanted.items() if value is not None}
    if not body:
        raise WrongUsage("which leases?", "give --provider, --role, --prefix or --subject, or several")
    if not yes:
        _ask(body)
    revoking = session.change("POST", f"{routes.LEASES}/revoke", {**body, **({"reason": reason} if reason else {})})
    show(session, View(revoking, facts(revoking), [str(revoking.get("revoking", ""))]))


def _ask(body: dict[str, str]) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise WrongUsage("who uses these credentials is cut off", "if that is meant, add --yes")
    described = ", ".join(f"{name} {value}" for name, value in body.items())
    with heeded():
        agreed = click.confirm(f"Revoke every lease of {described}?", err=True)
    if not agreed:
        raise ClientError("nothing was revoked")


@click.command(cls=Command)
@click.option("--provider", metavar="NAME", help="Only this one.")
@pass_session
def audit(session: Session, /, *, provider: str | None) -> int:
    """Compare the accounts at each backend with the log. Exit code 1 if they differ, 7 if a backend does not answer.

    Orphans are accounts there that no lease has; ghosts are active leases whose account is not there.
    """
    items = session.get(f"{routes.LEASES}/audit", provider=provider)["items"]
    table = columns(items, "provider", "kind", "accounts", "leases", "orphans", "ghosts", "error")
    found = [name for item in items for name in (*item.get("orphans", ()), *item.get("ghosts", ()))]
    show(session, View({"items": items}, table, found))
    if found:
        return ExitCode.FAILED
    return ExitCode.UNAVAILABLE if any(item.get("error") for item in items) else ExitCode.OK
