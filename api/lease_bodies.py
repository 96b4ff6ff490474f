"""Bodies of the routes of leases and providers. Unknown members are refused."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from api.patterns import NO_CONTROLS
from domain.provider import MAX_TTL

ProviderName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=63,
        extra_json_schema={"pattern": "^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$"},
        examples=["postgresql"],
    ),
]
Sought = Annotated[str, Meta(min_length=1, max_length=63, extra_json_schema=NO_CONTROLS)]
"""A name to look for: there may be none like it."""
Seconds = Annotated[int, Meta(ge=1, le=MAX_TTL)]
Reason = Annotated[
    str, Meta(max_length=500, description="Why, for the log; on one line.", extra_json_schema=NO_CONTROLS)
]


class LeaseBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which credential is wanted, and for how long."""

    provider: Annotated[ProviderName, Meta(description="The backend.")]
    role: Annotated[ProviderName, Meta(description="One of its roles.", examples=["readonly"])]
    ttl_seconds: Annotated[
        Seconds | None, Meta(description="How long it is to live; left out, as the role has it.", examples=[900])
    ] = None


class RenewBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much longer."""

    extend_seconds: Annotated[
        Seconds, Meta(description="Added to its end, which the role's longest life bounds.", examples=[900])
    ]


class RevokeLeaseBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason = ""


class RevokeLeasesBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which leases: all of these must fit; at least one is given."""

    provider: Annotated[Sought | None, Meta(description="Of this provider.", examples=["postgresql"])] = None
    role: Annotated[Sought | None, Meta(description="Of the role of this name.", examples=["readonly"])] = None
    prefix: Annotated[
        Annotated[str, Meta(max_length=130, extra_json_schema=NO_CONTROLS)] | None,
        Meta(description="Whose `provider/role` begins so.", examples=["postgresql/"]),
    ] = None
    subject: Annotated[
        Annotated[str, Meta(max_length=200, extra_json_schema=NO_CONTROLS)] | None,
        Meta(description="Of whom they were issued to."),
    ] = None
    reason: Reason = ""


class ProviderBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backend: how it is reached, and with which credentials."""

    kind: Annotated[str, Meta(max_length=63, description="Which kind of backend it is.", examples=["postgresql"])]
    connection: Annotated[dict[str, Any], Meta(description="As the kind has it; not secret, and told openly.")] = {}
    credentials: Annotated[
        dict[str, Annotated[str, Meta(max_length=64 * 1024)]],
        Meta(description="Password, key or token by name; sealed, and never told again."),
    ] = {}

    def __repr__(self) -> str:
        """Without what is in it."""
        return "ProviderBody(<redacted>)"


class RoleBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role: what its credentials may do, and how long they live."""

    default_ttl_seconds: Annotated[Seconds, Meta(description="How long a lease lives if it does not ask.")] = 3600
    max_ttl_seconds: Annotated[Seconds, Meta(description="How long it lives at most, renewals and all.")] = 86_400
    settings: Annotated[dict[str, Any], Meta(description="As the kind has them; see its how-to page.")] = {}
