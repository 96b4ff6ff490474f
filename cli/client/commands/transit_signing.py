"""`transit sign` and `verify`."""

from __future__ import annotations

from typing import Any

import click

from cli.client import routes
from cli.client.arguments import Decorator, body_option
from cli.client.commands.transit import encoded, file_option, key_argument, show_answer, whole
from cli.client.commands.transit_options import HASHES, bound_to, context_option, version_option
from cli.client.errors import ClientError, WrongUsage
from cli.client.inputs import read_input
from cli.client.options import Command, pass_session
from cli.client.output import View, facts, note, show, to_terminal
from cli.client.session import Session

_MAX_SIGNATURE = 64 * 1024


def _terms() -> Decorator:
    """How signatures are made and written."""
    options = (
        click.option("--hash", "hash_algorithm", type=click.Choice([*HASHES, "none"]), help="The hash of the message."),
        click.option("--prehashed", is_flag=True, help="The input is the hash already."),
        click.option("--padding", type=click.Choice(["pss", "pkcs1v15"]), help="Of RSA keys; pss by default."),
        click.option("--salt-length", metavar="auto|hash|BYTES", help="Of PSS; auto by default."),
        click.option("--marshaling", type=click.Choice(["asn1", "jws"]), help="Of ECDSA; asn1 by default."),
    )

    def decorated(function: Any) -> Any:  # noqa: ANN401 - as click's decorators
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


@click.command(cls=Command)
@key_argument
@file_option
@_terms()
@context_option()
@version_option()
@body_option()
@pass_session
def sign(session: Session, /, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Sign standard input with KEY."""
    body = whole(options) or {**_one(options), "message": encoded(options["file"]), **_given(options)}
    show_answer(session, session.ask(f"{routes.TRANSIT}/sign", body), "signature")


@click.command(cls=Command)
@key_argument
@file_option
@click.option("--signature", "signature_file", metavar="FILE", help="The signature, in FILE.")
@click.option("--hmac", "hmac_file", metavar="FILE", help="The HMAC, in FILE.")
@click.option("--public-der", "public_file", metavar="FILE", help="Verify by the public key in FILE (DER), not by KEY.")
@_terms()
@context_option()
@version_option()
@body_option()
@pass_session
def verify(session: Session, /, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Verify a signature, or an HMAC, of standard input. Exit status 0: it is good; 1: it is not."""
    answer = session.ask(f"{routes.TRANSIT}/verify", whole(options) or _question(options))
    verdicts = [item.get("valid", False) for item in answer.get("items", [answer])]
    if session.output is not None or to_terminal() or "items" in answer:
        lines = ["valid" if good else "not valid" for good in verdicts]
        show(session, View(answer, facts({str(at): line for at, line in enumerate(lines)}), lines))
    if not all(verdicts):
        raise ClientError("it is not good: the input was altered, or this is of another key")
    note("it is good")


def _question(options: dict[str, Any]) -> dict[str, Any]:
    signature, mac, public = options["signature_file"], options["hmac_file"], options["public_file"]
    if (signature is None) == (mac is None):
        raise WrongUsage("verify what?", "give --signature FILE or --hmac FILE")
    if (options["key"] is None) == (public is None):
        raise WrongUsage("verify by what?", "name the key, or give --public-der FILE")
    by = {"key": options["key"]} if public is None else {"public_der": encoded(public)}
    data = encoded(options["file"])
    if mac is not None:
        algorithm = options["hash_algorithm"]
        return {**by, "data": data, "hmac": _text(mac), **({"algorithm": algorithm} if algorithm else {})}
    return {**by, "message": data, "signature": _text(signature), **_given(options)}


def _one(options: dict[str, Any]) -> dict[str, Any]:
    if options["key"] is None:
        raise WrongUsage("which key?", "trstctl-cli transit sign KEY, or -f with the whole body")
    return {"key": options["key"]}


def _given(options: dict[str, Any]) -> dict[str, Any]:
    salt = options["salt_length"]
    given = {
        "hash_algorithm": options["hash_algorithm"],
        "prehashed": options["prehashed"] or None,
        "signature_algorithm": options["padding"],
        "salt_length": int(salt) if salt and salt.isdecimal() else salt,
        "marshaling": options["marshaling"],
    }
    return {name: value for name, value in given.items() if value is not None} | bound_to(options)


def _text(file: str) -> str:
    return read_input(file, _MAX_SIGNATURE).decode("ascii", "replace").strip()
