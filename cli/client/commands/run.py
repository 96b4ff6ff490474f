"""`run`: a command with secrets in its environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import click

from cli.client import execution, routes, run_leases
from cli.client.arguments import break_glass_option, lease_option, mapped_option, pairs
from cli.client.errors import ClientError, WrongUsage
from cli.client.lease_keeper import LeaseKeeper
from cli.client.options import Command, pass_session
from cli.client.session import Session
from cli.client.steering import steers
from cli.client.supervisor import supervise

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")


@click.command(cls=Command, context_settings={"allow_interspersed_args": False})
@mapped_option()
@click.option(
    "--prefix", metavar="PREFIX", help="Every secret under PREFIX, such as app/, named by the rest of its path."
)
@click.option(
    "--name-style", type=click.Choice(["upper", "keep"]), help="How --prefix names: DB_PASSWORD, or as it is."
)
@lease_option()
@click.option("--lease-ttl", metavar="DURATION", help="How long leases are issued, and renewed, for: such as 15m.")
@click.option("--resolve", is_flag=True, help="Expand references ${secret.path} in the values.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARG]...")
@break_glass_option()
@pass_session
def run(
    session: Session,
    /,
    *,
    mapped: tuple[str, ...],
    prefix: str | None,
    name_style: str | None,
    leases: tuple[str, ...],
    lease_ttl: str | None,
    resolve: bool,
    command: tuple[str, ...],
) -> int:
    """Run COMMAND with secrets as environment variables. They are fetched in one request and written nowhere.

    With --lease, credentials are issued for it, renewed while it runs, and given back when it ends.

    Input, output, terminal and signals are the command's; the exit code is its own, 128+n after signal n, 127 if there
    is no such command, 126 if it cannot be started, and the client's if the secrets cannot be had.
    """
    wanted = run_leases.wishes(session, leases, lease_ttl)
    stored = not leases or mapped or (prefix, name_style) != (None, None)
    body = _body(mapped, prefix, name_style, resolve=resolve) if stored else None
    execution.check_exists(command[0])
    if wanted:
        return _run_with_leases(session, body, wanted, command)

    def become() -> NoReturn:
        execution.become(command, _fetched(session, body))

    return supervise(become)


def _run_with_leases(
    session: Session, body: dict[str, Any] | None, wanted: run_leases.Wishes, command: tuple[str, ...]
) -> int:
    keeper = LeaseKeeper(session)

    def become() -> NoReturn:
        secrets = _fetched(session, body)
        execution.become(command, run_leases.together(secrets, run_leases.issued(session, wanted, keeper.tell)))

    code = supervise(become, keeper.start)
    keeper.release()
    return code


def _body(mapped: tuple[str, ...], prefix: str | None, style: str | None, *, resolve: bool) -> dict[str, Any]:
    variables = pairs(mapped, "a secret")
    if not variables and prefix is None:
        raise WrongUsage(
            "run with which secrets?", "give --secret ENV=path, --prefix app/, or --lease DB=provider/role"
        )
    for name, path in variables.items():
        if not _NAME.match(name):
            raise WrongUsage(f"{name!r} is no name of an environment variable", "give --secret NAME=path")
        routes.secret(path)
    body: dict[str, Any] = {"variables": variables, "resolve": resolve}
    if prefix is not None:
        return body | {"prefix": routes.folder(prefix), "name_style": style or "upper"}
    if style is not None:
        raise WrongUsage("--name-style is about the names that --prefix gives", "give --prefix, too")
    return body


def _fetched(session: Session, body: dict[str, Any] | None) -> Mapping[str, str]:
    if body is None:
        return {}
    variables = session.ask(routes.INJECTIONS, body).get("variables")
    if not isinstance(variables, dict) or not body["variables"].keys() <= variables.keys():
        raise ClientError("the answer does not hold what was asked for")
    for name, value in variables.items():
        if not isinstance(value, str) or not _NAME.match(name):
            raise ClientError(f"the answer for {name!r} is no text for an environment variable")
        if name not in body["variables"] and steers(name):
            raise WrongUsage(
                f"{body['prefix']} holds a secret that would set {name}, which makes programs run other code",
                f"if that is meant, say so: --secret {name}=path",
            )
    return variables
