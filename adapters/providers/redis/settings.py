"""How a Redis is reached, and what a role of ours may do there."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from adapters.providers.redis.rules import check_rule

File = Annotated[str, Meta(max_length=4096)]


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server is, and as whom we make users there."""

    host: Annotated[str, Meta(min_length=1, max_length=255, description="Name or address of the server.")]
    port: Annotated[int, Meta(ge=1, le=65_535, description="Its port.")] = 6379
    database: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Number of the database that the DSN of a credential names.")
    ] = 0
    username: Annotated[str, Meta(min_length=1, max_length=128, description="The ACL user that makes the others.")] = (
        "default"
    )
    tls: Annotated[bool, Meta(description="Whether to encrypt, and to verify the server's certificate.")] = True
    ca_file: Annotated[
        File, Meta(description="PEM file of the authorities that may vouch for the server; else the system's.")
    ] = ""
    cert_file: Annotated[File, Meta(description="PEM file of our certificate, where the server asks for one.")] = ""
    key_file: Annotated[File, Meta(description="PEM file of that certificate's private key.")] = ""
    save_acl: Annotated[
        bool,
        Meta(
            description="Have the server write its `aclfile` after each change. Without it, users that are made are"
            " gone, and users that are removed may be back, when the server starts anew."
        ),
    ] = False

    def __post_init__(self) -> None:
        """Raises `ValueError` if the settings contradict each other."""
        if not self.tls and (self.ca_file or self.cert_file or self.key_file):
            raise ValueError("ca_file, cert_file and key_file are for tls: true")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file go together")


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What users of one role may do."""

    rules: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=1000)]],
        Meta(
            min_length=1,
            max_length=200,
            description="ACL rules of keys, channels, commands: such as `~app:*`, `&news:*`, `+@read`, `-@dangerous`."
            " Each user starts with none of them.",
        ),
    ]

    def __post_init__(self) -> None:
        """Raises `ValueError` if a rule is not one of those."""
        for rule in self.rules:
            check_rule(rule)
