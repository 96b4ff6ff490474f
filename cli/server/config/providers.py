"""Backends that credentials are made in, as the configuration file names them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from cli.server.config.section import Section

Name = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$")]
Ttl = Annotated[int, Meta(ge=1, le=366 * 24 * 3600)]


class ProviderRole(Section, frozen=True):
    """What the credentials of a role may do, and how long they live, in seconds."""

    name: Annotated[Name, Meta(description="What leases ask for, such as `readonly`.")]
    default_ttl_seconds: Annotated[Ttl, Meta(description="How long a lease lives if it does not ask.")] = 3600
    max_ttl_seconds: Annotated[Ttl, Meta(description="How long it lives at most, renewals and all.")] = 86_400
    settings: Annotated[dict[str, Any], Meta(description="As the kind has them; see its how-to page.")] = {}


class Provider(Section, frozen=True):
    """A backend. The same through the API: `PUT /api/v1/secrets/providers/{name}`."""

    name: Annotated[Name, Meta(description="What leases ask for, such as `postgresql`.")]
    tenants: Annotated[
        list[str], Meta(min_length=1, description="Names of the tenants that may use it; `*` is every one.")
    ]
    kind: Annotated[str, Meta(description="Which kind of backend it is; left out, the name says it.")] = ""
    connection: Annotated[dict[str, Any], Meta(description="As the kind has it; see its how-to page. Not secret.")] = {}
    credentials_file: Annotated[
        str,
        Meta(description="Owner-only file with its password or key, or a JSON object where the kind takes several."),
    ] = ""
    roles: Annotated[list[ProviderRole], Meta(description="What may be asked for.")] = []
