"""The aggregate Tenant: who shares nothing with anybody else."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Self

from domain.errors import Invalid
from domain.event import Aggregate, Created
from domain.names import stream_of

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


class TenantCreated(Created, frozen=True, kw_only=True):
    """A tenant came to be, with a key of its own."""

    TOPIC: ClassVar[str] = "tenant.created"
    name: str
    title: str


class Tenant(Aggregate):
    """A tenant, known by its id in the log and by its name to people."""

    TOPIC = "tenant"

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title

    @classmethod
    def begin(cls, tenant: str, name: str, title: str, at: datetime) -> Self:  # noqa: ARG003 - as of every aggregate
        """A new tenant; raises `Invalid` if the name is not a DNS label."""
        if not _NAME.match(name):
            raise Invalid(f"a tenant's name has 1 to 63 of a-z, 0-9 and -, not at an end; {name!r} does not")
        if len(title) > 200 or not title.isprintable():
            raise Invalid("a tenant's title has at most 200 printable characters")
        return cls._create(TenantCreated, id=stream_of("tenant", "", name), name=name, title=title, timestamp=at)
