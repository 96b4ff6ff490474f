"""`transit keys create`, `list`, `show`, `rotate`, `set`, `trim`, `delete`, `export`, `backup` and `restore`."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import click

from cli.client import routes
from cli.client.arguments import body_option, seconds, yes_option
from cli.client.errors import WrongUsage
from cli.client.inputs import read_body, read_input
from cli.client.interrupts import heeded
from cli.client.options import Command, pass_session
from cli.client.output import View, columns, facts, show, to_terminal, write_text
from cli.client.session import Session

TYPES = (
    "aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521",
    "rsa-2048", "rsa-3072", "rsa-4096", "hmac",
)  # fmt: skip
_PARTS = ("encryption-key", "signing-key", "hmac-key", "public-key")
_COLUMNS = ("name", "type", "version", "min_decryption_version", "next_rotation_at", "created_at")
_MAX_BACKUP = 4 * 1024 * 1024


class NewKey(TypedDict):
    """The options that say which key is made."""

    name: str | None
    kind: str | None
    key_type: str | None
    derived: bool
    convergent: bool
    exportable: bool
    allow_plaintext_backup: bool
    auto_rotate: str | None
    key_size: int | None
    body_file: str | None


@click.command(cls=Command)
@click.argument("name", required=False)
@click.option("--kind", type=click.Choice(["aead", "hmac", "sign"]), help="What it is for; aead by default.")
@click.option("--type", "key_type", type=click.Choice(TYPES), help="Which type exactly; else that of the kind.")
@click.option("--derived", is_flag=True, help="Each context has a key of its own.")
@click.option("--convergent", is_flag=True, help="Equal plaintexts of a context are equal encrypted; with --derived.")
@click.option("--exportable", is_flag=True, help="Its material may be shown; for good.")
@click.option("--allow-plaintext-backup", is_flag=True, help="It may be backed up in the clear; for good.")
@click.option("--auto-rotate", metavar="DURATION", help="Rotate it by itself after so long, such as 30d.")
@click.option("--key-size", type=click.IntRange(min=1), metavar="BYTES", help="Of the type hmac.")
@body_option()
@pass_session
def create(session: Session, /, **options: Unpack[NewKey]) -> None:
    """Make a key. Its material stays on the server, sealed."""
    _show_one(session, session.change("POST", routes.TRANSIT_KEYS, _body(options)))


def _body(options: NewKey) -> dict[str, Any]:
    if options["body_file"] is not None:
        if any(value not in (None, False) for name, value in options.items() if name != "body_file"):
            raise WrongUsage("-f gives the whole body", "leave the other options out, or -f")
        return read_body(options["body_file"])
    if options["name"] is None:
        raise WrongUsage("which name?", "trstctl-cli transit keys create NAME, or -f with the whole body")
    period = options["auto_rotate"]
    given = {
        "name": options["name"],
        "kind": options["kind"] or (None if options["key_type"] else "aead"),
        "type": options["key_type"],
        "key_size": options["key_size"],
        "auto_rotate_seconds": seconds(period) if period else None,
    }
    flags = {name: True for name in ("derived", "convergent", "exportable", "allow_plaintext_backup") if options[name]}
    return {name: value for name, value in given.items() if value is not None} | flags


@click.command("list", cls=Command)
@click.option("--prefix", help="Only names that begin so.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@pass_session
def list_keys(session: Session, /, *, prefix: str | None, limit: int | None) -> None:
    """List keys, without material."""
    items = session.items(routes.TRANSIT_KEYS, limit, prefix=prefix)
    show(session, View({"items": items}, columns(items, *_COLUMNS), [str(item["name"]) for item in items]))


@click.command("show", cls=Command)
@click.argument("name")
@pass_session
def show_key(session: Session, /, *, name: str) -> None:
    """Show a key with its versions, without material."""
    _show_one(session, session.get(routes.item(routes.TRANSIT_KEYS, name)))


def _show_one(session: Session, key: dict[str, Any]) -> None:
    rows = {f"version {each['version']}": _of_version(each) for each in key.get("versions", ())}
    table = facts({name: value for name, value in key.items() if name != "versions"} | rows)
    show(session, View(key, table, [str(key.get("name", ""))]))


def _of_version(version: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in version.items() if name != "version"}


@click.command(cls=Command)
@click.argument("name", required=False)
@body_option()
@pass_session
def rotate(session: Session, /, *, name: str | None, body_file: str | None) -> None:
    """Give a key a new version. What was encrypted before is decrypted as before."""
    if (name is None) == (body_file is None):
        raise WrongUsage("name the key, or give the body with -f")
    body = {"name": name} if body_file is None else read_body(body_file)
    _show_one(session, session.change("POST", f"{routes.TRANSIT_KEYS}/rotate", body))


class KeyChange(TypedDict):
    """The options that say what is changed."""

    min_decryption_version: int | None
    min_encryption_version: int | None
    deletion_allowed: bool | None
    exportable: bool
    allow_plaintext_backup: bool
    auto_rotate: str | None


@click.command("set", cls=Command)
@click.argument("name")
@click.option("--min-decryption-version", type=click.IntRange(min=0), metavar="N", help="Older ones decrypt no more.")
@click.option("--min-encryption-version", type=click.IntRange(min=0), metavar="N", help="Older ones encrypt no more.")
@click.option("--deletion-allowed/--no-deletion-allowed", default=None, help="Whether it may be deleted.")
@click.option("--exportable", is_flag=True, help="Its material may be shown; for good.")
@click.option("--allow-plaintext-backup", is_flag=True, help="It may be backed up in the clear; for good.")
@click.option("--auto-rotate", metavar="DURATION", help="Rotate it by itself after so long; 0 for not.")
@pass_session
def set_key(session: Session, /, name: str, **options: Unpack[KeyChange]) -> None:
    """Change what a key may be used for."""
    period = options["auto_rotate"]
    given: dict[str, Any] = {
        "min_decryption_version": options["min_decryption_version"],
        "min_encryption_version": options["min_encryption_version"],
        "deletion_allowed": options["deletion_allowed"],
        "exportable": options["exportable"] or None,
        "allow_plaintext_backup": options["allow_plaintext_backup"] or None,
        "auto_rotate_seconds": None if period is None else seconds(period),
    }
    body = {field: value for field, value in given.items() if value is not None}
    if not body:
        raise WrongUsage("nothing is to be changed", "see trstctl-cli transit keys set --help")
    _show_one(session, session.change("PATCH", routes.item(routes.TRANSIT_KEYS, name), body))


@click.command(cls=Command)
@click.argument("name")
@click.argument("version", type=click.IntRange(min=1))
@yes_option()
@pass_session
def trim(session: Session, /, *, name: str, version: int, yes: bool) -> None:
    """Destroy the versions of a key below VERSION, for ever. Both of its minimum versions have to allow it."""
    _agreed(f"Destroy the versions of {name} below {version} for ever?", yes=yes)
    body = {"min_available_version": version}
    _show_one(session, session.change("POST", f"{routes.item(routes.TRANSIT_KEYS, name)}/trim", body))


@click.command(cls=Command)
@click.argument("name")
@yes_option()
@pass_session
def delete(session: Session, /, *, name: str, yes: bool) -> None:
    """Destroy a key: nothing that it encrypted can be decrypted again. The key has to allow it."""
    _agreed(f"Destroy {name}, and with it everything that it encrypted, for ever?", yes=yes)
    session.change("DELETE", routes.item(routes.TRANSIT_KEYS, name))


def _agreed(question: str, *, yes: bool) -> None:
    if not yes:
        with heeded():
            click.confirm(question, abort=True, err=True)


@click.command(cls=Command)
@click.argument("name")
@click.option("--part", type=click.Choice(_PARTS), default="public-key", show_default=True, help="What of it.")
@click.option("--version", type=click.IntRange(min=1), metavar="N", help="Only of this version.")
@click.option("--reveal", is_flag=True, help="Show material even on a terminal.")
@pass_session
def export(session: Session, /, *, name: str, part: str, version: int | None, reveal: bool) -> None:
    """Show a key's public part, or its material if it is exportable."""
    if part != "public-key":
        _must_be_meant(reveal=reveal)
    told = session.get(f"{routes.item(routes.TRANSIT_KEYS, name)}/export", kind=part, version=version)
    show(session, View(told, facts(told["keys"]), [str(text) for text in told["keys"].values()]))


@click.command(cls=Command)
@click.argument("name")
@click.option("--reveal", is_flag=True, help="Show it even on a terminal.")
@pass_session
def backup(session: Session, /, *, name: str, reveal: bool) -> None:
    """Write a key whole, with its material in the clear, in the form that OpenBao and Vault have."""
    _must_be_meant(reveal=reveal)
    write_text(session.get(f"{routes.item(routes.TRANSIT_KEYS, name)}/backup")["backup"] + "\n")


def _must_be_meant(*, reveal: bool) -> None:
    if to_terminal() and not reveal:
        raise WrongUsage("this would show key material on the terminal", "add --reveal, or redirect it")


@click.command(cls=Command)
@click.argument("name", required=False)
@click.option("--file", metavar="FILE", help="Read the backup from FILE instead of standard input.")
@click.option("--replace", is_flag=True, help="Put it in the place of the key that has the name.")
@pass_session
def restore(session: Session, /, *, name: str | None, file: str | None, replace: bool) -> None:
    """Make a key from a backup: of this product, of OpenBao or of Vault."""
    text = read_input(file or "-", _MAX_BACKUP).decode("ascii", "replace").strip()
    body = {"backup": text, **({"name": name} if name else {}), **({"force": True} if replace else {})}
    _show_one(session, session.change("POST", f"{routes.TRANSIT}/restore", body))
