"""The aggregate Secret: one path's versions, from its first value to the destruction of its last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Self

from domain.errors import AlreadyExists, CheckAndSetFailed, CheckAndSetRequired, Conflict, Invalid, NotFound
from domain.event import Aggregate, Created, Event
from domain.key_settings import NATIVE, KeySettings, MountRules, SettingsChange
from domain.names import stream_of
from domain.secret_events import (
    SecretForgotten,
    SettingsChanged,
    VersionsDeleted,
    VersionsExpiring,
    VersionsPruned,
    VersionsUndeleted,
)


class SecretCreated(Created, frozen=True, kw_only=True):
    """A path was used for the first time."""

    TOPIC: ClassVar[str] = "secret.created"
    path: str


class VersionWritten(Event, frozen=True, kw_only=True):
    """A value was sealed as version `number`.

    It lies outside the log under `seal_id` and has the digest `seal_digest`.
    """

    TOPIC: ClassVar[str] = "secret.version.written"
    path: str
    number: int
    seal_id: str
    seal_digest: str
    content_type: str
    metadata: dict[str, str]
    references: list[str]
    cause: str
    recovered_from: int | None = None

    def apply(self, aggregate: Secret) -> None:
        """The new version is current, and the name lives."""
        aggregate.be_reborn(self.timestamp)
        aggregate.current = self.number
        aggregate.live = True


class SecretDeleted(Event, frozen=True, kw_only=True):
    """The name no longer answers; its versions stay."""

    TOPIC: ClassVar[str] = "secret.deleted"
    path: str

    def apply(self, aggregate: Secret) -> None:
        """Reads find nothing until the name is restored."""
        aggregate.live = False
        aggregate.deleted.add(aggregate.current)


class SecretUndeleted(Event, frozen=True, kw_only=True):
    """The name answers again, with the version that was current."""

    TOPIC: ClassVar[str] = "secret.undeleted"
    path: str

    def apply(self, aggregate: Secret) -> None:
        """The name lives again."""
        aggregate.live = True
        aggregate.deleted.discard(aggregate.current)


class VersionsDestroyed(Event, frozen=True, kw_only=True):
    """The data keys of these versions are gone.

    Nobody can open their values again, from here or from a later backup.
    """

    TOPIC: ClassVar[str] = "secret.versions.destroyed"
    path: str
    numbers: list[int]
    everything: bool

    def apply(self, aggregate: Secret) -> None:
        """Those versions cannot be read; with `everything` the name does not answer either."""
        aggregate.destroyed.update(self.numbers)
        aggregate.unschedule(self.numbers)
        if self.everything:
            aggregate.live = False


class Written:
    """What a new version is made of, but for its number: gathered by the command, checked by the aggregate."""

    __slots__ = ("cause", "content_type", "metadata", "recovered_from", "references", "seal_digest", "seal_id")

    def __init__(
        self,
        *,
        seal_id: str,
        seal_digest: str,
        content_type: str,
        metadata: dict[str, str],
        references: list[str],
        cause: str,
        recovered_from: int | None = None,
    ) -> None:
        self.seal_id = seal_id
        self.seal_digest = seal_digest
        self.content_type = content_type
        self.metadata = metadata
        self.references = references
        self.cause = cause
        self.recovered_from = recovered_from


class Secret(Aggregate):
    """One path of one tenant. `current` is the newest version's number, 0 before the first."""

    TOPIC = "secret"

    def __init__(self, path: str) -> None:
        self.path = path
        self.current = 0
        self.live = False
        self.destroyed: set[int] = set()
        self.deleted: set[int] = set()
        self.expiring: dict[int, datetime] = {}
        self.gone = 0
        """Versions up to this number were pruned or forgotten."""
        self.forgotten = 0
        """Versions up to this number were forgotten."""
        self.settings = KeySettings()
        self._born_at: datetime | None = None

    @classmethod
    def begin(cls, tenant: str, path: str, at: datetime) -> Self:
        """A secret that has no version yet."""
        return cls._create(SecretCreated, id=stream_of("secret", tenant, path), path=path, timestamp=at)

    @property
    def born_at(self) -> datetime:
        """When the name was first used, or first used again after it was forgotten."""
        return self._born_at or self.created_on

    @property
    def is_empty(self) -> bool:
        """Whether it has no version, not even a destroyed one: never, or not since it was forgotten."""
        return self.current == self.forgotten

    def must_be_free(self) -> None:
        """Raises `AlreadyExists` if the name lives."""
        if self.live:
            raise AlreadyExists(f"{self.path!r} exists; use PUT to write its next version", [self.path])

    def must_live(self) -> None:
        """Raises `NotFound` if the name does not answer."""
        if not self.live:
            raise NotFound(f"there is no secret {self.path!r}")

    def must_have_versions(self) -> None:
        """Raises `NotFound` if it has none."""
        if self.is_empty:
            raise NotFound(f"there is no secret {self.path!r}")

    def must_hold(self, number: int) -> None:
        """Raises `Conflict` if that version has no value any more."""
        if number <= self.gone or number in self.destroyed:
            raise Conflict(f"version {number} of {self.path!r} was destroyed just now")

    def must_be_at(self, cas: int | None) -> None:
        """Raises `CheckAndSetFailed` unless `cas` is None or the current version (0: the name must not live).

        Raises `CheckAndSetRequired` if `cas` is None and the secret wants one.
        """
        self._check(cas, self.current if self.live else 0, NATIVE)

    def must_follow(self, cas: int | None, mount: MountRules) -> None:
        """Like `must_be_at` for who numbers versions from 1 after each forgetting: a deleted one counts like any."""
        self._check(cas, self.current - self.forgotten, mount)

    def _check(self, cas: int | None, current: int, mount: MountRules) -> None:
        if cas is None and self.settings.demands_cas(mount):
            raise CheckAndSetRequired(
                f"{self.path!r} is written by check-and-set only; name the version to follow in cas"
            )
        if cas is not None and cas != current:
            raise CheckAndSetFailed(
                f"{self.path!r} is at version {current}, not {cas}; read it again and decide anew", current=current
            )

    def write(self, written: Written, at: datetime, mount: MountRules = NATIVE) -> int:
        """Make the sealed value the next version and return its number; what is too old by then is pruned."""
        doomed = self.pruned_by_next(mount)
        number = self.current + 1
        self.trigger_event(
            VersionWritten,
            path=self.path,
            number=number,
            seal_id=written.seal_id,
            seal_digest=written.seal_digest,
            content_type=written.content_type,
            metadata=written.metadata,
            references=written.references,
            cause=written.cause,
            recovered_from=written.recovered_from,
            timestamp=at,
        )
        self._give_life([number], at, mount)
        if doomed:
            self.trigger_event(VersionsPruned, path=self.path, numbers=doomed, timestamp=at)
        return number

    def pruned_by_next(self, mount: MountRules = NATIVE) -> list[int]:
        """Versions that the next write prunes."""
        kept = self.settings.kept(mount)
        return list(range(self.gone + 1, self.current + 2 - kept)) if kept else []

    def delete(self, at: datetime) -> None:
        """Stop answering; raises `NotFound` if it already does not."""
        self.must_live()
        if self.current in self.expiring:
            self.trigger_event(VersionsDeleted, path=self.path, numbers=[self.current], timestamp=at)
        self.trigger_event(SecretDeleted, path=self.path, timestamp=at)

    def undelete(self, at: datetime) -> None:
        """Answer again; raises `Conflict` if it does, or if there is nothing left to answer with."""
        self.must_have_versions()
        if self.live:
            raise Conflict(f"{self.path!r} is not deleted")
        if self.current in self.destroyed:
            raise Conflict(f"the last version of {self.path!r} was destroyed; write a new one instead")
        self.trigger_event(SecretUndeleted, path=self.path, timestamp=at)
        self._give_life([self.current], at, NATIVE)

    def delete_versions(self, numbers: Iterable[int], at: datetime) -> list[int]:
        """Stop showing these; what is not there, destroyed or deleted already is passed over. Those that now are."""
        fresh = [number for number in self._held(numbers) if number not in self.deleted]
        if fresh:
            self.trigger_event(VersionsDeleted, path=self.path, numbers=fresh, timestamp=at)
        if self.live and self.current in fresh:
            self.trigger_event(SecretDeleted, path=self.path, timestamp=at)
        return fresh

    def undelete_versions(self, numbers: Iterable[int], at: datetime, mount: MountRules = NATIVE) -> list[int]:
        """Show these again, with as long a life as one written now; those of them that have a value to show."""
        held = self._held(numbers)
        ended = [number for number in held if number in self.deleted or number in self.expiring]
        if ended:
            self.trigger_event(VersionsUndeleted, path=self.path, numbers=ended, timestamp=at)
        if not self.live and self.current in ended:
            self.trigger_event(SecretUndeleted, path=self.path, timestamp=at)
        if held:
            self._give_life(held, at, mount)
        return held

    def settle(self, at: datetime) -> list[int]:
        """Record the deletion of what has come to its end by `at`: the versions that now are deleted."""
        return self.delete_versions([number for number, end in self.expiring.items() if end <= at], at)

    def destroy(self, numbers: Sequence[int] | None, at: datetime) -> list[int]:
        """Give up these versions (None: all of them) for good and return those not destroyed before."""
        self.must_have_versions()
        everything = numbers is None
        wanted = range(self.gone + 1, self.current + 1) if numbers is None else sorted(set(numbers))
        unknown = [number for number in wanted if not self.gone < number <= self.current]
        if unknown:
            raise Invalid(f"{self.path!r} has versions {self.gone + 1} to {self.current}; it has no {unknown}")
        fresh = [number for number in wanted if number not in self.destroyed]
        if not fresh and not (everything and self.live):
            raise Conflict(f"these versions of {self.path!r} are destroyed already")
        self.trigger_event(VersionsDestroyed, path=self.path, numbers=fresh, everything=everything, timestamp=at)
        return fresh

    def destroy_versions(self, numbers: Iterable[int], at: datetime) -> list[int]:
        """Like `destroy`, but what is not there or destroyed already is passed over."""
        fresh = self._held(numbers)
        return self.destroy(fresh, at) if fresh else []

    def forget(self, at: datetime) -> list[int]:
        """Destroy all that is left and forget the secret, but for its numbers; the versions that now are destroyed."""
        fresh = self._held(range(self.gone + 1, self.current + 1))
        if fresh or self.live:
            self.trigger_event(VersionsDestroyed, path=self.path, numbers=fresh, everything=True, timestamp=at)
        self.trigger_event(SecretForgotten, path=self.path, number=self.current, timestamp=at)
        return fresh

    def set(self, change: SettingsChange, at: datetime) -> None:
        """Settings take the place of others; they bind from the next write on."""
        self.trigger_event(
            SettingsChanged,
            path=self.path,
            max_versions=change.max_versions,
            cas_required=change.cas_required,
            delete_after_seconds=change.delete_after_seconds,
            custom_metadata=change.custom_metadata,
            timestamp=at,
        )

    def _held(self, numbers: Iterable[int]) -> list[int]:
        """Those of `numbers` that have a value, in order."""
        there = {number for number in numbers if self.gone < number <= self.current}
        return sorted(there - self.destroyed)

    def _give_life(self, numbers: list[int], at: datetime, mount: MountRules) -> None:
        life = self.settings.life(mount)
        if life is not None:
            self.trigger_event(VersionsExpiring, path=self.path, numbers=numbers, expires_at=at + life, timestamp=at)

    def unschedule(self, numbers: Iterable[int]) -> None:
        """These do not end by the clock any more. For events only, like what follows."""
        for number in numbers:
            self.expiring.pop(number, None)

    def vanish(self, number: int) -> None:
        """Nothing is known any more of versions up to `number`."""
        self.gone = number
        self.unschedule([each for each in self.expiring if each <= number])
        self.destroyed = {each for each in self.destroyed if each > number}
        self.deleted = {each for each in self.deleted if each > number}

    def forget_all(self) -> None:
        """Nothing is known any more but how many versions there were."""
        self.vanish(self.current)
        self.forgotten = self.current
        self.settings = KeySettings()
        self._born_at = None
        self.live = False

    def be_reborn(self, at: datetime) -> None:
        """The first use after it was forgotten."""
        if self.forgotten and self.is_empty and self._born_at is None:
            self._born_at = at
