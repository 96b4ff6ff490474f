"""How a PostgreSQL is reached, and what a role of ours may do there."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from adapters.providers.postgresql.dialect import DIALECT
from adapters.statement_templates import Statements

Name = Annotated[str, Meta(min_length=1, max_length=63)]
Texts = Annotated[list[Annotated[str, Meta(min_length=1, max_length=20_000)]], Meta(max_length=100)]


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server is, and as whom we make accounts there."""

    host: Annotated[str, Meta(min_length=1, max_length=255, description="Name or address of the server.")]
    port: Annotated[int, Meta(ge=1, le=65_535, description="Its port.")] = 5432
    database: Annotated[Name, Meta(description="The database that credentials are for.")]
    username: Annotated[Name, Meta(description="The role that makes the accounts. It needs `CREATEROLE`.")]
    sslmode: Annotated[
        Literal["disable", "require", "verify-ca", "verify-full"],
        Meta(description="As libpq has it: whether to encrypt, and to verify the server's certificate."),
    ] = "verify-full"
    ca_file: Annotated[
        str,
        Meta(max_length=4096, description="PEM file of the authorities that may vouch for it; else the system's."),
    ] = ""


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What accounts of one role are made with. Statements are templates; those of one kind are one transaction."""

    member_of: Annotated[
        list[Name], Meta(max_length=50, description="Roles of the server that each account is a member of.")
    ] = []
    connection_limit: Annotated[
        int, Meta(ge=-1, le=100_000, description="Most connections at once of one account; -1 is as many as it likes.")
    ] = -1
    owner: Annotated[
        str,
        Meta(
            max_length=63,
            description="Who gets what an account owned when it is removed; else the role that makes the accounts.",
        ),
    ] = ""
    creation_statements: Annotated[
        Texts,
        Meta(
            description="Run after the account is made, to grant it something. Where one of them has `{{password}}`,"
            " they make the account themselves."
        ),
    ] = []
    renewal_statements: Annotated[Texts, Meta(description="Run after `VALID UNTIL` was moved.")] = []
    revocation_statements: Annotated[
        Texts, Meta(description="Run before the account is dropped, once it can log in no more.")
    ] = []

    def __post_init__(self) -> None:
        """Raises `ValueError` if a statement cannot be."""
        for texts in (self.creation_statements, self.renewal_statements, self.revocation_statements):
            names = Statements(texts, DIALECT).names
            if "password" in names and (texts is not self.creation_statements or "name" not in names):
                raise ValueError("{{password}} belongs into creation statements, and beside {{name}}")
