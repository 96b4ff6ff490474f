"""The aggregate AclPolicy: rules of access by a name, for tokens to have."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Final, Self

from domain.errors import Invalid, NotFound
from domain.event import Aggregate, Created, Event
from domain.names import stream_of

_NAME: Final = re.compile(r"[^\s\x00-\x1f\x7f,]{1,255}\Z")


def checked_policy_name(name: str) -> str:
    """The name in lower case, as Vault keeps it; raises `Invalid`."""
    lowered = name.lower()
    if not _NAME.match(lowered) or not lowered.isprintable():
        raise Invalid("a policy's name has 1 to 255 characters, without spaces and commas")
    return lowered


class AclPolicyCreated(Created, frozen=True, kw_only=True):
    """A name was used for a policy for the first time."""

    TOPIC: ClassVar[str] = "acl_policy.created"
    name: str


class AclPolicyWritten(Event, frozen=True, kw_only=True):
    """What whoever has the policy may do: the text as it was given, and the rules that were read in it, as JSON."""

    TOPIC: ClassVar[str] = "acl_policy.written"
    name: str
    text: str
    rules: str

    def apply(self, aggregate: AclPolicy) -> None:
        """It is there."""
        aggregate.live = True


class AclPolicyDeleted(Event, frozen=True, kw_only=True):
    """Whoever has it has nothing by it any more."""

    TOPIC: ClassVar[str] = "acl_policy.deleted"
    name: str

    def apply(self, aggregate: AclPolicy) -> None:
        """It may be written again."""
        aggregate.live = False


class AclPolicy(Aggregate):
    """One policy of one tenant."""

    TOPIC = "acl_policy"

    def __init__(self, name: str) -> None:
        self.name = name
        self.live = False

    @classmethod
    def begin(cls, tenant: str, name: str, at: datetime) -> Self:
        """A name without a policy yet."""
        return cls._create(AclPolicyCreated, id=stream_of("acl_policy", tenant, name), name=name, timestamp=at)

    def write(self, text: str, rules: str, at: datetime) -> None:
        """Take the text in the place of the one before."""
        self.trigger_event(AclPolicyWritten, name=self.name, text=text, rules=rules, timestamp=at)

    def delete(self, at: datetime) -> None:
        """Raises `NotFound` if there is none."""
        if not self.live:
            raise NotFound(f"there is no policy {self.name!r}")
        self.trigger_event(AclPolicyDeleted, name=self.name, timestamp=at)
