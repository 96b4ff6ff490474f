"""What each operation answers, may fail with, and takes: the explicit table from which `api.description` is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from api import approval_bodies, bodies, lease_bodies, queries, rotation_bodies, share_bodies
from api.differences import FolderDifference, VersionDifference
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
from domain.backends import BackendRefused, BackendUnavailable
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
    AlreadyReplied,
    ApprovalRequired,
    BadName,
    CheckAndSetFailed,
    CheckAndSetRequired,
    Conflict,
    Disabled,
    Forbidden,
    Gone,
    IdempotencyMismatch,
    Invalid,
    KeyUnavailable,
    LogBroken,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    PassphraseRequired,
    PassphraseWrong,
    ReferenceCycle,
    ReferenceTooLarge,
    StoreBusy,
    StoreUnavailable,
    TooLarge,
    TooManyRequests,
    TrstctlError,
    Unauthenticated,
    UnsupportedMediaType,
    VersionConflict,
)
from domain.results import SecretMeta
from domain.verification.report import Report

Errors = tuple[type[TrstctlError], ...]

JSON: Final = "application/json"
ASKED: Final[Errors] = (Invalid, Unauthenticated, TooLarge, TooManyRequests, StoreUnavailable)
_ALLOWED: Final[Errors] = (*ASKED, Forbidden)
_LISTED: Final[Errors] = (*_ALLOWED, Disabled, BadName)
_FOUND: Final[Errors] = (*_LISTED, NotFound)
_APPENDED: Final[Errors] = (StoreBusy, OutcomeUnknown)
_OPENED: Final[Errors] = (*_APPENDED, KeyUnavailable, LogBroken)
_GUARDED: Final[Errors] = (ApprovalRequired, Conflict, VersionConflict)
_GLASS: Final = ("Trstctl-Break-Glass",)
_KEYED: Final[Errors] = (KeyUnavailable, LogBroken, IdempotencyMismatch)
_CHANGED: Final[Errors] = (*_OPENED, IdempotencyMismatch, AlreadyReplied, VersionConflict)
_LEASED: Final[Errors] = (*_ALLOWED, Disabled, NotFound, BackendRefused, BackendUnavailable, Misconfigured)
_ROTATED: Final[Errors] = (*_LEASED, *_GUARDED, BadName)
_EXPANDED: Final[Errors] = (*_OPENED, ReferenceCycle, ReferenceTooLarge)


class Answer(NamedTuple):
    """A success: what its body may be; nothing if there is none. `str` is text of the media type."""

    kinds: tuple[Any, ...]
    status: int = 200
    media_type: str = JSON


class Operation(NamedTuple):
    """One route. Its parameters are the fields of `query`, its body is `body`; None where it takes none."""

    answers: tuple[Answer, ...]
    errors: Errors = ()
    query: type[queries.Query] | None = queries.NoQuery
    body: type[msgspec.Struct] | None = None
    headers: tuple[str, ...] = ()


_META: Final = (Answer((SecretMeta,)),)
_CREATED: Final = (Answer((SecretMeta,), 201),)
_GONE: Final = (Answer((), 204),)
_BODY: Final[Errors] = (UnsupportedMediaType,)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "createSecretByName": Operation(
        _CREATED,
        (*_LISTED, *_CHANGED, *_BODY, *_GUARDED, AlreadyExists),
        body=bodies.NamedValueBody,
        headers=_GLASS,
    ),
    "createSecret": Operation(
        _CREATED, (*_LISTED, *_CHANGED, *_BODY, *_GUARDED, AlreadyExists), body=bodies.ValueBody, headers=_GLASS
    ),
    "listSecrets": Operation((Answer((Page,)),), _LISTED, queries.NamesQuery),
    "readSecret": Operation(
        (Answer((SecretValue,)),), (*_FOUND, *_EXPANDED, *_GUARDED), queries.ReadQuery, headers=_GLASS
    ),
    "rotateSecret": Operation(
        _META,
        (*_FOUND, *_CHANGED, *_BODY, *_GUARDED, CheckAndSetFailed, CheckAndSetRequired),
        body=bodies.RotateBody,
        headers=("If-Match", *_GLASS),
    ),
    "deleteSecret": Operation(_GONE, (*_FOUND, *_CHANGED, *_GUARDED), headers=_GLASS),
    "secretHistory": Operation(
        (Answer((History, SecretValue)),), (*_FOUND, *_OPENED, *_GUARDED), queries.HistoryQuery, headers=_GLASS
    ),
    "recoverSecret": Operation(
        _META, (*_FOUND, *_CHANGED, *_BODY, *_GUARDED, CheckAndSetRequired), body=bodies.RecoverBody, headers=_GLASS
    ),
    "undeleteSecret": Operation(_META, (*_FOUND, *_CHANGED, *_GUARDED), headers=_GLASS),
    "destroySecret": Operation(
        (Answer((Destroyed,)),), (*_FOUND, *_CHANGED, *_BODY, *_GUARDED), body=bodies.DestroyBody, headers=_GLASS
    ),
    "importSecrets": Operation(
        (Answer((Imported,), 201),),
        (*_LISTED, *_CHANGED, *_BODY, *_GUARDED, AlreadyExists),
        body=bodies.ImportBody,
        headers=_GLASS,
    ),
    "exportSecrets": Operation(
        (
            Answer((Exported,)),
            Answer((str,), media_type="text/plain"),
            Answer((dict[str, str],), media_type="application/yaml"),
        ),
        (*_FOUND, *_EXPANDED, *_GUARDED),
        queries.ExportQuery,
        headers=_GLASS,
    ),
    "diffFolders": Operation(
        (Answer((FolderDifference,)),), (*_FOUND, *_OPENED, *_GUARDED), queries.FolderDiffQuery, headers=_GLASS
    ),
    "diffVersions": Operation(
        (Answer((VersionDifference,)),), (*_FOUND, *_OPENED, *_GUARDED), queries.VersionDiffQuery, headers=_GLASS
    ),
    "secretReferences": Operation((Answer((ReferenceList,)),), _LISTED, queries.ReferencesQuery),
    "injectSecrets": Operation(
        (Answer((Injection,)),),
        (*_FOUND, *_EXPANDED, *_KEYED, *_BODY, *_GUARDED),
        body=bodies.InjectionBody,
        headers=_GLASS,
    ),
    "issueToken": Operation((Answer((TokenMeta,), 201),), (*_ALLOWED, *_CHANGED, *_BODY), body=bodies.TokenBody),
    "issueEphemeralKey": Operation(
        (Answer((TokenMeta,), 201),), (*_ALLOWED, *_CHANGED, *_BODY), body=bodies.EphemeralKeyBody
    ),
    "listTokens": Operation((Answer((TokenPage,)),), _ALLOWED, queries.TokensQuery),
    "revokeToken": Operation(_GONE, (*_ALLOWED, *_CHANGED, *_BODY, NotFound, Conflict), body=bodies.RevokeBody),
    "approveOnPath": Operation(
        (Answer((Decision,)),), (*_FOUND, *_CHANGED, *_BODY, Conflict), body=approval_bodies.ApproveBody
    ),
    "listApprovals": Operation((Answer((ApprovalPage,)),), _ALLOWED, queries.ApprovalsQuery),
    "showApproval": Operation((Answer((Approval,)),), (*_ALLOWED, NotFound)),
    "approve": Operation((Answer((Decision,)),), (*_ALLOWED, *_CHANGED, NotFound, Conflict)),
    "denyApproval": Operation(_GONE, (*_ALLOWED, *_CHANGED, *_BODY, NotFound, Conflict), body=approval_bodies.DenyBody),
    "withdrawApproval": Operation(_GONE, (*_ALLOWED, *_CHANGED, NotFound, Conflict)),
    "whoAmI": Operation((Answer((WhoAmI,)),), ASKED),
    "issueLease": Operation(
        (Answer((LeaseMeta,), 201),), (*_LEASED, *_CHANGED, *_BODY, Conflict), body=lease_bodies.LeaseBody
    ),
    "listLeases": Operation((Answer((LeasePage,)),), (*_ALLOWED, Disabled), queries.LeasesQuery),
    "auditLeases": Operation((Answer((LeaseAuditReport,)),), (*_ALLOWED, Disabled, NotFound), queries.LeaseAuditQuery),
    "showLease": Operation((Answer((LeaseMeta,)),), (*_ALLOWED, Disabled, NotFound)),
    "renewLease": Operation(
        (Answer((LeaseMeta,)),), (*_LEASED, *_CHANGED, *_BODY, Conflict), body=lease_bodies.RenewBody
    ),
    "revokeLease": Operation(
        (Answer((LeaseMeta,)),),
        (*_ALLOWED, Disabled, NotFound, *_CHANGED, *_BODY),
        body=lease_bodies.RevokeLeaseBody,
    ),
    "revokeLeases": Operation(
        (Answer((Revoking,)),),
        (*_ALLOWED, Disabled, NotFound, *_CHANGED, *_BODY),
        body=lease_bodies.RevokeLeasesBody,
    ),
    "runRotation": Operation(
        (Answer((RotationMeta,)),), (*_ROTATED, *_CHANGED, *_BODY), body=rotation_bodies.RotationBody
    ),
    "listRotations": Operation((Answer((RotationPage,)),), (*_ALLOWED, Disabled), queries.RotationsQuery),
    "showRotation": Operation((Answer((RotationMeta,)),), (*_ALLOWED, Disabled, NotFound)),
    "createRotationSchedule": Operation(
        (Answer((ScheduleMeta,), 201),), (*_ROTATED, *_CHANGED, *_BODY), body=rotation_bodies.ScheduleBody
    ),
    "listRotationSchedules": Operation((Answer((SchedulePage,)),), (*_ALLOWED, Disabled), queries.SchedulesQuery),
    "showRotationSchedule": Operation((Answer((ScheduleMeta,)),), (*_ALLOWED, Disabled, NotFound)),
    "changeRotationSchedule": Operation(
        (Answer((ScheduleMeta,)),),
        (*_ALLOWED, Disabled, BadName, NotFound, *_CHANGED, *_BODY),
        body=rotation_bodies.ScheduleChangeBody,
    ),
    "removeRotationSchedule": Operation(_GONE, (*_ALLOWED, Disabled, NotFound, *_CHANGED)),
    "runRotationSchedule": Operation((Answer((Fired,), 202),), (*_ROTATED, *_CHANGED)),
    "listProviders": Operation((Answer((ProviderList,)),), (*_ALLOWED, Disabled)),
    "showProvider": Operation((Answer((ProviderMeta,)),), (*_ALLOWED, Disabled, NotFound)),
    "configureProvider": Operation(
        (Answer((ProviderMeta,)),),
        (*_ALLOWED, Disabled, *_CHANGED, *_BODY, Conflict),
        body=lease_bodies.ProviderBody,
    ),
    "removeProvider": Operation(_GONE, (*_ALLOWED, Disabled, NotFound, *_CHANGED, Conflict)),
    "testProvider": Operation((Answer((Tried,)),), (*_LEASED, *_KEYED)),
    "configureRole": Operation(
        (Answer((RoleMeta,)),), (*_ALLOWED, Disabled, NotFound, *_CHANGED, *_BODY), body=lease_bodies.RoleBody
    ),
    "removeRole": Operation(_GONE, (*_ALLOWED, Disabled, NotFound, *_CHANGED)),
    "createShare": Operation(
        (Answer((ShareMeta,), 201),), (*_ALLOWED, Disabled, *_CHANGED, *_BODY), body=share_bodies.ShareBody
    ),
    "listShares": Operation((Answer((SharePage,)),), (*_ALLOWED, Disabled), share_bodies.SharesQuery),
    "showShare": Operation((Answer((ShareReceipt,)),), (*_ALLOWED, Disabled, NotFound)),
    "revokeShare": Operation(
        _GONE, (*_ALLOWED, Disabled, NotFound, *_CHANGED, *_BODY, Conflict), body=bodies.RevokeBody
    ),
    "redeemShare": Operation(
        (Answer((SharedValue,)),),
        (*ASKED, Disabled, *_CHANGED, *_BODY, Gone, PassphraseRequired, PassphraseWrong),
        body=share_bodies.RedeemBody,
    ),
    "sharePage": Operation((Answer((str,), media_type="text/html"),), query=None),
    "listAttention": Operation((Answer((AttentionPage,)),), _ALLOWED, queries.AttentionQuery),
    "retryAttention": Operation((Answer((AttentionItem,)),), (*_ALLOWED, *_CHANGED, NotFound, Conflict)),
    "resolveAttention": Operation(
        (Answer((AttentionItem,)),), (*_ALLOWED, *_CHANGED, *_BODY, NotFound, Conflict), body=bodies.ResolveBody
    ),
    "auditEvents": Operation((Answer((AuditPage,)),), _ALLOWED, queries.AuditQuery),
    "auditExport": Operation((Answer((str,), media_type="application/x-ndjson"),), _ALLOWED),
    "auditVerify": Operation((Answer((Report,)),), (*_ALLOWED, *_KEYED)),
    "auditCheckpoints": Operation((Answer((Checkpoints,)),), (*_ALLOWED, KeyUnavailable, LogBroken)),
    "auditCheckpoint": Operation((Answer((Checkpoints,)),), (*_ALLOWED, *_KEYED, *_APPENDED)),
    "auditKey": Operation((Answer((str,), media_type="text/plain"),), (KeyUnavailable,), query=None),
    "health": Operation((Answer((Health,)),), query=None),
    "readiness": Operation((Answer((Readiness,)), Answer((Readiness,), 503)), query=None),
    "metrics": Operation((Answer((str,), media_type="text/plain"),), query=None),
    "description": Operation((Answer((dict[str, Any],)),), query=None),
    "descriptionPage": Operation((Answer((str,), media_type="text/html"),), query=None),
}
"""By operation id. With `query` None the query string is passed over: what watches a server may add what it likes."""
