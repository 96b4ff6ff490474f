"""The options that every command takes, before its group, before its name, or after it."""

from __future__ import annotations

from typing import Any, Final

import click

from cli.client.session import Session

FORMATS: Final = ("table", "json", "yaml", "dotenv", "raw")

pass_session = click.make_pass_decorator(Session, ensure=True)


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    session = context.ensure_object(Session)
    if value is not None and parameter.name is not None:
        setattr(session, parameter.name, value)


def _option(*names: str, metavar: str | None, says: str, kind: click.ParamType[Any] | None = None) -> click.Option:
    return click.Option(list(names), metavar=metavar, help=says, type=kind, expose_value=False, callback=_remember)


_SECONDS: Final = click.FloatRange(min=0, min_open=True, max=3600)
_COMMON: Final = (
    _option("--server", metavar="URL", says="The server; else TRSTCTL_SERVER."),
    _option("--cacert", metavar="FILE", says="Certificates to trust, PEM; else TRSTCTL_CACERT, else the machine's."),
    _option("--token-file", metavar="FILE", says="File with the token; else TRSTCTL_TOKEN, TRSTCTL_TOKEN_FILE."),
    _option("--timeout", metavar="SECONDS", says="Longest wait for the server; 30 by default.", kind=_SECONDS),
    _option("-o", "--output", metavar=None, says="Form of the output.", kind=click.Choice(FORMATS)),
    _option("--idempotency-key", metavar="KEY", says="Key of this change; repeated with it, it happens once."),
)


class WithCommonOptions(click.Command):
    """Adds the common options to a command's own, and lists them apart in the help."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters, then the common ones."""
        return [*super().get_params(ctx), *_COMMON]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write both sections of options."""
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        own = [option for option in options if option not in _COMMON]
        for title, listed in (("Options", own), ("Options of every command", _COMMON)):
            records = [record for option in listed if (record := option.get_help_record(ctx)) is not None]
            with formatter.section(title):
                formatter.write_dl(records)


class Command(WithCommonOptions):
    """A command of the client. Arguments too many are refused without repeating them: one may be somebody's value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; raises `click.UsageError` for arguments too many."""
        ctx.allow_extra_args = True
        surplus = super().parse_args(ctx, args)
        if surplus and not ctx.resilient_parsing:
            raise click.UsageError(
                f"{len(surplus)} argument(s) too many. Values are read from standard input or a file, "
                "never from the command line, where every user of the machine can see them.",
                ctx,
            )
        return surplus
