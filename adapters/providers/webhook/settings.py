"""What a webhook is configured by."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from adapters.provider_endpoints import CaFile, Endpoint, checked_endpoint


class Connection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it is."""

    url: Annotated[Endpoint, Meta(description="Where every question is sent by POST; https, except on this machine.")]
    ca_file: CaFile = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` for an address that is none."""
        checked_endpoint("url", self.url)


class Role(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What accounts may do, for the webhook to read."""

    parameters: Annotated[
        dict[str, Any], Meta(description="Passed to the webhook as they are with each question about an account.")
    ] = {}
