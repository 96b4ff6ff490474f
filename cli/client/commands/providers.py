"""`providers list`, `show`, `set`, `remove` and `test`, and `providers roles set` and `remove`."""

from __future__ import annotations

import json
from typing import Any

import click

from cli.client import routes
from cli.client.arguments import body_option, pairs, role_argument, seconds, yes_option
from cli.client.errors import WrongUsage
from cli.client.inputs import read_body, read_credential
from cli.client.options import Command, pass_session
from cli.client.output import View, columns, facts, show
from cli.client.session import Session


@click.command(cls=Command)
@pass_session
def list_providers(session: Session, /) -> None:
    """List the backends that credentials are made in, and their roles."""
    items = session.get(routes.PROVIDERS)["items"]
    table = columns([item | {"roles": _names(item)} for item in items], "name", "kind", "source", "roles")
    show(session, View({"items": items}, table, [str(item["name"]) for item in items]))


def _names(provider: dict[str, Any]) -> list[str]:
    return [str(role.get("name")) for role in provider.get("roles", ())]


@click.command("show", cls=Command)
@click.argument("name")
@pass_session
def show_provider(session: Session, /, *, name: str) -> None:
    """Show a provider and its roles, without its credentials."""
    _show_one(session, session.get(routes.item(routes.PROVIDERS, name)))


def _show_one(session: Session, provider: dict[str, Any]) -> None:
    rows = {f"role {role.get('name')}": _without_name(role) for role in provider.get("roles", ())}
    table = facts({name: value for name, value in provider.items() if name != "roles"} | rows)
    show(session, View(provider, table, [str(provider.get("name", ""))]))


def _without_name(role: dict[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in role.items() if member != "name"}


@click.command("set", cls=Command)
@click.argument("name")
@click.option("--kind", metavar="KIND", help="Which kind of backend: postgresql, redis, kubernetes …; else as NAME.")
@click.option("--connection", multiple=True, metavar="K=V", help="Such as host=db.example; V may be JSON; repeatable.")
@click.option(
    "--credential",
    "credentials",
    multiple=True,
    metavar="NAME[=FILE]",
    help="Such as password=FILE, - for standard input; without FILE from there or a prompt; repeatable.",
)
@body_option()
@pass_session
def set_provider(
    session: Session,
    /,
    *,
    name: str,
    kind: str | None,
    connection: tuple[str, ...],
    credentials: tuple[str, ...],
    body_file: str | None,
) -> None:
    """Configure a backend, or anew: connection and credentials are given whole. Its roles stay."""
    if body_file is not None:
        if kind or connection or credentials:
            raise WrongUsage("-f gives the whole body", "leave the other options out")
        body = read_body(body_file)
    else:
        body = {
            "kind": kind or name,
            "connection": _settings(connection, "--connection"),
            "credentials": _credentials(credentials),
        }
    _show_one(session, session.change("PUT", routes.item(routes.PROVIDERS, name), body))


def _settings(texts: tuple[str, ...], option: str) -> dict[str, Any]:
    return {name: _value(text) for name, text in pairs(texts, option).items()}


def _value(text: str) -> Any:  # noqa: ANN401 - whatever JSON has
    """What JSON it is, or else the text itself: `5432` is a number, `"5432"` and `db.example` are texts."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _credentials(options: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for option in options:
        name, equals, file = option.partition("=")
        if not name or name in found or (equals and not file):
            raise WrongUsage("--credential is given as NAME=FILE or as NAME, each name once")
        found[name] = read_credential(name, file or None)
    return found


@click.command(cls=Command)
@click.argument("name")
@yes_option(needed=False)
@pass_session
def remove(session: Session, /, *, name: str) -> None:
    """Use a backend no longer; refused while accounts of its leases are there."""
    session.change("DELETE", routes.item(routes.PROVIDERS, name))
    result: dict[str, object] = {"name": name, "removed": True}
    show(session, View(result, facts(result), [name]))


@click.command(cls=Command)
@click.argument("name")
@pass_session
def test(session: Session, /, *, name: str) -> None:
    """Have the server connect to a backend, and check as far as that tells that the privileges suffice."""
    tried = session.ask(f"{routes.item(routes.PROVIDERS, name)}/test", {})
    show(session, View(tried, facts(tried), ["ok"]))


@click.command("set", cls=Command)
@role_argument()
@click.option("--default-ttl", metavar="DURATION", help="How long a lease lives if it does not ask; 1h by default.")
@click.option("--max-ttl", metavar="DURATION", help="How long it lives at most, renewals and all; 1d by default.")
@click.option("--setting", "settings", multiple=True, metavar="K=V", help="As the kind has it; V may be JSON.")
@body_option()
@pass_session
def set_role(
    session: Session,
    /,
    *,
    target: str,
    default_ttl: str | None,
    max_ttl: str | None,
    settings: tuple[str, ...],
    body_file: str | None,
) -> None:
    """Configure what leases may ask for; given whole."""
    if body_file is not None:
        if default_ttl or max_ttl or settings:
            raise WrongUsage("-f gives the whole body", "leave the other options out")
        body = read_body(body_file)
    else:
        given = {"default_ttl_seconds": default_ttl, "max_ttl_seconds": max_ttl}
        ttls = {member: seconds(text) for member, text in given.items() if text is not None}
        body = ttls | {"settings": _settings(settings, "--setting")}
    role = session.change("PUT", _role(target), body)
    show(session, View(role, facts(role), [str(role.get("name", ""))]))


@click.command("remove", cls=Command)
@role_argument()
@yes_option(needed=False)
@pass_session
def remove_role(session: Session, /, *, target: str) -> None:
    """Issue no lease of a role any more; those that live end as they would."""
    session.change("DELETE", _role(target))
    result: dict[str, object] = {"role": target, "removed": True}
    show(session, View(result, facts(result), [target]))


def _role(target: str) -> str:
    provider, _, role = target.partition("/")
    if not provider or not role or "/" in role:
        raise WrongUsage(f"{target!r} is not PROVIDER/ROLE")
    return routes.item(f"{routes.item(routes.PROVIDERS, provider)}/roles", role)
