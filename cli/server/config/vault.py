"""The surface for clients of Vault."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from cli.server.config.section import Section


class VaultSurface(Section, frozen=True):
    """`/v1/`, as clients of Vault and OpenBao speak it. It needs the secrets surface."""

    enabled: Annotated[bool, Meta(description="Whether it is served. Off, every path under `/v1/` answers 404.")] = True
    default_tenant: Annotated[
        str,
        Meta(
            max_length=100,
            description="The tenant that callers mean who log in without naming one (`VAULT_NAMESPACE`)."
            " Empty: the only one, if there is but one.",
        ),
    ] = ""
    version: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$",
            description="The version of Vault's API that clients are told; some decide by it what they ask for.",
        ),
    ] = "1.17.0"
    cluster_name: Annotated[str, Meta(min_length=1, max_length=100, description="What clients are told of it.")] = (
        "trstctl"
    )
    logins_per_second: Annotated[
        int,
        Meta(
            ge=0,
            le=10**6,
            description="Requests a second without a good token that one client address may make on one node, an IPv6"
            " network of 64 bits counting as one; 0 is no limit.",
        ),
    ] = 50
