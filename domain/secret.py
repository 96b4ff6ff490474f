"""The aggregate Secret: one path's versions, from its first value to the destruction of its last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self

from domain.errors import AlreadyExists, CheckAndSetFailed, Conflict, Invalid, NotFound
from domain.event import Aggregate, Created, Event
from domain.names import stream_of


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
        aggregate.current = self.number
        aggregate.live = True


class SecretDeleted(Event, frozen=True, kw_only=True):
    """The name no longer answers; its versions stay."""

    TOPIC: ClassVar[str] = "secret.deleted"
    path: str

    def apply(self, aggregate: Secret) -> None:
        """Reads find nothing until the name is restored."""
        aggregate.live = False


class SecretUndeleted(Event, frozen=True, kw_only=True):
    """The name answers again, with the version that was current."""

    TOPIC: ClassVar[str] = "secret.undeleted"
    path: str

    def apply(self, aggregate: Secret) -> None:
        """The name lives again."""
        aggregate.live = True


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

    @classmethod
    def begin(cls, tenant: str, path: str, at: datetime) -> Self:
        """A secret that has no version yet."""
        return cls._create(SecretCreated, id=stream_of("secret", tenant, path), path=path, timestamp=at)

    def must_be_free(self) -> None:
        """Raises `AlreadyExists` if the name lives."""
        if self.live:
            raise AlreadyExists(f"{self.path!r} exists; use PUT to write its next version", [self.path])

    def must_live(self) -> None:
        """Raises `NotFound` if the name does not answer."""
        if not self.live:
            raise NotFound(f"there is no secret {self.path!r}")

    def must_be_at(self, cas: int | None) -> None:
        """Raises `CheckAndSetFailed` unless `cas` is None or the current version (0: the name must not live)."""
        current = self.current if self.live else 0
        if cas is not None and cas != current:
            raise CheckAndSetFailed(
                f"{self.path!r} is at version {current}, not {cas}; read it again and decide anew", current=current
            )

    def write(self, written: Written, at: datetime) -> int:
        """Make the sealed value the next version and return its number."""
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
        return number

    def delete(self, at: datetime) -> None:
        """Stop answering; raises `NotFound` if it already does not."""
        self.must_live()
        self.trigger_event(SecretDeleted, path=self.path, timestamp=at)

    def undelete(self, at: datetime) -> None:
        """Answer again; raises `Conflict` if it does, or if there is nothing left to answer with."""
        if self.live:
            raise Conflict(f"{self.path!r} is not deleted")
        if self.current in self.destroyed:
            raise Conflict(f"the last version of {self.path!r} was destroyed; write a new one instead")
        self.trigger_event(SecretUndeleted, path=self.path, timestamp=at)

    def destroy(self, numbers: Sequence[int] | None, at: datetime) -> list[int]:
        """Give up these versions (None: all of them) for good and return those not destroyed before."""
        everything = numbers is None
        wanted = range(1, self.current + 1) if numbers is None else sorted(set(numbers))
        unknown = [number for number in wanted if not 1 <= number <= self.current]
        if unknown:
            raise Invalid(f"{self.path!r} has versions 1 to {self.current}; it has no {unknown}")
        fresh = [number for number in wanted if number not in self.destroyed]
        if not fresh and not (everything and self.live):
            raise Conflict(f"these versions of {self.path!r} are destroyed already")
        self.trigger_event(VersionsDestroyed, path=self.path, numbers=fresh, everything=everything, timestamp=at)
        return fresh
