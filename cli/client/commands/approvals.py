"""`secrets approvals`: approve, list, show, deny and withdraw requests for approval."""

from __future__ import annotations

from typing import Any, Final

import click

from cli.client import routes
from cli.client.arguments import body_option, path_argument
from cli.client.errors import WrongUsage
from cli.client.inputs import read_body
from cli.client.options import Command, pass_session
from cli.client.output import View, columns, facts, show
from cli.client.session import Session

ACTIONS: Final = ("create", "rotate", "recover", "delete", "destroy", "read")
STATES: Final = ("pending", "approved", "used", "denied", "withdrawn", "expired", "void")


@click.command(cls=Command)
@path_argument()
@click.option("--action", type=click.Choice(ACTIONS), help="What is approved.")
@click.option("--id", "approval_id", metavar="ID", help="Which request, where several wait for the same action.")
@body_option()
@pass_session
def approve(
    session: Session, /, *, path: str, action: str | None, approval_id: str | None, body_file: str | None
) -> None:
    """Approve what somebody else wants to do with the secret at PATH. It can be done once, and exactly as asked."""
    decision = session.change("POST", routes.secret(path, "approvals"), _body(action, approval_id, body_file))
    show(session, View(decision, facts(decision), [str(decision.get("state", ""))]))


def _body(action: str | None, approval_id: str | None, body_file: str | None) -> dict[str, Any]:
    if (action is None) == (body_file is None):
        raise WrongUsage("approve what?", "give --action rotate, say, or -f FILE with the request's body")
    if body_file is not None:
        if approval_id is not None:
            raise WrongUsage("-f gives the whole body", 'leave --id out, and put "id" into it')
        return read_body(body_file)
    return {"action": action} | ({"id": approval_id} if approval_id else {})


@click.command(cls=Command)
@click.option("--state", type=click.Choice(STATES), help="Only those in this state; `pending` is what waits.")
@click.option("--path", metavar="PATH", help="Only for this secret; a * at the end stands for any rest.")
@click.option("--requester", metavar="NAME", help="Only those that this subject asked for.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N; all of them by default.")
@pass_session
def list_requests(
    session: Session, /, *, state: str | None, path: str | None, requester: str | None, limit: int | None
) -> None:
    """List requests for approval, newest first: your own, and those that you may read or decide on."""
    items = session.items(routes.APPROVALS, limit, state=state, path=path, requester=requester)
    table = columns(items, "id", "resource", "action", "state", "requester", "approvals", "needed", "expires_at")
    show(session, View({"items": items}, table, [str(item["id"]) for item in items]))


@click.command("show", cls=Command)
@click.argument("approval_id", metavar="ID")
@pass_session
def show_request(session: Session, /, *, approval_id: str) -> None:
    """Show a request: what it covers, who asked, who has approved."""
    found = session.get(routes.item(routes.APPROVALS, approval_id))
    names = [str(approver.get("subject")) for approver in found.get("approvers", ())]
    show(session, View(found, facts(found | {"approvers": names}), [str(found.get("state", ""))]))


@click.command(cls=Command)
@click.argument("approval_id", metavar="ID")
@click.option("--reason", required=True, metavar="WORDS", help="Why; kept in the log.")
@pass_session
def deny(session: Session, /, *, approval_id: str, reason: str) -> None:
    """Refuse a request for good."""
    _close(session, approval_id, "deny", "denied", {"reason": reason})


@click.command(cls=Command)
@click.argument("approval_id", metavar="ID")
@pass_session
def withdraw(session: Session, /, *, approval_id: str) -> None:
    """Give up a request of your own."""
    _close(session, approval_id, "withdraw", "withdrawn")


def _close(session: Session, approval_id: str, verb: str, state: str, body: dict[str, Any] | None = None) -> None:
    session.change("POST", f"{routes.item(routes.APPROVALS, approval_id)}/{verb}", body)
    result: dict[str, object] = {"id": approval_id, "state": state}
    show(session, View(result, facts(result), [approval_id]))
