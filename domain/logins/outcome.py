"""What comes of a login: the value that a token is made of, and what the log says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple
from uuid import UUID

from domain.errors import Refused
from domain.event import AccessEvent, Event
from domain.token_terms import Terms


class LoginSucceeded(AccessEvent, frozen=True, kw_only=True):
    """Somebody logged in, from a client at `address`; the token's own event follows in the same append."""

    TOPIC: ClassVar[str] = "login.succeeded"
    mount: str
    method: str
    role: str
    subject: str
    address: str


class LoginRefused(AccessEvent, frozen=True, kw_only=True):
    """So many logins (`number`) were refused here for this reason, the last of them as `role`, from `address`.

    The first of a minute is told at once, the others of that minute together.
    """

    TOPIC: ClassVar[str] = "login.refused"
    mount: str
    method: str
    role: str
    reason: str
    number: int
    address: str


class LoggedIn(NamedTuple):
    """A login that is good, as long as `basis` holds: streams, and the version that each must have still.

    `events` belong into the same append as the token: that it was made, and a counted use.
    """

    tenant: str
    subject: str
    policies: tuple[str, ...]
    terms: Terms
    events: Sequence[Event]
    basis: Mapping[UUID, int]


class NotLoggedIn(Refused):
    """The login is refused. `reason` is for the log, in words that hold nothing of what was shown.

    `denied` says whether the answer is that nothing is permitted, rather than that the request was wrong.
    """

    code = "login-refused"

    def __init__(self, message: str, reason: str, *, role: str = "", denied: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.role = role
        self.denied = denied
