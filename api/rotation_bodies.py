"""Bodies of the routes of rotations. Unknown members are refused."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from api.lease_bodies import ProviderName
from api.patterns import NO_CONTROLS, PATH
from domain.commands.rotations import MAX_GRACE

Key = Annotated[
    str, Meta(description="The path of the stored secret that holds the credential.", extra_json_schema=PATH)
]
OldRef = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        description="The account, or access key, whose credential is stored there and that is to end.",
        extra_json_schema=NO_CONTROLS,
        examples=["reporting"],
    ),
]
Seconds = Annotated[int, Meta(ge=0, le=MAX_GRACE)]
Interval = Annotated[
    Annotated[int, Meta(ge=60, le=366 * 24 * 3600)] | None,
    Meta(description="Every so many seconds.", examples=[86_400]),
]
Text = Annotated[str, Meta(max_length=100, extra_json_schema=NO_CONTROLS)]
Cron = Annotated[Text | None, Meta(description="Or by cron, in five fields.", examples=["30 3 * * sun"])]
Window = Annotated[Text | None, Meta(description="Only within these hours of the day.", examples=["22:00-04:00"])]
Zone = Annotated[Text, Meta(description="The time zone of cron and window, an IANA name.", examples=["Europe/Vienna"])]
Grace = Annotated[
    Seconds, Meta(description="How long the old account lives on after the new one is in use, in seconds.")
]
Named = Annotated[str, Meta(min_length=1, max_length=100, extra_json_schema=NO_CONTROLS)]


class RotationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which credential is replaced."""

    provider: Annotated[ProviderName, Meta(description="The backend.")]
    key: Key
    old_ref: OldRef
    grace_seconds: Grace = 0


class ScheduleBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which credential is replaced when: `interval_seconds` or `cron`, one of both."""

    name: Annotated[Named, Meta(description="What people call it.", examples=["weekly"])]
    provider: Annotated[ProviderName, Meta(description="The backend.")]
    key: Key
    old_ref: OldRef
    interval_seconds: Interval = None
    cron: Cron = None
    window: Window = None
    timezone: Zone = "UTC"
    grace_seconds: Grace = 0
    enabled: Annotated[bool, Meta(description="Whether it comes round at all.")] = True


class ScheduleChangeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given is changed. With `interval_seconds` or `cron`, the whole of its times is set anew."""

    name: Annotated[Named | None, Meta(description="What people call it.", examples=["weekly"])] = None
    interval_seconds: Interval = None
    cron: Cron = None
    window: Window = None
    timezone: Zone = "UTC"
    grace_seconds: Annotated[Seconds | None, Meta(description="How long the old account lives on, in seconds.")] = None
    enabled: Annotated[bool | None, Meta(description="False pauses it, true lets it come round again.")] = None
