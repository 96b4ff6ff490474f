"""What is told of a rotation."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import msgspec

from domain.rotation import COMPLETED, ROLLED_BACK
from domain.views import RotationRow


class RotationMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation; never a credential. `completed`: the new account is in use and the old one seen to be gone."""

    id: str
    provider: str
    key: str
    old_ref: str
    new_ref: str | None
    state: str
    completed: bool
    rolled_back: bool
    failed_phase: str | None
    error: str | None
    detail: str | None
    started_at: datetime
    retires_at: datetime | None
    ended_at: datetime | None
    schedule_id: str | None
    replayed: bool | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, row: RotationRow) -> Self:
        """What the read model has."""
        return cls(
            id=row.rotation_id,
            provider=row.provider,
            key=row.key,
            old_ref=row.old_ref,
            new_ref=row.new_ref,
            state=row.state,
            completed=row.state == COMPLETED,
            rolled_back=row.state == ROLLED_BACK,
            failed_phase=row.failed_phase,
            error=row.error,
            detail=row.detail,
            started_at=row.started_at,
            retires_at=row.retire_at,
            ended_at=row.ended_at,
            schedule_id=row.schedule_id or None,
        )
