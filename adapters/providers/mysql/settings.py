"""How a MariaDB or MySQL is reached, and what a role of ours may do there."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from adapters.providers.mysql.dialect import DIALECT
from adapters.statement_templates import Statements

Texts = Annotated[list[Annotated[str, Meta(min_length=1, max_length=20_000)]], Meta(max_length=100)]


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server is, and as whom we make accounts there."""

    host: Annotated[str, Meta(min_length=1, max_length=255, description="Name or address of the server.")]
    port: Annotated[int, Meta(ge=1, le=65_535, description="Its port.")] = 3306
    database: Annotated[
        str, Meta(max_length=64, description="The database that credentials name; empty if they name none.")
    ] = ""
    username: Annotated[
        str,
        Meta(min_length=1, max_length=128, description="The account that makes the others."),
    ]
    tls: Annotated[
        Literal["disable", "require", "verify-ca", "verify-full"],
        Meta(description="Whether to encrypt, and to verify the server's certificate and its name."),
    ] = "verify-full"
    ca_file: Annotated[
        str,
        Meta(max_length=4096, description="PEM file of the authorities that may vouch for it; else the system's."),
    ] = ""


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What accounts of one role are made with. Statements are templates."""

    host: Annotated[
        str, Meta(min_length=1, max_length=255, description="From where an account may log in, as in `user@host`.")
    ] = "%"
    require_tls: Annotated[bool, Meta(description="Whether an account may only log in over TLS.")] = False
    max_user_connections: Annotated[
        int, Meta(ge=0, le=100_000, description="Most connections at once of one account; 0 is as many as it likes.")
    ] = 0
    creation_statements: Annotated[
        Texts,
        Meta(description="Run after the account is made and before it may log in, to grant it something."),
    ] = []
    renewal_statements: Annotated[Texts, Meta(description="Run when a lease is renewed.")] = []
    revocation_statements: Annotated[
        Texts, Meta(description="Run before the account is dropped, once it can log in no more.")
    ] = []

    def __post_init__(self) -> None:
        """Raises `ValueError` if a statement cannot be."""
        for texts in (self.creation_statements, self.renewal_statements, self.revocation_statements):
            Statements(texts, DIALECT)
