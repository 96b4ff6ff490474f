"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import click

from cli.client.errors import WrongUsage
from cli.client.session import Session

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION: Final = re.compile(r"(?:\d{1,9}[smhdw])+\Z")


def _names(context: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
    from cli.client.path_completion import matching

    return matching(context, incomplete)


def path_argument(name: str = "path", *, required: bool = True) -> Decorator:
    """A secret's path; the shell completes it from the server."""
    return click.argument(name, required=required, shell_complete=_names)


def mapped_option() -> Decorator:
    """`--secret ENV=path`, also `--env`, repeatable; the shell completes the path."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
        return _after_equals(_names, context, parameter, incomplete)

    return click.option(
        "--secret",
        "--env",
        "mapped",
        multiple=True,
        metavar="ENV=path",
        shell_complete=complete,
        help="Variable ENV is the secret at path; repeatable.",
    )


def _roles(context: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
    from cli.client.role_completion import matching

    return matching(context, incomplete)


def role_argument(*, required: bool = True) -> Decorator:
    """`PROVIDER/ROLE`; the shell completes it from the server, for those who may see its providers."""
    metavar = "PROVIDER/ROLE" if required else "[PROVIDER/ROLE]"
    return click.argument("target", metavar=metavar, required=required, shell_complete=_roles)


def lease_option() -> Decorator:
    """`--lease ENV_PREFIX=provider/role`, repeatable; the shell completes the role."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
        return _after_equals(_roles, context, parameter, incomplete)

    return click.option(
        "--lease",
        "leases",
        multiple=True,
        metavar="ENV_PREFIX=provider/role",
        shell_complete=complete,
        help="A credential of its own, as ENV_PREFIX_USERNAME, _PASSWORD, _DSN …; repeatable.",
    )


def _after_equals(
    offers: Callable[..., list[Any]], context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[Any]:
    variable, equals, rest = incomplete.partition("=")
    items = offers(context, parameter, rest) if equals else []
    for item in items:
        item.value = f"{variable}={item.value}"
    return items


def body_option() -> Decorator:
    """`-f body.json`: the request's body as the API takes it."""
    return click.option(
        "-f", "body_file", metavar="FILE", help="Send the JSON in FILE (- for standard input) as the body."
    )


def break_glass_option() -> Decorator:
    """`--break-glass REASON`: do it without the approval it needs."""
    return click.option(
        "--break-glass",
        metavar="REASON",
        expose_value=False,
        callback=_break_the_glass,
        help="Do it without the approval it needs; recorded with REASON.",
    )


def _break_the_glass(context: click.Context, _: click.Parameter, reason: str | None) -> None:
    if reason is None:
        return
    if not 1 <= len(reason.strip()) <= 500 or not reason.isprintable():
        raise WrongUsage("--break-glass says why, in 1 to 500 characters on one line")
    context.ensure_object(Session).break_glass = reason


def metadata_option() -> Decorator:
    """`--metadata k=v`, repeatable."""
    return click.option("--metadata", multiple=True, metavar="K=V", help="Metadata, not secret; repeatable.")


def yes_option(*, needed: bool = True) -> Decorator:
    """`--yes`, also `--force`. Not `needed` where nothing is asked: accepted there for scripts that say it anyway."""
    return click.option(
        "--yes", "--force", "-y", "yes", is_flag=True, expose_value=needed, hidden=not needed, help="Do not ask."
    )


def pairs(texts: tuple[str, ...], what: str) -> dict[str, str]:
    """`K=V` texts as a mapping. Raises `WrongUsage` for one without `=`, or a name given twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise WrongUsage(f"{what} is given as NAME=VALUE")
        if name in found:
            raise WrongUsage(f"{what} {name} is given twice")
        found[name] = value
    return found


def seconds(text: str) -> int:
    """`900`, `15m`, `1h30m`, `7d` in seconds; raises `WrongUsage`."""
    if text.isascii() and text.isdecimal() and len(text) <= 10:
        return int(text)
    if not _DURATION.match(text):
        raise WrongUsage("a duration is seconds or such as 15m, 1h30m, 7d")
    return sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([smhdw])", text))


def lease_body(target: str, ttl: str | None) -> dict[str, Any]:
    """The body that asks for a lease of `provider/role`; raises `WrongUsage`."""
    provider, _, role = target.partition("/")
    if not provider or not role or "/" in role:
        raise WrongUsage(f"{target!r} is not PROVIDER/ROLE", "such as app-db/read; see trstctl-cli providers list")
    return {"provider": provider, "role": role, **({"ttl_seconds": seconds(ttl)} if ttl else {})}


def whole_numbers(text: str) -> list[int]:
    """`1,2,5` as numbers; raises `WrongUsage`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and 0 < len(part) <= 18 for part in parts):
        raise WrongUsage("versions are given as numbers: --versions 1,2")
    return [int(part) for part in parts]
