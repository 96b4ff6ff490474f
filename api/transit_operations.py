"""The rows of the table of operations that are about transit encryption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api import transit_bodies, transit_replies
from api.operation_kinds import (
    ALLOWED,
    APPENDED,
    BODY,
    CHANGED,
    GONE,
    KEYED,
    OPENED,
    Answer,
    Errors,
    Operation,
)
from api.routes.transit_keys import TransitKeyPage
from domain.errors import (
    AlreadyExists,
    Conflict,
    DecryptionFailed,
    Disabled,
    NotFound,
    VersionConflict,
)
from domain.transit.results import TransitKeyMeta

_TRANSIT: Final[Errors] = (*ALLOWED, Disabled, NotFound, Conflict, VersionConflict, *OPENED, *BODY)
_TRANSIT_KEPT: Final[Errors] = (*_TRANSIT, *CHANGED)
_TRANSIT_KEY: Final = (Answer((TransitKeyMeta,)),)

TRANSIT_OPERATIONS: Final[Mapping[str, Operation]] = {
    "createTransitKey": Operation(
        (Answer((TransitKeyMeta,), 201),),
        (*ALLOWED, Disabled, *CHANGED, *BODY, AlreadyExists),
        body=transit_bodies.KeyBody,
    ),
    "rotateTransitKey": Operation(_TRANSIT_KEY, _TRANSIT_KEPT, body=transit_bodies.RotateKeyBody),
    "listTransitKeys": Operation((Answer((TransitKeyPage,)),), (*ALLOWED, Disabled), transit_bodies.KeysQuery),
    "showTransitKey": Operation(_TRANSIT_KEY, (*ALLOWED, Disabled, NotFound)),
    "configureTransitKey": Operation(_TRANSIT_KEY, _TRANSIT_KEPT, body=transit_bodies.KeyChangeBody),
    "deleteTransitKey": Operation(GONE, (*ALLOWED, Disabled, NotFound, Conflict, *CHANGED)),
    "trimTransitKey": Operation(_TRANSIT_KEY, _TRANSIT_KEPT, body=transit_bodies.TrimBody),
    "exportTransitKey": Operation(
        (Answer((transit_replies.ExportedKey,)),),
        (*ALLOWED, Disabled, NotFound, Conflict, VersionConflict, *OPENED),
        transit_bodies.ExportQuery,
    ),
    "backUpTransitKey": Operation(
        (Answer((transit_replies.KeyBackup,)),), (*ALLOWED, Disabled, NotFound, Conflict, VersionConflict, *OPENED)
    ),
    "restoreTransitKey": Operation(
        (Answer((TransitKeyMeta,), 201),),
        (*ALLOWED, Disabled, *CHANGED, *BODY, AlreadyExists),
        body=transit_bodies.RestoreBody,
    ),
    "transitEncrypt": Operation(
        (Answer((transit_replies.Encrypted, transit_replies.EncryptedItems)),),
        _TRANSIT_KEPT,
        body=transit_bodies.EncryptBody,
    ),
    "transitDecrypt": Operation(
        (Answer((transit_replies.Decrypted, transit_replies.DecryptedItems)),),
        (*_TRANSIT, *KEYED, DecryptionFailed),
        body=transit_bodies.DecryptBody,
    ),
    "transitRewrap": Operation(
        (Answer((transit_replies.Encrypted, transit_replies.EncryptedItems)),),
        (*_TRANSIT_KEPT, DecryptionFailed),
        body=transit_bodies.RewrapBody,
    ),
    "transitDataKey": Operation((Answer((transit_replies.DataKey,)),), _TRANSIT_KEPT, body=transit_bodies.DataKeyBody),
    "transitHmac": Operation(
        (Answer((transit_replies.Authenticated, transit_replies.AuthenticatedItems)),),
        _TRANSIT_KEPT,
        body=transit_bodies.HmacBody,
    ),
    "transitSign": Operation(
        (Answer((transit_replies.Signed, transit_replies.SignedItems)),), _TRANSIT_KEPT, body=transit_bodies.SignBody
    ),
    "transitVerify": Operation(
        (Answer((transit_replies.Verdict, transit_replies.Verdicts)),),
        (*_TRANSIT, *KEYED),
        body=transit_bodies.VerifyBody,
    ),
    "transitRandom": Operation(
        (Answer((transit_replies.RandomBytes,)),),
        (*ALLOWED, Disabled, *APPENDED, *KEYED, *BODY),
        body=transit_bodies.RandomBody,
    ),
    "transitHash": Operation(
        (Answer((transit_replies.HashSum,)),),
        (*ALLOWED, Disabled, *APPENDED, *KEYED, *BODY),
        body=transit_bodies.HashBody,
    ),
}
"""By operation id."""
