"""How the process manager works: what comes due, and what is tried again."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from cli.server.config.section import Section


class Process(Section, frozen=True):
    """Work that comes due by the clock: what expires, what is revoked at a backend, what is tried again."""

    tick_seconds: Annotated[
        float, Meta(ge=0.1, le=60, description="How often to look for what has come due, in seconds.")
    ] = 1.0
    attempt_seconds: Annotated[
        float, Meta(ge=1, le=600, description="Longest that one attempt at a backend may take, in seconds.")
    ] = 60.0
    at_once: Annotated[
        int, Meta(ge=1, le=100, description="Most attempts under way at once at one backend, on each node.")
    ] = 8
    attempts: Annotated[
        int, Meta(ge=1, le=100, description="After so many failures in a row a person is told: `needs_attention`.")
    ] = 8
    first_pause_seconds: Annotated[
        float, Meta(ge=0.1, le=60, description="Pause after the first failure, in seconds; doubled with each further.")
    ] = 1.0
    longest_pause_seconds: Annotated[
        float, Meta(ge=1, le=86_400, description="Longest pause between attempts, in seconds.")
    ] = 300.0
    attention_seconds: Annotated[
        float, Meta(ge=1, le=86_400, description="How often work that waits for a person is tried all the same.")
    ] = 3600.0
