"""The aggregate Rotation: a standing account behind a stored secret, replaced by a new one, or everything undone.

Old and new account overlap, so that nobody is cut off: the stored secret is cut over to the new one, a real login is
tried with what is stored, and only then, after the grace, the old one ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Self

import msgspec

from domain.errors import Conflict
from domain.event import Aggregate, Created, Event
from domain.names import stream_of

STAGING: Final = "staging"
VERIFYING: Final = "verifying"
RETIRING: Final = "retiring"
COMPLETED: Final = "completed"
ROLLING_BACK: Final = "rolling_back"
ROLLED_BACK: Final = "rolled_back"
STATES: Final = (STAGING, VERIFYING, RETIRING, COMPLETED, ROLLING_BACK, ROLLED_BACK)
OVER: Final = frozenset({COMPLETED, ROLLED_BACK})


class RotationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a rotation is to do, decided before the backend is asked. `key` is the stored secret's path."""

    rotation_id: str
    provider: str
    kind: str
    destination: str
    key: str
    old_ref: str
    account: str
    grace_seconds: int
    schedule_id: str
    subject: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong in which phase, and from when on it can be undone."""

    phase: str
    error: str
    detail: str
    look_at: datetime


class RotationStarted(Created, frozen=True, kw_only=True):
    """The intent to make `account` like `old_ref`. If nothing more is heard of it by `go_on_at`, it is undone."""

    TOPIC: ClassVar[str] = "rotation.started"
    rotation_id: str
    provider: str
    kind: str
    destination: str
    key: str
    old_ref: str
    account: str
    grace_seconds: int
    schedule_id: str
    subject: str
    go_on_at: datetime


class RotationEvent(Event, frozen=True, kw_only=True):
    """What happens to a rotation after it was started. From `go_on_at` on, any node goes on with it."""

    rotation_id: str
    destination: str
    go_on_at: datetime


class RotationStaged(RotationEvent, frozen=True, kw_only=True):
    """The new account is there; the backend knows it as `new_ref`."""

    TOPIC: ClassVar[str] = "rotation.staged"
    new_ref: str

    def apply(self, aggregate: Rotation) -> None:
        """From here on it has to be kept or removed."""
        aggregate.new_ref = self.new_ref


class RotationCutOver(RotationEvent, frozen=True, kw_only=True):
    """The stored secret's version `number` is the new credential."""

    TOPIC: ClassVar[str] = "rotation.cut_over"
    number: int

    def apply(self, aggregate: Rotation) -> None:
        """A login has to be tried."""
        aggregate.number, aggregate.state = self.number, VERIFYING


class RotationVerified(RotationEvent, frozen=True, kw_only=True):
    """A login with what is stored worked. The intent to end the old account when `go_on_at` has come."""

    TOPIC: ClassVar[str] = "rotation.verified"

    def apply(self, aggregate: Rotation) -> None:
        """The old one lives on until its grace is over."""
        aggregate.state, aggregate.retire_at = RETIRING, self.go_on_at


class RotationCompleted(RotationEvent, frozen=True, kw_only=True):
    """The backend was asked, and the old account is not there."""

    TOPIC: ClassVar[str] = "rotation.completed"

    def apply(self, aggregate: Rotation) -> None:
        """The end."""
        aggregate.state = COMPLETED


class RotationFailed(RotationEvent, frozen=True, kw_only=True):
    """`phase` did not succeed: what was done is undone from here on."""

    TOPIC: ClassVar[str] = "rotation.failed"
    phase: str
    error: str
    detail: str
    look_at: datetime
    """From when on a look at the backend tells the truth: what is still being made is not there yet."""

    def apply(self, aggregate: Rotation) -> None:
        """Back."""
        aggregate.state, aggregate.failed_phase, aggregate.look_at = ROLLING_BACK, self.phase, self.look_at


class RotationRestored(RotationEvent, frozen=True, kw_only=True):
    """The stored secret's version `number` is again what it was before the cut-over."""

    TOPIC: ClassVar[str] = "rotation.restored"
    number: int

    def apply(self, aggregate: Rotation) -> None:
        """The secret is no more concerned."""
        aggregate.number = 0


class RotationRolledBack(RotationEvent, frozen=True, kw_only=True):
    """The backend was asked, and the new account is not there."""

    TOPIC: ClassVar[str] = "rotation.rolled_back"

    def apply(self, aggregate: Rotation) -> None:
        """The end."""
        aggregate.state = ROLLED_BACK


class Rotation(Aggregate):
    """One rotation. `number` is the version that was cut over to, 0 if there is none or it was taken back."""

    TOPIC = "rotation"

    def __init__(
        self,
        *,
        rotation_id: str,
        provider: str,
        kind: str,
        destination: str,
        key: str,
        old_ref: str,
        account: str,
        grace_seconds: int,
        schedule_id: str,
        subject: str,
    ) -> None:
        self.rotation_id = rotation_id
        self.provider = provider
        self.kind = kind
        self.destination = destination
        self.key = key
        self.old_ref = old_ref
        self.account = account
        self.grace_seconds = grace_seconds
        self.subject = subject
        self.is_scheduled = bool(schedule_id)
        self.state = STAGING
        self.new_ref = ""
        self.number = 0
        self.failed_phase = ""
        self.retire_at: datetime | None = None
        self.look_at: datetime | None = None

    @classmethod
    def start(cls, tenant: str, plan: RotationPlan, go_on_at: datetime, at: datetime) -> Self:
        """The intent."""
        stream = stream_of("rotation", tenant, plan.rotation_id)
        fields = msgspec.structs.asdict(plan)
        return cls._create(RotationStarted, id=stream, timestamp=at, go_on_at=go_on_at, **fields)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in OVER

    def stage(self, new_ref: str, go_on_at: datetime, at: datetime) -> None:
        """The new account is there; raises `Conflict` if the rotation was given up meanwhile."""
        self._must_be(STAGING)
        self._trigger(RotationStaged, at, go_on_at, new_ref=new_ref)

    def cut_over(self, number: int, go_on_at: datetime, at: datetime) -> None:
        """The stored secret has the new credential."""
        self._must_be(STAGING)
        self._trigger(RotationCutOver, at, go_on_at, number=number)

    def verify(self, retire_at: datetime, at: datetime) -> None:
        """A login worked."""
        self._must_be(VERIFYING)
        self._trigger(RotationVerified, at, retire_at)

    def complete(self, at: datetime) -> None:
        """The old account is seen to be gone."""
        self._must_be(RETIRING)
        self._trigger(RotationCompleted, at, at)

    def has_to_wait(self, now: datetime) -> bool:
        """Whether nothing is to be done yet: the old account has its grace, or the new one may still be being made."""
        until = {RETIRING: self.retire_at, ROLLING_BACK: self.look_at}.get(self.state)
        return until is not None and until > now

    def fail(self, failure: Failure, go_on_at: datetime, at: datetime) -> None:
        """Undo it; raises `Conflict` if there is nothing to undo any more."""
        if self.state not in {STAGING, VERIFYING}:
            raise Conflict(f"rotation {self.rotation_id} is {self.state}")
        self._trigger(RotationFailed, at, go_on_at, **msgspec.structs.asdict(failure))

    def restore(self, number: int, go_on_at: datetime, at: datetime) -> None:
        """The secret is what it was before."""
        self._must_be(ROLLING_BACK)
        self._trigger(RotationRestored, at, go_on_at, number=number)

    def roll_back(self, at: datetime) -> None:
        """The new account is seen to be gone."""
        self._must_be(ROLLING_BACK)
        self._trigger(RotationRolledBack, at, at)

    def _must_be(self, state: str) -> None:
        if self.state != state:
            raise Conflict(
                f"rotation {self.rotation_id} is {self.state}, not {state}: another node has gone on with it"
            )

    def _trigger(self, event: type[RotationEvent], at: datetime, go_on_at: datetime, **fields: object) -> None:
        self.trigger_event(
            event,
            rotation_id=self.rotation_id,
            destination=self.destination,
            go_on_at=go_on_at,
            timestamp=at,
            **fields,
        )
