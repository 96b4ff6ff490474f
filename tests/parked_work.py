"""Work that needs a person, made as a backend that fails for good would make it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.delivery import DeliveryAttempted, DeliveryParked
from domain.ports import Append, EventLog
from domain.process import EXPIRE_TOKEN
from domain.views import DueWorkView, Work


async def parked(view: DueWorkView, log: EventLog, tenant: str, token_id: str) -> str:
    """Let an attempt at recording the token's expiry fail for good; the work's id."""
    work = await view.of(tenant, EXPIRE_TOKEN, token_id)
    assert work is not None
    events = [attempted(work), failed(work)]
    await log.append(Append(tenant=tenant, actor="trstctl#n", request_id="r", events=events))
    return str(work.stream)


def attempted(work: Work) -> DeliveryAttempted:
    """A node begins on it."""
    at = datetime.now(UTC)
    return DeliveryAttempted(
        originator_id=work.stream, originator_version=work.version + 1, timestamp=at, kind=work.kind, ref=work.ref,
        destination=work.destination, number=8, node="n", until=at + timedelta(minutes=3),
    )  # fmt: skip


def failed(work: Work) -> DeliveryParked:
    """It was in vain, once too often."""
    at = datetime.now(UTC)
    return DeliveryParked(
        originator_id=work.stream, originator_version=work.version + 2, timestamp=at, kind=work.kind, ref=work.ref,
        number=8, error="backend-unavailable", detail="the connection was refused", retry_at=at + timedelta(days=9999),
    )  # fmt: skip
