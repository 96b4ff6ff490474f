"""How Microsoft Graph is reached, as whom, and for which applications."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from adapters.provider_endpoints import CaFile, Endpoint, checked_endpoint

Guid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$(?!\n)")]


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tenant, the application that we are, and those that we make passwords for."""

    tenant_id: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,254}$(?!\n)", description="The directory: its id, or a domain of it."
        ),
    ]
    client_id: Annotated[Guid, Meta(description="Application (client) id of the application that we are.")]
    applications: Annotated[
        list[Guid],
        Meta(
            min_length=1,
            max_length=100,
            description="Object ids of the applications that passwords may be made for. This is not the client id,"
            " which applications have too.",
        ),
    ]
    authority: Annotated[Endpoint, Meta(description="Where we and the holders of passwords log in.")] = (
        "https://login.microsoftonline.com"
    )
    graph_endpoint: Annotated[Endpoint, Meta(description="Microsoft Graph, without a version.")] = (
        "https://graph.microsoft.com"
    )
    ca_file: CaFile = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` if it could not be used."""
        for field in ("authority", "graph_endpoint"):
            address = getattr(self, field)
            checked_endpoint(field, address)
            if not address.startswith("https://") or address.endswith("/"):
                raise ValueError(f"{field} begins with https:// and does not end with /")


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose passwords the leases of a role are."""

    application: Annotated[Guid, Meta(description="The application's object id; the connection has to list it.")]
