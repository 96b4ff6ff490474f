"""Where a login method is mounted."""

from __future__ import annotations

from typing import Final, NamedTuple, Self
from uuid import UUID

from domain.errors import Invalid
from domain.mounts import DEFAULT_TTL, MountEntry
from domain.names import stream_of

MAX_NAME: Final = 512
"""Longest name of a role or user, in characters."""


class Place(NamedTuple):
    """One auth mount of one tenant. What is configured there belongs to `accessor`, which a later mount does not get.

    `path` ends in a slash and begins without `auth/`: `approle/`. The times to live are seconds; 0 is the system's.
    """

    tenant: str
    path: str
    accessor: str
    method: str
    default_ttl: int = 0
    max_ttl: int = 0

    @classmethod
    def at(cls, tenant: str, mount: MountEntry) -> Self:
        """The place of an auth mount."""
        path = mount.path.removeprefix("auth/")
        return cls(tenant, path, mount.accessor, mount.kind, mount.default_ttl, mount.max_ttl)

    @property
    def ttl(self) -> int:
        """How long a token lives that nobody says more about, in seconds."""
        return min(self.default_ttl or DEFAULT_TTL, self.ceiling)

    @property
    def ceiling(self) -> int:
        """How long a token lives at most, in seconds."""
        return self.max_ttl or DEFAULT_TTL

    @property
    def stream(self) -> UUID:
        """The stream of the mount's configuration."""
        return stream_of("login_method", self.tenant, self.accessor)

    def role_stream(self, name: str) -> UUID:
        """The stream of a role, or user, here."""
        return stream_of("login_role", self.tenant, f"{self.accessor}\n{name}")

    def secret_id_stream(self, accessor: str) -> UUID:
        """The stream of the secret id with this accessor."""
        return stream_of("login_secret_id", self.tenant, f"{self.accessor}\n{accessor}")


def checked_name(name: str, what: str) -> str:
    """`name` in lower case, as roles and users are kept; raises `Invalid`."""
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise Invalid(f"{what} has 1 to {MAX_NAME} printable characters")
    return name.lower()
