"""What each operation answers, may fail with, and takes: the explicit table from which `api.description` is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api import approval_bodies, bodies, lease_bodies, queries, rotation_bodies, share_bodies
from api.differences import FolderDifference, VersionDifference
from api.operation_kinds import (
    ALLOWED,
    APPENDED,
    ASKED,
    BODY,
    CHANGED,
    EXPANDED,
    FOUND,
    GLASS,
    GONE,
    GUARDED,
    KEYED,
    LEASED,
    LISTED,
    OPENED,
    ROTATED,
    Answer,
    Operation,
)
from api.replies import SecretValue
from api.routes.access import TokenPage, WhoAmI
from api.routes.attention import AttentionPage
from api.routes.audit import AuditPage, Checkpoints
from api.routes.health import Health, Readiness
from api.routes.leases import LeaseAuditReport, LeasePage
from api.routes.providers import ProviderList
from api.routes.rotation_schedules import SchedulePage
from api.routes.rotations import RotationPage
from api.routes.shares import SharedValue, SharePage
from api.routes.trees import Exported, Injection, ReferenceList
from api.routes.versions import History
from api.transit_operations import TRANSIT_OPERATIONS
from domain.commands.approvals import Decision
from domain.commands.attention import AttentionItem
from domain.commands.inbox import Approval, ApprovalPage
from domain.commands.lease_terms import LeaseMeta
from domain.commands.leases import Revoking
from domain.commands.providers import ProviderMeta, RoleMeta, Tried
from domain.commands.reading import Page
from domain.commands.rotation_schedules import Fired, ScheduleMeta
from domain.commands.rotation_terms import RotationMeta
from domain.commands.secrets import Destroyed
from domain.commands.sharing import ShareMeta, ShareReceipt
from domain.commands.tokens import TokenMeta
from domain.commands.transfer import Imported
from domain.errors import (
    AlreadyExists,
    BadName,
    CheckAndSetFailed,
    CheckAndSetRequired,
    Conflict,
    Disabled,
    Gone,
    KeyUnavailable,
    LogBroken,
    NotFound,
    PassphraseRequired,
    PassphraseWrong,
)
from domain.results import SecretMeta
from domain.verification.report import Report

_META: Final = (Answer((SecretMeta,)),)
_CREATED: Final = (Answer((SecretMeta,), 201),)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "createSecretByName": Operation(
        _CREATED,
        (*LISTED, *CHANGED, *BODY, *GUARDED, AlreadyExists),
        body=bodies.NamedValueBody,
        headers=GLASS,
    ),
    "createSecret": Operation(
        _CREATED, (*LISTED, *CHANGED, *BODY, *GUARDED, AlreadyExists), body=bodies.ValueBody, headers=GLASS
    ),
    "listSecrets": Operation((Answer((Page,)),), LISTED, queries.NamesQuery),
    "readSecret": Operation((Answer((SecretValue,)),), (*FOUND, *EXPANDED, *GUARDED), queries.ReadQuery, headers=GLASS),
    "rotateSecret": Operation(
        _META,
        (*FOUND, *CHANGED, *BODY, *GUARDED, CheckAndSetFailed, CheckAndSetRequired),
        body=bodies.RotateBody,
        headers=("If-Match", *GLASS),
    ),
    "deleteSecret": Operation(GONE, (*FOUND, *CHANGED, *GUARDED), headers=GLASS),
    "secretHistory": Operation(
        (Answer((History, SecretValue)),), (*FOUND, *OPENED, *GUARDED), queries.HistoryQuery, headers=GLASS
    ),
    "recoverSecret": Operation(
        _META, (*FOUND, *CHANGED, *BODY, *GUARDED, CheckAndSetRequired), body=bodies.RecoverBody, headers=GLASS
    ),
    "undeleteSecret": Operation(_META, (*FOUND, *CHANGED, *GUARDED), headers=GLASS),
    "destroySecret": Operation(
        (Answer((Destroyed,)),), (*FOUND, *CHANGED, *BODY, *GUARDED), body=bodies.DestroyBody, headers=GLASS
    ),
    "importSecrets": Operation(
        (Answer((Imported,), 201),),
        (*LISTED, *CHANGED, *BODY, *GUARDED, AlreadyExists),
        body=bodies.ImportBody,
        headers=GLASS,
    ),
    "exportSecrets": Operation(
        (
            Answer((Exported,)),
            Answer((str,), media_type="text/plain"),
            Answer((dict[str, str],), media_type="application/yaml"),
        ),
        (*FOUND, *EXPANDED, *GUARDED),
        queries.ExportQuery,
        headers=GLASS,
    ),
    "diffFolders": Operation(
        (Answer((FolderDifference,)),), (*FOUND, *OPENED, *GUARDED), queries.FolderDiffQuery, headers=GLASS
    ),
    "diffVersions": Operation(
        (Answer((VersionDifference,)),), (*FOUND, *OPENED, *GUARDED), queries.VersionDiffQuery, headers=GLASS
    ),
    "secretReferences": Operation((Answer((ReferenceList,)),), LISTED, queries.ReferencesQuery),
    "injectSecrets": Operation(
        (Answer((Injection,)),),
        (*FOUND, *EXPANDED, *KEYED, *BODY, *GUARDED),
        body=bodies.InjectionBody,
        headers=GLASS,
    ),
    "issueToken": Operation((Answer((TokenMeta,), 201),), (*ALLOWED, *CHANGED, *BODY), body=bodies.TokenBody),
    "issueEphemeralKey": Operation(
        (Answer((TokenMeta,), 201),), (*ALLOWED, *CHANGED, *BODY), body=bodies.EphemeralKeyBody
    ),
    "listTokens": Operation((Answer((TokenPage,)),), ALLOWED, queries.TokensQuery),
    "revokeToken": Operation(GONE, (*ALLOWED, *CHANGED, *BODY, NotFound, Conflict), body=bodies.RevokeBody),
    "approveOnPath": Operation(
        (Answer((Decision,)),), (*FOUND, *CHANGED, *BODY, Conflict), body=approval_bodies.ApproveBody
    ),
    "listApprovals": Operation((Answer((ApprovalPage,)),), ALLOWED, queries.ApprovalsQuery),
    "showApproval": Operation((Answer((Approval,)),), (*ALLOWED, NotFound)),
    "approve": Operation((Answer((Decision,)),), (*ALLOWED, *CHANGED, NotFound, Conflict)),
    "denyApproval": Operation(GONE, (*ALLOWED, *CHANGED, *BODY, NotFound, Conflict), body=approval_bodies.DenyBody),
    "withdrawApproval": Operation(GONE, (*ALLOWED, *CHANGED, NotFound, Conflict)),
    "whoAmI": Operation((Answer((WhoAmI,)),), ASKED),
    "issueLease": Operation(
        (Answer((LeaseMeta,), 201),), (*LEASED, *CHANGED, *BODY, Conflict), body=lease_bodies.LeaseBody
    ),
    "listLeases": Operation((Answer((LeasePage,)),), (*ALLOWED, Disabled), queries.LeasesQuery),
    "auditLeases": Operation((Answer((LeaseAuditReport,)),), (*ALLOWED, Disabled, NotFound), queries.LeaseAuditQuery),
    "showLease": Operation((Answer((LeaseMeta,)),), (*ALLOWED, Disabled, NotFound)),
    "renewLease": Operation((Answer((LeaseMeta,)),), (*LEASED, *CHANGED, *BODY, Conflict), body=lease_bodies.RenewBody),
    "revokeLease": Operation(
        (Answer((LeaseMeta,)),),
        (*ALLOWED, Disabled, NotFound, *CHANGED, *BODY),
        body=lease_bodies.RevokeLeaseBody,
    ),
    "revokeLeases": Operation(
        (Answer((Revoking,)),),
        (*ALLOWED, Disabled, NotFound, *CHANGED, *BODY),
        body=lease_bodies.RevokeLeasesBody,
    ),
    "runRotation": Operation(
        (Answer((RotationMeta,)),), (*ROTATED, *CHANGED, *BODY), body=rotation_bodies.RotationBody
    ),
    "listRotations": Operation((Answer((RotationPage,)),), (*ALLOWED, Disabled), queries.RotationsQuery),
    "showRotation": Operation((Answer((RotationMeta,)),), (*ALLOWED, Disabled, NotFound)),
    "createRotationSchedule": Operation(
        (Answer((ScheduleMeta,), 201),), (*ROTATED, *CHANGED, *BODY), body=rotation_bodies.ScheduleBody
    ),
    "listRotationSchedules": Operation((Answer((SchedulePage,)),), (*ALLOWED, Disabled), queries.SchedulesQuery),
    "showRotationSchedule": Operation((Answer((ScheduleMeta,)),), (*ALLOWED, Disabled, NotFound)),
    "changeRotationSchedule": Operation(
        (Answer((ScheduleMeta,)),),
        (*ALLOWED, Disabled, BadName, NotFound, *CHANGED, *BODY),
        body=rotation_bodies.ScheduleChangeBody,
    ),
    "removeRotationSchedule": Operation(GONE, (*ALLOWED, Disabled, NotFound, *CHANGED)),
    "runRotationSchedule": Operation((Answer((Fired,), 202),), (*ROTATED, *CHANGED)),
    "listProviders": Operation((Answer((ProviderList,)),), (*ALLOWED, Disabled)),
    "showProvider": Operation((Answer((ProviderMeta,)),), (*ALLOWED, Disabled, NotFound)),
    "configureProvider": Operation(
        (Answer((ProviderMeta,)),),
        (*ALLOWED, Disabled, *CHANGED, *BODY, Conflict),
        body=lease_bodies.ProviderBody,
    ),
    "removeProvider": Operation(GONE, (*ALLOWED, Disabled, NotFound, *CHANGED, Conflict)),
    "testProvider": Operation((Answer((Tried,)),), (*LEASED, *KEYED)),
    "configureRole": Operation(
        (Answer((RoleMeta,)),), (*ALLOWED, Disabled, NotFound, *CHANGED, *BODY), body=lease_bodies.RoleBody
    ),
    "removeRole": Operation(GONE, (*ALLOWED, Disabled, NotFound, *CHANGED)),
    "createShare": Operation(
        (Answer((ShareMeta,), 201),), (*ALLOWED, Disabled, *CHANGED, *BODY), body=share_bodies.ShareBody
    ),
    "listShares": Operation((Answer((SharePage,)),), (*ALLOWED, Disabled), share_bodies.SharesQuery),
    "showShare": Operation((Answer((ShareReceipt,)),), (*ALLOWED, Disabled, NotFound)),
    "revokeShare": Operation(GONE, (*ALLOWED, Disabled, NotFound, *CHANGED, *BODY, Conflict), body=bodies.RevokeBody),
    "redeemShare": Operation(
        (Answer((SharedValue,)),),
        (*ASKED, Disabled, *CHANGED, *BODY, Gone, PassphraseRequired, PassphraseWrong),
        body=share_bodies.RedeemBody,
    ),
    **TRANSIT_OPERATIONS,
    "sharePage": Operation((Answer((str,), media_type="text/html"),), query=None),
    "listAttention": Operation((Answer((AttentionPage,)),), ALLOWED, queries.AttentionQuery),
    "retryAttention": Operation((Answer((AttentionItem,)),), (*ALLOWED, *CHANGED, NotFound, Conflict)),
    "resolveAttention": Operation(
        (Answer((AttentionItem,)),), (*ALLOWED, *CHANGED, *BODY, NotFound, Conflict), body=bodies.ResolveBody
    ),
    "auditEvents": Operation((Answer((AuditPage,)),), ALLOWED, queries.AuditQuery),
    "auditExport": Operation((Answer((str,), media_type="application/x-ndjson"),), ALLOWED),
    "auditVerify": Operation((Answer((Report,)),), (*ALLOWED, *KEYED)),
    "auditCheckpoints": Operation((Answer((Checkpoints,)),), (*ALLOWED, KeyUnavailable, LogBroken)),
    "auditCheckpoint": Operation((Answer((Checkpoints,)),), (*ALLOWED, *KEYED, *APPENDED)),
    "auditKey": Operation((Answer((str,), media_type="text/plain"),), (KeyUnavailable,), query=None),
    "health": Operation((Answer((Health,)),), query=None),
    "readiness": Operation((Answer((Readiness,)), Answer((Readiness,), 503)), query=None),
    "metrics": Operation((Answer((str,), media_type="text/plain"),), query=None),
    "description": Operation((Answer((dict[str, Any],)),), query=None),
    "descriptionPage": Operation((Answer((str,), media_type="text/html"),), query=None),
}
"""By operation id. With `query` None the query string is passed over: what watches a server may add what it likes."""
