"""What is common to all logins: the check, the token, the record; and of two at once on the same basis only one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from domain.commands.lines import Lines
from domain.commands.login_refusals import Refusals
from domain.commands.token_minting import Minted, TokenMinting, Wanted
from domain.errors import VersionConflict
from domain.event import Event
from domain.logins.outcome import LoggedIn, LoginSucceeded, NotLoggedIn
from domain.logins.place import Place
from domain.logins.subjects import display_name, subject_of
from domain.logins.token_settings import TokenSettings
from domain.ports import Clock
from domain.token_terms import Terms

_TRIES: Final = 64
_NOWHERE: Final = UUID(int=0)


class Attempt(NamedTuple):
    """A login that is tried, from a client at `address`."""

    place: Place
    address: str
    request_id: str


class Identity(NamedTuple):
    """Whom a method has found out: a name for the subject, one to show, and what goes along with the token."""

    name: str
    shown: str
    role: str
    metadata: dict[str, str]


class Entering:
    """Makes tokens of logins."""

    def __init__(self, minting: TokenMinting, refusals: Refusals, clock: Clock) -> None:
        self._minting = minting
        self._refusals = refusals
        self._clock = clock
        self._lines = Lines()

    async def enter(self, attempt: Attempt, check: Callable[[], Awaitable[LoggedIn]], key: Hashable = None) -> Minted:
        """The token, once `check` says whose; raises `NotLoggedIn`, which is in the log then.

        Those who come with the same `key`, and have been in each other's way, stand in line in this process; without
        one nobody waits for another.
        """
        key = object() if key is None else key
        if not self._lines.is_there(key):
            try:
                return await self._tried(attempt, check)
            except VersionConflict:
                pass  # a use was counted, or something was configured, in between: look anew
        async with self._lines.turn(key):
            for _ in range(_TRIES):  # other nodes are in no line of ours
                try:
                    return await self._tried(attempt, check)
                except VersionConflict:
                    continue
        raise VersionConflict("many log in with this at once; try again")

    async def _tried(self, attempt: Attempt, check: Callable[[], Awaitable[LoggedIn]]) -> Minted:
        try:
            entered = await check()
        except NotLoggedIn as refusal:
            await self._refusals.add(attempt.place, refusal, attempt.address, attempt.request_id)
            raise
        return await self._minted(attempt, entered)

    def logged_in(
        self,
        attempt: Attempt,
        settings: TokenSettings,
        identity: Identity,
        basis: Mapping[UUID, int],
        events: Sequence[Event] = (),
        cidrs: Sequence[str] = (),
    ) -> LoggedIn:
        """The outcome of a good check."""
        place, at = attempt.place, self._clock()
        subject = subject_of(place, identity.name)
        told = Terms(
            display_name=display_name(place, identity.shown),
            metadata=identity.metadata,
            path=f"auth/{place.path}login",
            role=identity.role,
            cidrs=tuple(cidrs),
        )
        record = LoginSucceeded(
            originator_id=_NOWHERE, originator_version=0, timestamp=at, mount=place.path, method=place.method,
            role=identity.role, subject=subject, address=attempt.address,
        )  # fmt: skip
        terms = settings.terms(place, at, attempt.address, told)
        return LoggedIn(place.tenant, subject, settings.policies(), terms, (*events, record), basis)

    async def _minted(self, attempt: Attempt, entered: LoggedIn) -> Minted:
        wanted = Wanted(
            subject=entered.subject, policies=entered.policies, terms=entered.terms, ttl=entered.terms.ttl, orphan=True
        )
        return await self._minting.logged_in(
            entered.tenant, attempt.request_id, wanted, events=entered.events, basis=entered.basis
        )
