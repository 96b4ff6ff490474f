"""How a MongoDB is reached, and what a role of ours may do there."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Database = Annotated[str, Meta(min_length=1, max_length=63, pattern=r'^[^/\\. "$\x00]+$')]
Host = Annotated[str, Meta(max_length=260, pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$")]
File = Annotated[str, Meta(max_length=4096)]


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server is, and as whom we make users there."""

    hosts: Annotated[
        list[Host],
        Meta(min_length=1, max_length=50, description="Name or address of each member, with its port if not 27017."),
    ]
    replica_set: Annotated[
        str, Meta(max_length=128, description="Name of the replica set; else the only host is spoken to as it is.")
    ] = ""
    username: Annotated[Name, Meta(description="The user that makes the others.")]
    database: Annotated[
        Database, Meta(description="The database that users belong to and log in at, ours as well as those we make.")
    ] = "admin"
    tls: Annotated[bool, Meta(description="Whether to encrypt, and to verify the server's certificate.")] = True
    ca_file: Annotated[
        File, Meta(description="PEM file of the authorities that may vouch for the server; else the system's.")
    ] = ""
    cert_key_file: Annotated[
        File, Meta(description="PEM file of our certificate and its private key, where the server asks for one.")
    ] = ""
    custom_data: Annotated[
        bool,
        Meta(
            description="Whether a user says in its `customData` which lease, subject and end it has. Not for servers"
            " that keep none."
        ),
    ] = True

    def __post_init__(self) -> None:
        """Raises `ValueError` if the settings contradict each other."""
        if not self.tls and (self.ca_file or self.cert_key_file):
            raise ValueError("ca_file and cert_key_file are for tls: true")
        if len(self.hosts) > 1 and not self.replica_set:
            raise ValueError("several hosts are members of a replica set: give its name as replica_set")


class Grant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role of MongoDB's or of your own, and the database where it holds or is defined."""

    role: Annotated[Name, Meta(description="Its name, such as `read`.")]
    db: Annotated[Database, Meta(description="Its database.")]


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What users of one role may do."""

    roles: Annotated[
        list[Grant],
        Meta(max_length=100, description="Roles of MongoDB that each user has; with none it may do nothing."),
    ]
