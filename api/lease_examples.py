"""Examples of leases and providers. Every value in them is made up, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from api import lease_bodies
from api.routes.leases import LeaseAuditReport, LeasePage
from api.routes.providers import ProviderList
from domain.commands.lease_audit import Audited
from domain.commands.lease_terms import LeaseMeta
from domain.commands.leases import Revoking
from domain.commands.providers import ProviderMeta, RoleMeta, Tried

_CREDENTIAL: Final[dict[str, str | int]] = {
    "username": "trst-readon-paymen-0123456789ab",
    "password": "example-value-not-a-secret",
    "host": "db.internal",
    "port": 5432,
    "database": "payments",
    "dsn": "postgresql://trst-readon-paymen-0123456789ab:example-value-not-a-secret@db.internal:5432/payments",
}
_LEASE: Final = LeaseMeta(
    id="lse_019a0123456789abcdef0123",
    provider="postgresql",
    role="readonly",
    state="active",
    subject="payments",
    account="trst-readon-paymen-0123456789ab",
    requested_at=datetime(2026, 6, 25, 12, 0, tzinfo=UTC),
    issued_at=datetime(2026, 6, 25, 12, 0, tzinfo=UTC),
    expires_at=datetime(2026, 6, 25, 12, 15, tzinfo=UTC),
    max_expires_at=datetime(2026, 6, 26, 12, 0, tzinfo=UTC),
)
_REVOKED: Final = msgspec.structs.replace(
    _LEASE, state="revoked", cause="revoked", revoked_at=datetime(2026, 6, 25, 12, 5, tzinfo=UTC)
)
_SETTINGS: Final[dict[str, Any]] = {"grants": ["GRANT SELECT ON ALL TABLES IN SCHEMA public TO {{name}}"]}
_ROLE: Final = RoleMeta(name="readonly", default_ttl_seconds=900, max_ttl_seconds=86_400, settings=_SETTINGS)
_CONNECTION: Final[dict[str, Any]] = {"host": "db.internal", "database": "payments", "username": "trstctl"}
_PROVIDER: Final = ProviderMeta(
    name="postgresql", kind="postgresql", source="api", connection=_CONNECTION, roles=[_ROLE]
)

LEASE_BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "issueLease": {
        "a quarter of an hour": lease_bodies.LeaseBody(provider="postgresql", role="readonly", ttl_seconds=900)
    },
    "renewLease": {"a quarter of an hour more": lease_bodies.RenewBody(extend_seconds=900)},
    "revokeLease": {"with a reason": lease_bodies.RevokeLeaseBody(reason="the job is done")},
    "revokeLeases": {
        "all of a provider": lease_bodies.RevokeLeasesBody(provider="postgresql", reason="it was breached")
    },
    "configureProvider": {
        "a database": lease_bodies.ProviderBody(
            kind="postgresql", connection=_CONNECTION, credentials={"password": "example-value-not-a-secret"}
        )
    },
    "configureRole": {
        "read only": lease_bodies.RoleBody(default_ttl_seconds=900, max_ttl_seconds=86_400, settings=_SETTINGS)
    },
}
LEASE_ANSWERS: Final[Mapping[str, Mapping[str, object]]] = {
    "issueLease": {"a credential": msgspec.structs.replace(_LEASE, credential=_CREDENTIAL)},
    "listLeases": {"one": LeasePage([_LEASE], None)},
    "auditLeases": {
        "an orphan": LeaseAuditReport(
            [
                Audited(
                    provider="postgresql", kind="postgresql", accounts=2, leases=1, orphans=["trst-lost-0123456789ab"]
                )
            ]
        )
    },
    "showLease": {"active": _LEASE},
    "renewLease": {"extended": _LEASE},
    "revokeLease": {"gone": _REVOKED},
    "revokeLeases": {"three": Revoking(revoking=3)},
    "listProviders": {"one": ProviderList([_PROVIDER])},
    "showProvider": {"a database": _PROVIDER},
    "configureProvider": {"a database": _PROVIDER},
    "testProvider": {"good": Tried(name="postgresql", ok=True)},
    "configureRole": {"read only": _ROLE},
}
