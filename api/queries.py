"""The query of each route that takes one: a struct, from which the string is decoded and the API described.

What stands in `Meta(extra_json_schema=…)` is told and not checked here: the domain checks it, with a better reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.patterns import FOLDER, NO_CONTROLS, PREFIX

Version = Annotated[int, Meta(ge=1, le=10**12, description="A version's number.", examples=[3])]
Limit = Annotated[int, Meta(ge=1, le=1000, description="How many entries an answer may have.", examples=[100])]
Cursor = Annotated[
    str,
    Meta(
        max_length=1100,
        description="Where to go on: the `next_cursor` of the answer before.",
        examples=["app/db/user"],
        extra_json_schema=NO_CONTROLS,
    ),
]
Prefix = Annotated[
    str,
    Meta(
        description="How the names begin: a folder with its slash, or any beginning of a name; empty means all.",
        examples=["app/"],
        extra_json_schema=PREFIX,
    ),
]
Folder = Annotated[str, Meta(description="A folder.", examples=["staging"], extra_json_schema=FOLDER, min_length=1)]
Resolve = Annotated[
    bool, Meta(description="Expand references such as `${secret.app/db/user}` in the values.", examples=[True])
]
Reveal = Annotated[
    bool, Meta(description="Show the values too; needs `secrets:read` on each of them.", examples=[False])
]
Text = Annotated[str, Meta(max_length=1100, extra_json_schema=NO_CONTROLS)]
Moment = Annotated[datetime, Meta(tz=True, examples=["2026-06-25T12:00:00Z"])]


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters by name; one that is unknown is refused, for a typing error must not ask for something else."""


class NoQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No parameters."""


class NamesQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which names are listed."""

    prefix: Prefix = ""
    delimiter: Annotated[
        str,
        Meta(
            max_length=1,
            description="One character, most often `/`: names that go on past it are told as one folder.",
            examples=["/"],
            extra_json_schema=NO_CONTROLS,
        ),
    ] = ""
    limit: Limit = 100
    cursor: Cursor = ""
    deleted: Annotated[bool, Meta(description="List the deleted names instead of the living.", examples=[False])] = (
        False
    )


class ReadQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version is read, and how."""

    version: Version | None = None
    resolve: Resolve = False


class HistoryQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which versions are listed, or the one whose value is shown."""

    version: Version | None = None
    cursor: Annotated[
        Annotated[int, Meta(ge=1, le=10**12)] | None,
        Meta(description="Where to go on: the `next_cursor` of the answer before.", examples=[901]),
    ] = None
    limit: Limit = 100


class ExportQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is exported, and in which form."""

    prefix: Prefix = ""
    format: Annotated[Literal["json", "dotenv", "yaml"], Meta(description="Form of the answer.", examples=["json"])] = (
        "json"
    )
    resolve: Resolve = False


class FolderDiffQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two folders are compared."""

    left: Folder
    right: Folder
    reveal: Reveal = False


class VersionDiffQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two versions are compared."""

    from_version: Version = msgspec.field(name="from")
    to_version: Version = msgspec.field(name="to")
    reveal: Reveal = False


class ReferencesQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many users of a secret are told."""

    limit: Annotated[
        int, Meta(ge=1, le=10_000, description="How many users of the secret are told.", examples=[1000])
    ] = 1000


class TokensQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tokens are listed."""

    subject: Annotated[Text | None, Meta(description="Only tokens of this subject.", examples=["ci-deploy"])] = None
    limit: Limit = 100
    cursor: Annotated[
        str,
        Meta(
            max_length=200,
            description="Where to go on: the `next_cursor` of the answer before.",
            examples=["tok_0123456789abcdef"],
            extra_json_schema=NO_CONTROLS,
        ),
    ] = ""
    include_revoked: Annotated[bool, Meta(description="List revoked tokens as well.", examples=[True])] = False


class ApprovalsQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which requests for approval are listed."""

    state: Annotated[
        Literal["pending", "approved", "used", "denied", "withdrawn", "expired", "void"] | None,
        Meta(description="Only those in this state.", examples=["pending"]),
    ] = None
    path: Annotated[
        Text | None,
        Meta(description="Only for this secret; a `*` at the end stands for any rest.", examples=["db/*"]),
    ] = None
    requester: Annotated[Text | None, Meta(description="Only of this subject.", examples=["ci-deploy"])] = None
    cursor: Annotated[
        Annotated[int, Meta(ge=1, le=10**12)] | None,
        Meta(description="Where to go on: the `next_cursor` of the answer before.", examples=[901]),
    ] = None
    limit: Limit = 100


class AttentionQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the work that needs a person."""

    limit: Limit = 100
    cursor: Annotated[
        str,
        Meta(
            max_length=200,
            description="Where to go on: the `next_cursor` of the answer before.",
            examples=["00000000-0000-5000-8000-000000000003"],
            extra_json_schema=NO_CONTROLS,
        ),
    ] = ""


class AuditQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events are listed, and in which order."""

    type: Annotated[
        str,
        Meta(
            max_length=2000,
            description="Only events of these types, separated by commas; at most 50.",
            examples=["secret.read,secret.version.written"],
            extra_json_schema=NO_CONTROLS,
        ),
    ] = ""
    since: Annotated[Moment | None, Meta(description="Only events at or after this moment.")] = None
    until: Annotated[Moment | None, Meta(description="Only events before this moment.")] = None
    actor: Annotated[
        Text | None, Meta(description="Only events by this subject, or by `subject#token_id`.", examples=["ci-deploy"])
    ] = None
    path: Annotated[
        Text | None,
        Meta(
            description="Only events about this secret, or transit key; a `*` at the end stands for any rest.",
            examples=["app/*"],
        ),
    ] = None
    q: Annotated[
        Text | None, Meta(description="Only events with this text in type, actor, request id or path.", examples=["db"])
    ] = None
    order: Annotated[
        Literal["asc", "desc"], Meta(description="`asc` is oldest first, `desc` newest first.", examples=["desc"])
    ] = "desc"
    limit: Limit = 100
    cursor: Annotated[
        Annotated[str, Meta(pattern="^(?:next|prev):[0-9]{1,18}$")] | None,
        Meta(
            description="Where to go on: the `next_cursor` or the `previous_cursor` of an answer before.",
            examples=["next:120"],
        ),
    ] = None


class LeasesQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which leases are listed."""

    provider: Annotated[Text | None, Meta(description="Of this provider.", examples=["postgresql"])] = None
    role: Annotated[Text | None, Meta(description="Of the role of this name.", examples=["readonly"])] = None
    subject: Annotated[Text | None, Meta(description="Of whom they were issued to.", examples=["payments"])] = None
    state: Annotated[
        Literal["pending", "active", "failed", "revoking", "revoked"] | None,
        Meta(description="In this state.", examples=["active"]),
    ] = None
    prefix: Annotated[Text | None, Meta(description="Whose `provider/role` begins so.", examples=["postgresql/"])] = (
        None
    )
    limit: Limit = 100
    cursor: Cursor = ""


class RotationsQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rotations are listed."""

    key: Annotated[Text | None, Meta(description="Of this secret.", examples=["db/reporting"])] = None
    schedule_id: Annotated[Text | None, Meta(description="Of this schedule.", examples=["rsc_0123456789abcdef"])] = None
    limit: Limit = 100
    cursor: Cursor = ""


class SchedulesQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which schedules are listed."""

    limit: Limit = 100
    cursor: Cursor = ""


class LeaseAuditQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which backend is compared."""

    provider: Annotated[Text | None, Meta(description="This one alone.", examples=["postgresql"])] = None
