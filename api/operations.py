"""What each operation answers, may fail with, and takes: the explicit table from which `api.description` is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from api import bodies, queries
from api.differences import FolderDifference, VersionDifference
from api.replies import SecretValue
from api.routes.access import TokenPage, WhoAmI
from api.routes.audit import AuditPage, Checkpoints
from api.routes.health import Health, Readiness
from api.routes.trees import Exported, Injection, ReferenceList
from api.routes.versions import History
from domain.commands.reading import Page
from domain.commands.secrets import Destroyed
from domain.commands.tokens import TokenMeta
from domain.commands.transfer import Imported
from domain.errors import (
    AlreadyExists,
    AlreadyReplied,
    BadName,
    CheckAndSetFailed,
    Conflict,
    Disabled,
    Forbidden,
    IdempotencyMismatch,
    Invalid,
    KeyUnavailable,
    LogBroken,
    NotFound,
    OutcomeUnknown,
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
_KEYED: Final[Errors] = (KeyUnavailable, LogBroken, IdempotencyMismatch)
_CHANGED: Final[Errors] = (*_OPENED, IdempotencyMismatch, AlreadyReplied, VersionConflict)
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
    "createSecretByName": Operation(_CREATED, (*_LISTED, *_CHANGED, *_BODY, AlreadyExists), body=bodies.NamedValueBody),
    "createSecret": Operation(_CREATED, (*_LISTED, *_CHANGED, *_BODY, AlreadyExists), body=bodies.ValueBody),
    "listSecrets": Operation((Answer((Page,)),), _LISTED, queries.NamesQuery),
    "readSecret": Operation((Answer((SecretValue,)),), (*_FOUND, *_EXPANDED), queries.ReadQuery),
    "rotateSecret": Operation(
        _META, (*_FOUND, *_CHANGED, *_BODY, CheckAndSetFailed), body=bodies.RotateBody, headers=("If-Match",)
    ),
    "deleteSecret": Operation(_GONE, (*_FOUND, *_CHANGED)),
    "secretHistory": Operation((Answer((History, SecretValue)),), (*_FOUND, *_OPENED), queries.HistoryQuery),
    "recoverSecret": Operation(_META, (*_FOUND, *_CHANGED, *_BODY, Conflict), body=bodies.RecoverBody),
    "undeleteSecret": Operation(_META, (*_FOUND, *_CHANGED, Conflict)),
    "destroySecret": Operation(
        (Answer((Destroyed,)),), (*_FOUND, *_CHANGED, *_BODY, Conflict), body=bodies.DestroyBody
    ),
    "importSecrets": Operation(
        (Answer((Imported,), 201),), (*_LISTED, *_CHANGED, *_BODY, AlreadyExists), body=bodies.ImportBody
    ),
    "exportSecrets": Operation(
        (
            Answer((Exported,)),
            Answer((str,), media_type="text/plain"),
            Answer((dict[str, str],), media_type="application/yaml"),
        ),
        (*_FOUND, *_EXPANDED),
        queries.ExportQuery,
    ),
    "diffFolders": Operation((Answer((FolderDifference,)),), (*_FOUND, *_OPENED), queries.FolderDiffQuery),
    "diffVersions": Operation((Answer((VersionDifference,)),), (*_FOUND, *_OPENED), queries.VersionDiffQuery),
    "secretReferences": Operation((Answer((ReferenceList,)),), _LISTED, queries.ReferencesQuery),
    "injectSecrets": Operation(
        (Answer((Injection,)),),
        (*_FOUND, *_EXPANDED, *_KEYED, *_BODY, Conflict),
        body=bodies.InjectionBody,
    ),
    "issueToken": Operation((Answer((TokenMeta,), 201),), (*_ALLOWED, *_CHANGED, *_BODY), body=bodies.TokenBody),
    "issueEphemeralKey": Operation(
        (Answer((TokenMeta,), 201),), (*_ALLOWED, *_CHANGED, *_BODY), body=bodies.EphemeralKeyBody
    ),
    "listTokens": Operation((Answer((TokenPage,)),), _ALLOWED, queries.TokensQuery),
    "revokeToken": Operation(_GONE, (*_ALLOWED, *_CHANGED, *_BODY, NotFound, Conflict), body=bodies.RevokeBody),
    "whoAmI": Operation((Answer((WhoAmI,)),), ASKED),
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
