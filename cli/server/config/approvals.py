"""Which changes and reads of secrets need approval, as the configuration file says."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from cli.server.config.section import Section

Action = Literal["create", "rotate", "recover", "delete", "destroy", "read"]


class Approval(Section, frozen=True):
    """These actions on these paths need approval.

    Where several entries speak of the same, the strictest holds: the most approvers, of persons that each list names,
    for the shortest time.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", description="Of the entry.")]
    paths: Annotated[
        list[Annotated[str, Meta(max_length=1024)]],
        Meta(min_length=1, max_length=100, description="Patterns of paths, in which `*` stands for any characters."),
    ]
    actions: Annotated[
        list[Action],
        Meta(min_length=1, description="Of `create`, `rotate`, `recover`, `delete`, `destroy`, `read`."),
    ]
    approvers_needed: Annotated[
        int, Meta(ge=1, le=20, description="How many persons have to approve, besides whoever asks.")
    ] = 1
    approvers: Annotated[
        list[Annotated[str, Meta(max_length=200)]],
        Meta(
            max_length=100,
            description="Whose approval counts: subjects of tokens that `trstctl token create` issued. They need the"
            " scope `approvals:decide` besides; left out, the scope suffices.",
        ),
    ] = []
    ttl_seconds: Annotated[
        int, Meta(ge=60, le=30 * 86_400, description="How long a request can be approved and used, in seconds.")
    ] = 86_400
    tenants: Annotated[
        list[str], Meta(min_length=1, max_length=1000, description="Names of the tenants; `*` is every one.")
    ] = msgspec.field(default_factory=lambda: ["*"])
