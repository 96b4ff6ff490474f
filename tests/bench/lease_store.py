"""Leases by the hundred thousand, written into a store as the server would have written them."""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.log.batch import Batch
from adapters.sqlite.connection import connect
from adapters.sqlite.log import SqliteLogStore
from domain.lease import Lease, LeasePlan, account_name
from domain.ports import Append
from projections.audit import AuditEvents
from tests.stores import every_projection

PROVIDER: Final = "app-db"
ROLE: Final = "read"
_TRACKED: Final = """INSERT INTO tracking VALUES (?, (SELECT max(position) FROM events))
 ON CONFLICT (name) DO UPDATE SET position = excluded.position"""


def fill(
    folder: Path, count: int, *, expires_at: datetime, kind: str = "memory", settings: dict[str, Any] | None = None
) -> None:
    """`count` active leases of the store's one tenant, all read models with them. No server may have it open."""
    with closing(connect(folder / "trstctl.db")) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        ((tenant,),) = connection.execute("SELECT tenant FROM tenants")
        batch = Batch(SqliteLogStore(connection), every_projection(), os.urandom(8).hex())
        role = msgspec.json.encode(settings or {}).decode()
        entries = (_entry(_plan(tenant, expires_at, kind, role), tenant) for _ in range(count))
        while some := list(itertools.islice(entries, 2000)):
            batch.write(some)
        connection.execute(_TRACKED, (AuditEvents.name,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _entry(plan: LeasePlan, tenant: str) -> Append:
    at = datetime.now(UTC)
    lease = Lease.request(tenant, plan, at)
    lease.issue({}, at)
    events = lease.collect_events()
    return Append(tenant=tenant, actor="operator#tok_0", request_id=os.urandom(8).hex(), events=events)  # type: ignore[arg-type]  # the library types them as its own base


def _plan(tenant: str, expires_at: datetime, kind: str, settings: str) -> LeasePlan:
    at = datetime.now(UTC)
    noise = os.urandom(6).hex()
    return LeasePlan(
        lease_id=f"lse_{int(at.timestamp() * 1000):012x}{noise}",
        provider=PROVIDER,
        kind=kind,
        destination=f"{tenant}/{PROVIDER}",
        role=ROLE,
        settings=settings,
        subject="operator",
        token_id="tok_0",
        account=account_name(ROLE, "operator", noise),
        expires_at=expires_at,
        max_expires_at=expires_at,
        give_up_at=at + timedelta(seconds=60),
    )


def left(folder: Path) -> int:
    """How many leases are not yet seen to be gone."""
    with closing(sqlite3.connect(folder / "trstctl.db")) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM due_work WHERE kind = 'lease.revoke'")
    return int(count)


def accounts(folder: Path) -> list[str]:
    """The accounts of all leases."""
    with closing(sqlite3.connect(folder / "trstctl.db")) as connection:
        return [name for (name,) in connection.execute("SELECT account FROM leases ORDER BY account")]
