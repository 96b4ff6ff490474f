"""Request bodies of shares, and the query of their list.

What stands in `Meta(extra_json_schema=…)` is told and not checked here: the domain checks it, with a better reason.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.patterns import BASE64, NO_CONTROLS
from api.queries import Limit, Query, Text
from domain.errors import Invalid
from domain.passphrase import MAX_PASSPHRASE
from domain.plaintext import Plaintext
from domain.share import MAX_NOTE, MAX_VIEWS
from domain.values import MAX_VALUE

LONGEST_TTL: Final = 366 * 86_400
"""Longest life that a server may be configured to give a share, in seconds."""
_PASSPHRASE: Final = {"minLength": 1, "maxLength": MAX_PASSPHRASE}


class ShareBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value as text or as standard base64, and how it is shared."""

    value: Annotated[
        str | UnsetType,
        Meta(
            description="The value as text, at most `shares.max_value_bytes` of UTF-8.",
            extra_json_schema={"minLength": 1, "maxLength": MAX_VALUE},
        ),
    ] = UNSET
    value_b64: Annotated[
        bytes | UnsetType,
        Meta(
            description="The value in standard base64, at most `shares.max_value_bytes` when decoded.",
            extra_json_schema={**BASE64, "minLength": 4},
        ),
    ] = UNSET
    ttl_seconds: Annotated[
        Annotated[int, Meta(ge=1, le=LONGEST_TTL)] | None,
        Meta(description="How long it lives, in seconds; left out, `shares.default_ttl_seconds`."),
    ] = None
    passphrase: Annotated[
        Annotated[str, Meta(extra_json_schema=_PASSPHRASE)] | None,
        Meta(description="What has to be given besides the token. Without it nobody can open the value, here neither."),
    ] = None
    max_views: Annotated[int, Meta(ge=1, le=MAX_VIEWS, description="How often the value is given.")] = 1
    note: Annotated[
        str,
        Meta(
            max_length=MAX_NOTE,
            description="For your own list, on one line; told in the log: never put a secret here.",
            extra_json_schema=NO_CONTROLS,
        ),
    ] = ""

    def plaintext(self) -> Plaintext:
        """The value in a buffer that can be wiped; raises `Invalid` unless it has just one of both forms."""
        if isinstance(self.value, str) and self.value_b64 is UNSET:
            return Plaintext(bytearray(self.value.encode()))
        if isinstance(self.value_b64, bytes) and self.value is UNSET:
            return Plaintext(bytearray(self.value_b64))
        raise Invalid("give the value as 'value' (text) or as 'value_b64' (standard base64), one of both")


class RedeemBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A share's token, and its passphrase if it has one."""

    token: Annotated[str, Meta(description="The token: what follows the `#` in the share's link.")]
    passphrase: Annotated[
        Annotated[str, Meta(extra_json_schema=_PASSPHRASE)] | None, Meta(description="What its sender told besides.")
    ] = None


class SharesQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which shares are listed."""

    subject: Annotated[Text | None, Meta(description="Only shares that this subject made.", examples=["ann"])] = None
    state: Annotated[
        Literal["open", "consumed", "expired", "revoked", "locked"] | None,
        Meta(description="Only shares in this state.", examples=["open"]),
    ] = None
    limit: Limit = 100
    cursor: Annotated[
        str,
        Meta(
            max_length=200,
            description="Where to go on: the `next_cursor` of the answer before.",
            examples=["shr_019a0123456789abcdef0123"],
            extra_json_schema=NO_CONTROLS,
        ),
    ] = ""
