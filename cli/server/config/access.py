"""Who may do what, and for how long."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from cli.server.config.section import Section


class Access(Section, frozen=True):
    """Access of machines and people."""

    max_ephemeral_ttl_seconds: Annotated[
        int, Meta(ge=1, le=366 * 86_400, description="Longest life of an ephemeral API key, in seconds.")
    ] = 86_400
