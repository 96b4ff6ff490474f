"""Request bodies. Unknown members are refused: a typing error must not lose a value.

What stands in `Meta(extra_json_schema=…)` is told and not checked here: the domain checks it, with a better reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.patterns import BASE64, INNER_PATH, MEDIA_TYPE, NO_CONTROLS, PATH, PREFIX, SCOPE, SUBJECT, VARIABLE
from domain.commands.resolving import MAX_INJECTED
from domain.commands.tokens import MAX_TTL
from domain.commands.transfer import MAX_IMPORT
from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.results import NewValue
from domain.scopes import MAX_SCOPES
from domain.values import BINARY, MAX_METADATA, MAX_VALUE, TEXT

Metadata = Annotated[
    dict[str, Annotated[str, Meta(extra_json_schema={"maxLength": 1024})]],
    Meta(
        extra_json_schema={
            "maxProperties": MAX_METADATA,
            "propertyNames": {"minLength": 1, "maxLength": 128},
        }
    ),
]
PathPrefix = Annotated[str, Meta(extra_json_schema=PREFIX)]
Number = Annotated[int, Meta(ge=1, le=10**12)]


class ValueBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value as text or as standard base64, with what is told about it openly."""

    name: Annotated[
        str | UnsetType,
        Meta(description="The secret's path; may be left out where the address names it.", extra_json_schema=PATH),
    ] = UNSET
    value: Annotated[
        str | UnsetType,
        Meta(description="The value as text, at most 1 MiB of UTF-8.", extra_json_schema={"maxLength": MAX_VALUE}),
    ] = UNSET
    value_b64: Annotated[
        bytes | UnsetType,
        Meta(description="The value in standard base64, at most 1 MiB when decoded.", extra_json_schema=BASE64),
    ] = UNSET
    metadata: Annotated[
        Metadata | None, Meta(description="Told openly with every answer and in the log: never put a secret here.")
    ] = None
    content_type: Annotated[
        Annotated[str, Meta(extra_json_schema=MEDIA_TYPE)] | None, Meta(description="What the value is, a media type.")
    ] = None


class NamedValueBody(ValueBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value, and under which name it is stored."""

    name: Annotated[str, Meta(description="The secret's path.", extra_json_schema=PATH)]


class RotateBody(ValueBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next value, and which version it is to follow."""

    cas: Annotated[
        Annotated[int, Meta(ge=0, le=10**12)] | UnsetType,
        Meta(description="Check and set: write only if this version is the current one; else 412."),
    ] = UNSET


class ImportBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values by path, put under `prefix`."""

    values: Annotated[
        dict[str, Annotated[str, Meta(extra_json_schema={"maxLength": MAX_VALUE})]],
        Meta(
            description="Values by path under the prefix.",
            extra_json_schema={"minProperties": 1, "maxProperties": MAX_IMPORT, "propertyNames": INNER_PATH},
        ),
    ]
    prefix: Annotated[PathPrefix, Meta(description="The folder that the values are put in; empty means none.")] = ""


class RecoverBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A point in time."""

    at: Annotated[
        datetime, Meta(tz=True, description="A point in the past: what was current then becomes the next version.")
    ]


class DestroyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Version numbers, or all of them."""

    versions: Annotated[
        Annotated[list[Number], Meta(min_length=1, max_length=10_000)] | UnsetType,
        Meta(description="Numbers of the versions to destroy."),
    ] = UNSET
    all: Annotated[bool, Meta(description="Destroy every version there is, and answer for the name no longer.")] = False


class InjectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which variables are filled from which paths, and a folder to fill in whole."""

    variables: Annotated[
        dict[str, Annotated[str, Meta(extra_json_schema=PATH)]],
        Meta(
            description="Paths by environment variable.",
            extra_json_schema={"maxProperties": MAX_INJECTED, "propertyNames": VARIABLE},
        ),
    ] = {}
    prefix: Annotated[
        PathPrefix | None, Meta(description="Fill in every secret under this prefix as well, named after its path.")
    ] = None
    name_style: Annotated[
        Literal["upper", "keep"], Meta(description="How variables are named after paths: in capitals, or as they are.")
    ] = "upper"
    resolve: Annotated[bool, Meta(description="Expand references in the values.")] = False


class TokenBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a token is for, what it may do, and for how long."""

    subject: Annotated[
        str,
        Meta(max_length=200, description="Whom the token is for, as the log names them.", extra_json_schema=SUBJECT),
    ]
    scopes: Annotated[
        list[Annotated[str, Meta(max_length=1100, extra_json_schema=SCOPE)]],
        Meta(
            description="What it may do, at most what the caller may: `resource:verb[:PATTERN]`, `role:NAME` or `*`.",
            extra_json_schema={"minItems": 1, "maxItems": MAX_SCOPES},
        ),
    ]
    ttl_seconds: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_TTL)] | None,
        Meta(description="How long it lives, in seconds; left out, as long as the caller's token."),
    ] = None


class EphemeralKeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a short-lived key is for, what it may do, and for how long."""

    scopes: Annotated[
        list[Annotated[str, Meta(max_length=1100, extra_json_schema=SCOPE)]],
        Meta(
            description="What it may do, at most what the caller may: `resource:verb[:PATTERN]`, `role:NAME` or `*`.",
            extra_json_schema={"minItems": 1, "maxItems": MAX_SCOPES},
        ),
    ]
    ttl_seconds: Annotated[
        int,
        Meta(
            ge=1,
            le=MAX_TTL,
            description="How long it lives, in seconds: at most the server's `access.max_ephemeral_ttl_seconds`.",
        ),
    ]
    subject: Annotated[
        Annotated[str, Meta(max_length=200, extra_json_schema=SUBJECT)] | None,
        Meta(description="Whom the key is for, as the log names them; left out, the caller's own subject."),
    ] = None


class RevokeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Annotated[
        str, Meta(max_length=500, description="Why, for the log; on one line.", extra_json_schema=NO_CONTROLS)
    ] = ""


class ResolveBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On what ground nothing is left to do."""

    reason: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=500,
            description="Why nothing is left to do, for the log; on one line.",
            extra_json_schema=NO_CONTROLS,
        ),
    ]


def new_value(body: ValueBody) -> NewValue:
    """The body's value in a buffer that can be wiped; raises `Invalid` unless it has just one of both forms."""
    if isinstance(body.value, str) and body.value_b64 is UNSET:
        plaintext, content_type = Plaintext(bytearray(body.value.encode())), TEXT
    elif isinstance(body.value_b64, bytes) and body.value is UNSET:
        plaintext, content_type = Plaintext(bytearray(body.value_b64)), BINARY
    else:
        raise Invalid("give the value as 'value' (text) or as 'value_b64' (standard base64), one of both")
    return NewValue(plaintext, body.content_type or content_type, body.metadata)
