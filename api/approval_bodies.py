"""Bodies of the routes of approvals. Unknown members are refused."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.patterns import NO_CONTROLS

Action = Literal["create", "rotate", "recover", "delete", "destroy", "read"]
ApprovalId = Annotated[str, Meta(max_length=36, extra_json_schema={"pattern": "^apr_[0-9a-f]{32}$"})]


class ApproveBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is approved on the path: the one open request for this action."""

    action: Annotated[Action, Meta(description="What is to be done with the secret.", examples=["rotate"])]
    id: Annotated[
        ApprovalId | UnsetType, Meta(description="The request's id; needed where several wait for the same action.")
    ] = UNSET


class DenyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Annotated[
        str,
        Meta(min_length=1, max_length=500, description="Why, for the log; on one line.", extra_json_schema=NO_CONTROLS),
    ]
