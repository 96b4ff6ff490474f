"""How a request uses a transit key: open it, do every item, append one fact about it, and only then answer.

No read of the store is needed: the append itself is refused if the key has changed since it was opened. Then all is
done anew with the key as it is now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from domain.call import Call
from domain.commands.reading import NOWHERE
from domain.commands.transit_items import DataKey, Decrypted, Outcome, told_of
from domain.errors import Conflict, Invalid, TooLarge, VersionConflict
from domain.event import Event
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Kept, Replies
from domain.results import Done
from domain.transit.cryptography import Cryptography
from domain.transit.limits import MAX_ITEMS
from domain.transit.opened import MAX_ENCRYPTIONS, OpenKey, OpenKeys
from domain.transit.uses import TransitSetAside, TransitUse
from domain.transit.view import TransitKeysView

I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R", bound="tuple[Any, ...]")

_TRIES: Final = 16
_SMALLEST_BLOCK: Final = 2**12
_LARGEST_BLOCK: Final = 2**20
"""How many encryptions are set aside at once: few for a key that has made few, so that few are lost with a node."""

Told = Callable[[Sequence[Outcome[Any]]], object]
"""The answer, as it is kept for who repeats the request with its idempotency key; never with a plaintext."""


class Use(NamedTuple):
    """What a request does with a key."""

    event: type[TransitUse]
    encrypts: bool = False
    """Whether its versions encrypt: then they are counted."""
    more: dict[str, str] = {}  # noqa: RUF012 - never changed
    """Further members of the event."""
    told: Told | None = None
    refused: Callable[[Any], bool] = lambda result: isinstance(result, Invalid)
    """Which outcomes count as failed."""


class KeyUse:
    """The one way to use keys."""

    def __init__(
        self,
        log: EventLog,
        keys: OpenKeys,
        view: TransitKeysView,
        cryptography: Cryptography,
        replies: Replies,
        clock: Clock,
    ) -> None:
        self._log = log
        self._keys = keys
        self._view = view
        self._cryptography = cryptography
        self._replies = replies
        self._clock = clock

    async def each(
        self,
        call: Call,
        name: str,
        items: Sequence[I | Invalid],
        numbers: Collection[int],
        do: Callable[[OpenKey, I], R],
        use: Use,
    ) -> Done[list[Outcome[R]]]:
        """Do every item with the key; `numbers` are the versions that they need.

        Raises `NotFound`, `Conflict` if the key is used up, `KeyUnavailable`.
        """
        if not 1 <= len(items) <= MAX_ITEMS:
            raise TooLarge(f"one request takes 1 to {MAX_ITEMS} items; this one has {len(items)}")
        for left in reversed(range(_TRIES)):
            key = await self._opened(call, name, numbers, left)
            if key is None:
                continue
            outcomes = await self._outcomes(key, items, do)
            try:
                return Done(outcomes, await self._record(call, key, outcomes, use))
            except BaseException as error:
                wipe(outcomes)
                if not (isinstance(error, VersionConflict) and left):
                    raise
                self._keys.forget(call.tenant, name, key)
        raise VersionConflict(f"transit key {name!r} changes too fast; try again")

    async def _opened(self, call: Call, name: str, numbers: Collection[int], left: int) -> OpenKey | None:
        try:
            return await self._keys.ready(call.tenant, name, numbers)
        except VersionConflict:
            self._keys.forget(call.tenant, name)
            if not left:
                raise
            return None

    async def _outcomes(
        self, key: OpenKey, items: Sequence[I | Invalid], do: Callable[[OpenKey, I], R]
    ) -> list[Outcome[R]]:
        def work() -> list[Outcome[R]]:
            outcomes: list[Outcome[R]] = []
            for item in items:
                try:
                    outcomes.append(item if isinstance(item, Invalid) else do(key, item))
                except Invalid as refused:
                    outcomes.append(told_of(refused))
            return outcomes

        return await self._cryptography.apart(work) if key.row.shape.type.slow else work()

    async def _record(self, call: Call, key: OpenKey, outcomes: Sequence[Outcome[Any]], use: Use) -> int:
        failed = sum([use.refused(outcome) for outcome in outcomes])
        used = Counter([result[0] for result in outcomes if not isinstance(result, Invalid)])
        row = key.row
        fact = use.event(
            originator_id=NOWHERE, originator_version=0, timestamp=self._clock(), key=row.name, numbers=sorted(used),
            count=len(outcomes) - failed, failed=failed, **use.more,
        )  # fmt: skip
        set_aside = await self._set_aside(call, key, used) if use.encrypts and key.counts else []
        kept = Kept()
        if use.told and call.idempotency and len(outcomes) > failed:
            kept = await self._replies.keep(call, use.told(outcomes))
        try:
            return await self._log.append(
                Append(
                    tenant=call.tenant, actor=call.principal.actor, request_id=call.request_id,
                    events=[fact, *set_aside], statements=kept.statements, reply=kept.reply,
                    unchanged={row.stream: row.stream_version},
                )
            )  # fmt: skip
        except BaseException:
            for event in set_aside:
                key.left[event.number] -= event.count
            raise

    async def _set_aside(self, call: Call, key: OpenKey, used: Counter[int]) -> list[TransitSetAside]:
        """Count these encryptions against what this node may make, and set aside more where that is not enough."""
        events = []
        for number, count in used.items():
            key.left[number] = key.left.get(number, 0) - count
            if key.left[number] < 0:
                events.append(await self._more(call, key, number, count))
        return events

    async def _more(self, call: Call, key: OpenKey, number: int, count: int) -> TransitSetAside:
        found = await self._view.versions(call.tenant, key.row, [number])
        before = found[0].encryptions if found else 0
        block = count + min(max(before, _SMALLEST_BLOCK), _LARGEST_BLOCK)
        if before + block > MAX_ENCRYPTIONS:
            if await self._view.find(call.tenant, key.row.name) != key.row:
                raise VersionConflict(f"transit key {key.row.name!r} has changed; try again")
            raise Conflict(
                f"version {number} of {key.row.name!r} has made as many encryptions as its random nonces are good for; "
                "rotate the key"
            )
        key.left[number] = key.left.get(number, 0) + block
        return TransitSetAside(
            originator_id=NOWHERE, originator_version=0, timestamp=self._clock(), key=key.row.name,
            ref=str(key.row.stream), number=number, count=block,
        )  # fmt: skip

    async def fact(self, call: Call, event: type[TransitUse], *, count: int, failed: int = 0) -> int:
        """Append that something was done by no key of ours."""
        fact = event(
            originator_id=NOWHERE, originator_version=0, timestamp=self._clock(), key="", numbers=[], count=count,
            failed=failed,
        )  # fmt: skip
        events: list[Event] = [fact]
        return await self._log.append(
            Append(tenant=call.tenant, actor=call.principal.actor, request_id=call.request_id, events=events)
        )


def wipe(outcomes: Iterable[Outcome[Any]]) -> None:
    """Overwrite what was decrypted, or made to encrypt with."""
    for outcome in outcomes:
        if isinstance(outcome, Decrypted | DataKey) and isinstance(outcome.plaintext, Plaintext):
            outcome.plaintext.wipe()
