"""What may be shared, for how long, and how often anybody may try to see it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from cli.server.config.section import Section

_DAY = 86_400


class Shares(Section, frozen=True):
    """Values shared by a link that works so many times."""

    default_ttl_seconds: Annotated[
        int, Meta(ge=1, le=366 * _DAY, description="How long a share lives if it does not say, in seconds.")
    ] = _DAY
    max_ttl_seconds: Annotated[
        int, Meta(ge=1, le=366 * _DAY, description="Longest life of a share, in seconds; never less than the default.")
    ] = 7 * _DAY
    passphrase_tries: Annotated[
        int, Meta(ge=1, le=100, description="After so many wrong passphrases, all told, a share is locked for ever.")
    ] = 5
    max_value_bytes: Annotated[
        int, Meta(ge=1, le=1024 * 1024, description="Largest value that may be shared, in bytes.")
    ] = 64 * 1024
    redeems_per_second: Annotated[
        int,
        Meta(
            ge=0,
            le=10**6,
            description="Redeems a second that one client address may ask for on one node, an IPv6 network of 64 bits"
            " counting as one; 0 is no limit. Behind a proxy all clients have the proxy's address.",
        ),
    ] = 20
