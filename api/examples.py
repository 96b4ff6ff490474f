"""Examples for the description. Every value in them is made up, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from api import bodies
from api.approval_examples import APPROVAL_ANSWERS, APPROVAL_BODIES
from api.differences import FolderDifference, NameDifference, VersionDifference
from api.lease_examples import LEASE_ANSWERS, LEASE_BODIES
from api.replies import SecretValue
from api.rotation_examples import ROTATION_ANSWERS, ROTATION_BODIES
from api.routes.access import TokenPage, WhoAmI
from api.routes.attention import AttentionPage
from api.routes.audit import AuditPage, Checkpoints
from api.routes.health import Health, Readiness
from api.routes.trees import Exported, Injection, ReferenceList
from api.routes.versions import History, HistoryItem
from api.share_examples import SHARE_ANSWERS, SHARE_BODIES
from api.transit_examples import TRANSIT_ANSWERS, TRANSIT_BODIES
from domain.commands.attention import AttentionItem
from domain.commands.reading import Page
from domain.commands.secrets import Destroyed
from domain.commands.tokens import TokenMeta
from domain.commands.transfer import Imported
from domain.results import SecretMeta
from domain.values import TEXT
from domain.verification.report import Report
from domain.views import Use
from projections.audit import AuditEvent

Examples = Mapping[str, object]
"""By name: a struct, or text for an answer that is not JSON."""

_FAKE: Final = "example-value-not-a-secret"
_BORN: Final = datetime(2026, 6, 24, 9, 30, tzinfo=UTC)
_WRITTEN: Final = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
_TENANT: Final = "00000000-0000-4000-8000-000000000001"
_ISSUER: Final = "tok_0123456789abcdef"
_ACTOR: Final = f"ci-deploy#{_ISSUER}"


def _meta(name: str, version: int) -> SecretMeta:
    updated = _BORN if version == 1 else _WRITTEN
    return SecretMeta(
        name=name,
        version=version,
        created_at=_BORN,
        updated_at=updated,
        content_type=TEXT,
        metadata={"owner": "payments"},
    )


_FIRST: Final = _meta("db/password", 1)
_NEXT: Final = _meta("db/password", 3)
_VALUE: Final = SecretValue(
    name="db/password", value=_FAKE, version=3, created_at=_BORN, updated_at=_WRITTEN, content_type=TEXT, metadata={}
)
_HISTORY: Final = History(
    "db/password",
    [
        HistoryItem(
            version=version,
            created_at=_WRITTEN,
            actor=_ACTOR,
            state=state,
            cause=cause,
            recovered_from=old,
            destroyed_at=None,
            content_type=TEXT,
            metadata={},
        )
        for version, state, cause, old in ((3, "current", "recover", 1), (2, "superseded", "rotate", None))
    ],
    None,
)
_TOKEN: Final = TokenMeta(
    id="tok_fedcba9876543210",
    subject="ci-preview",
    scopes=["secrets:read:app/*"],
    created_at=_WRITTEN,
    expires_at=None,
    parent=_ISSUER,
)
_EPHEMERAL: Final = msgspec.structs.replace(_TOKEN, expires_at=_WRITTEN + timedelta(seconds=900))
_STUCK: Final = AttentionItem(
    id="00000000-0000-5000-8000-000000000003",
    kind="lease.revoke",
    ref="lse_019a0123456789abcdef0123",
    destination="postgresql",
    since=_BORN,
    attempts=8,
    error="backend-unavailable",
    detail="the connection was refused",
    next_attempt_at=_WRITTEN + timedelta(hours=1),
)
_EVENT: Final = AuditEvent(
    position=41,
    id="00" * 16,
    stream="00000000-0000-5000-8000-000000000002",
    version=7,
    type="secret.read",
    tenant=_TENANT,
    time="2026-06-25T12:00:00.000000Z",
    actor=_ACTOR,
    request_id="0123456789abcdef",
    body={"how": "get", "number": 3, "path": "db/password", "salt": "11" * 16},
    hash="22" * 32,
)
_NOTE: Final = "trstctl/example\n41\nIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n\n— trstctl/example AAAAAEXAMPLE\n"
_REPORT: Final = Report(
    intact=True, events=41, head="22" * 32, withheld=0, sealed=9, checkpoints=1, covered=41, first_bad=None, findings=()
)
_LINE: Final = (
    '{"position":41,"header_digest":"' + "33" * 32 + '","body_digest":"' + "44" * 32 + '","prev_hash":"' + "55" * 32
    + '","hash":"' + "22" * 32 + '"}\n'
)  # fmt: skip

BODIES: Final[Mapping[str, Examples]] = {
    **APPROVAL_BODIES,
    **LEASE_BODIES,
    **ROTATION_BODIES,
    **SHARE_BODIES,
    **TRANSIT_BODIES,
    "createSecretByName": {"text": bodies.NamedValueBody(name="db/password", value=_FAKE)},
    "createSecret": {
        "text": bodies.ValueBody(value=_FAKE, metadata={"owner": "payments"}),
        "bytes": bodies.ValueBody(value_b64=b"example bytes, no secret", content_type="application/octet-stream"),
    },
    "rotateSecret": {"text": bodies.RotateBody(value=_FAKE), "check and set": bodies.RotateBody(value=_FAKE, cas=2)},
    "recoverSecret": {"moment": bodies.RecoverBody(at=_WRITTEN)},
    "destroySecret": {"some": bodies.DestroyBody(versions=[1, 2]), "all": bodies.DestroyBody(all=True)},
    "importSecrets": {
        "folder": bodies.ImportBody(
            prefix="app",
            values={"db/user": "example-user", "db/dsn": "postgres://${secret.app/db/user}@db.example/app"},
        )
    },
    "injectSecrets": {
        "variables": bodies.InjectionBody(variables={"DATABASE_URL": "app/db/dsn"}, resolve=True),
        "folder": bodies.InjectionBody(prefix="app/"),
    },
    "issueToken": {"bounded": bodies.TokenBody(subject="ci-preview", scopes=["secrets:read:app/*"], ttl_seconds=900)},
    "issueEphemeralKey": {
        "one run": bodies.EphemeralKeyBody(subject="ci-preview", scopes=["secrets:read:app/*"], ttl_seconds=900)
    },
    "resolveAttention": {"settled": bodies.ResolveBody(reason="the database was taken down, and its accounts with it")},
    "revokeToken": {"reason": bodies.RevokeBody(reason="the laptop was lost")},
}
"""Request bodies by operation id."""

ANSWERS: Final[Mapping[str, Examples]] = {
    **APPROVAL_ANSWERS,
    **LEASE_ANSWERS,
    **ROTATION_ANSWERS,
    **SHARE_ANSWERS,
    **TRANSIT_ANSWERS,
    "createSecretByName": {"stored": _FIRST},
    "createSecret": {"stored": _FIRST},
    "listSecrets": {
        "names": Page([_meta("app/db/dsn", 1), _meta("app/db/user", 1)], [], "app/db/user"),
        "folders": Page([], ["app/", "db/"], None),
    },
    "readSecret": {"text": _VALUE},
    "rotateSecret": {"stored": _NEXT},
    "secretHistory": {"versions": _HISTORY, "value of one": _VALUE},
    "recoverSecret": {"stored": _NEXT},
    "undeleteSecret": {"answers again": _NEXT},
    "destroySecret": {"destroyed": Destroyed("db/password", [1, 2])},
    "importSecrets": {"stored": Imported([_meta("app/db/user", 1), _meta("app/db/dsn", 1)])},
    "exportSecrets": {"values": Exported("app/", {"app/db/user": "example-user"})},
    "exportSecrets text/plain": {"dotenv": "DB_USER=example-user\n"},
    "exportSecrets application/yaml": {"yaml": {"app/db/user": "example-user"}},
    "diffFolders": {
        "names": FolderDifference(
            left="staging",
            right="production",
            only_left=["feature/key"],
            only_right=[],
            equal=["db/user"],
            different=[NameDifference(name="db/password", left_version=2, right_version=5)],
        )
    },
    "diffVersions": {
        "equality": VersionDifference(name="db/password", from_version=1, to_version=3, equal=False),
        "values": VersionDifference(
            name="db/password",
            from_version=1,
            to_version=3,
            equal=False,
            from_value="example-old",
            to_value="example-new",
        ),
    },
    "secretReferences": {"references": ReferenceList("app/db/dsn", [Use("app/db/user", None)], ["app/worker/dsn"])},
    "injectSecrets": {"values": Injection({"DATABASE_URL": "postgres://example-user@db.example/app"}, 42)},
    "issueToken": {
        "issued": msgspec.structs.replace(_TOKEN, token="trst_" + "EXAMPLE" * 7),
        "repeated": msgspec.structs.replace(_TOKEN, replayed=True),
    },
    "issueEphemeralKey": {
        "issued": msgspec.structs.replace(_EPHEMERAL, token="trst_" + "EXAMPLE" * 7),
        "repeated": msgspec.structs.replace(_EPHEMERAL, replayed=True),
    },
    "listTokens": {"tokens": TokenPage([_TOKEN], None)},
    "whoAmI": {
        "caller": WhoAmI(
            tenant=_TENANT,
            tenant_name="example",
            subject="ci-deploy",
            scopes=["secrets:list", "secrets:read:app/*"],
            token_id=_ISSUER,
            expires_at=None,
        )
    },
    "listAttention": {"one": AttentionPage([_STUCK], None), "nothing": AttentionPage([], None)},
    "retryAttention": {"tried": msgspec.structs.replace(_STUCK, attempts=0, next_attempt_at=_WRITTEN)},
    "resolveAttention": {"closed": _STUCK},
    "auditEvents": {"events": AuditPage([_EVENT], "next:41", None)},
    "auditExport": {"a line": _LINE},
    "auditVerify": {"intact": _REPORT},
    "auditCheckpoints": {"notes": Checkpoints([_NOTE])},
    "auditCheckpoint": {"note": Checkpoints([_NOTE])},
    "auditKey": {"vkey": "trstctl/example+00000000+AexampleExampleExampleExampleExampleExample=\n"},
    "health": {"ok": Health()},
    "readiness": {"ready": Readiness("ready", {"store": "ok", "chain": "ok", "kek": "ok"})},
    "readiness 503": {
        "not ready": Readiness("not ready", {"store": "ok", "chain": "ok", "kek": "the KEK file is absent"})
    },
    "metrics": {"a series": 'trstctl_http_requests_total{method="GET",route="/healthz",status="200"} 1.0\n'},
    "description": {"beginning": {"openapi": "3.1.0", "info": {"title": "trstctl", "version": "0.1.0"}}},
    "descriptionPage": {"beginning": "<!doctype html>"},
}
"""Successful answers by operation id; and by media type or status, where it is not the first of the operation."""
