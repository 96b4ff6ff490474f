"""Events of leases, providers, rotations and their schedules, as their aggregates would trigger them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from domain.event import Event
from domain.lease import LeaseFailed, LeaseIssued, LeaseRequested, LeaseRevocationRequested, LeaseRevocationVerified
from domain.provider import ProviderConfigured, RoleConfigured
from domain.rotation import RotationStarted
from domain.rotation_schedule import ScheduleSet

AT: Final = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
END: Final = AT + timedelta(hours=1)


def header(stream: UUID | None = None, version: int = 1) -> dict[str, Any]:
    """Where an event stands; in a stream of its own unless said otherwise."""
    return {"originator_id": stream or uuid4(), "originator_version": version, "timestamp": AT}


def requested(lease_id: str, stream: UUID | None = None, **changes: Any) -> LeaseRequested:
    """The intent to make a lease."""
    fields: dict[str, Any] = {
        "provider": "db", "kind": "postgresql", "destination": "file/db", "role": "read", "settings": "{}",
        "subject": "ada", "token_id": "tok_1", "account": f"trst-{lease_id}", "expires_at": END,
        "max_expires_at": END, "give_up_at": AT,
    }  # fmt: skip
    return LeaseRequested(**header(stream), originator_topic="lease", lease_id=lease_id, **fields | changes)


def lease(lease_id: str, state: str = "active", **changes: Any) -> list[Event]:
    """A lease's life until it came to `state`."""
    stream, where = uuid4(), {"lease_id": lease_id, "destination": changes.get("destination", "file/db")}
    begun = requested(lease_id, stream, **changes)
    issued = LeaseIssued(**header(stream, 2), **where, handle={}, expires_at=begun.expires_at)
    failed = LeaseFailed(**header(stream, 2), **where, error="backend-refused", look_at=AT)
    ending = LeaseRevocationRequested(**header(stream, 3), **where, cause="revoked", reason="", look_at=AT)
    gone = LeaseRevocationVerified(**header(stream, 4), **where)
    lives: dict[str, list[Event]] = {
        "pending": [begun],
        "active": [begun, issued],
        "failed": [begun, failed],
        "revoking": [begun, issued, ending],
        "revoked": [begun, issued, ending, gone],
    }
    return lives[state]


def provider(name: str, *roles: str, number: int = 1) -> list[Event]:
    """A provider with roles."""
    stream = uuid4()
    configured = ProviderConfigured(
        **header(stream), name=name, kind="postgresql", connection='{"host":"db"}', number=number,
        seal_id=f"seal-{name}-{number}", seal_digest="0" * 64,
    )  # fmt: skip
    made = [
        RoleConfigured(
            **header(stream, place), name=name, role=role, default_ttl_seconds=60, max_ttl_seconds=600, settings="{}"
        )
        for place, role in enumerate(roles, start=2)
    ]
    return [configured, *made]


def rotation(rotation_id: str, key: str = "db/reporting", schedule_id: str = "", **changes: Any) -> RotationStarted:
    """A rotation that has begun."""
    fields: dict[str, Any] = {
        "provider": "db", "kind": "postgresql", "destination": "file/db", "old_ref": "reporting", "account": "rot-1",
        "grace_seconds": 0, "subject": "ada", "go_on_at": AT,
    }  # fmt: skip
    return RotationStarted(
        **header(), originator_topic="rotation", rotation_id=rotation_id, key=key, schedule_id=schedule_id,
        **fields | changes,
    )  # fmt: skip


def schedule(schedule_id: str, *, next_run_at: datetime | None = END) -> ScheduleSet:
    """A schedule that was set; without a next run it is paused."""
    return ScheduleSet(
        **header(), schedule_id=schedule_id, name="nightly", provider="db", key="db/reporting", timetable="{}",
        grace_seconds=60, enabled=next_run_at is not None, next_run_at=next_run_at,
    )  # fmt: skip
