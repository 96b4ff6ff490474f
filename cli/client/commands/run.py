"""`run`: a command with secrets in its environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import click

from cli.client import execution, routes
from cli.client.arguments import break_glass_option, mapped_option, pairs
from cli.client.errors import ClientError, WrongUsage
from cli.client.options import Command, pass_session
from cli.client.session import Session
from cli.client.supervisor import supervise

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_STEERING: Final = frozenset(
    {
        *(
            "PATH",
            "IFS",
            "ENV",
            "BASH_ENV",
            "SHELLOPTS",
            "PERL5OPT",
            "PERL5LIB",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PYTHONHOME",
        ),
        *("RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "GCONV_PATH"),
    }
)
"""Variables that make a program load or run something else: a prefix does not set them, its writer could be anybody."""


@click.command(cls=Command, context_settings={"allow_interspersed_args": False})
@mapped_option()
@click.option(
    "--prefix", metavar="PREFIX", help="Every secret under PREFIX, such as app/, named by the rest of its path."
)
@click.option(
    "--name-style", type=click.Choice(["upper", "keep"]), help="How --prefix names: DB_PASSWORD, or as it is."
)
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
    resolve: bool,
    command: tuple[str, ...],
) -> int:
    """Run COMMAND with secrets as environment variables. They are fetched in one request and written nowhere.

    Input, output, terminal and signals are the command's; the exit code is its own, 128+n after signal n, 127 if there
    is no such command, 126 if it cannot be started, and the client's if the secrets cannot be had.
    """
    body = _body(mapped, prefix, name_style, resolve=resolve)
    execution.check_exists(command[0])

    def become() -> NoReturn:
        execution.become(command, _fetched(session, body))

    return supervise(become)


def _body(mapped: tuple[str, ...], prefix: str | None, style: str | None, *, resolve: bool) -> dict[str, Any]:
    variables = pairs(mapped, "a secret")
    if not variables and prefix is None:
        raise WrongUsage("run with which secrets?", "give --secret ENV=path, or --prefix app/")
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


def _fetched(session: Session, body: dict[str, Any]) -> Mapping[str, str]:
    variables = session.ask(routes.INJECTIONS, body).get("variables")
    if not isinstance(variables, dict) or not body["variables"].keys() <= variables.keys():
        raise ClientError("the answer does not hold what was asked for")
    for name, value in variables.items():
        if not isinstance(value, str) or not _NAME.match(name):
            raise ClientError(f"the answer for {name!r} is no text for an environment variable")
        if name not in body["variables"] and (name in _STEERING or name.startswith(("LD_", "DYLD_"))):
            raise WrongUsage(
                f"{body['prefix']} holds a secret that would set {name}, which makes programs run other code",
                f"if that is meant, say so: --secret {name}=path",
            )
    return variables
