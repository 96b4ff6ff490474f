"""Why an item was refused, in Vault's words. They are found by the key as it is now, once something was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from api.vault.failures import VaultError
from api.vault.request import VaultRequest
from api.vault.transit_items import Items
from api.vault.transit_names import transit
from domain.commands.transit_items import Outcome
from domain.errors import DecryptionFailed, Invalid
from domain.transit.key_types import TYPES
from domain.transit.view import TransitKeyRow

Doing = Literal["encryption", "decryption", "signing", "verification"]

_TOO_OLD: Final = "ciphertext or signature version is disallowed by policy (too old)"
_SEALED: Final = {
    "no prefix": "invalid ciphertext: no prefix",
    "base64": "invalid ciphertext: could not decode base64",
    "too new": "invalid ciphertext: version is too new",
    "too old": _TOO_OLD,
    "altered": "cipher: message authentication failed",
}
_FLAWS: Final = {
    "too new": "invalid signature: version is too new",
    "too old": _TOO_OLD,
    "malformed": "invalid base64 signature value",
}
_HMAC_FLAWS: Final = {
    "too new": "invalid HMAC: version is too new",
    "too old": "cannot verify HMAC: version is too old (disallowed by policy)",
    "malformed": "unable to decode verification HMAC as base64",
}
_NO_CONTEXT: Final = (
    "missing 'context' for key derivation; the key was created using a derived key, which means additional, "
    "per-request information must be included in order to perform operations with the key"
)


async def reasons(
    request: VaultRequest, name: str, items: Items, outcomes: Sequence[Outcome[Any]], doing: Doing, version: int = 0
) -> list[str]:
    """Of each outcome that is a refusal why, in order; raises `VaultError` 400 if one thing alone was asked for.

    `version` is that of signatures; what is encrypted has its own.
    """
    row = await transit(request).keys.find(request.tenant, name)
    found = [
        read.message if isinstance(read, Invalid) else _reason(row, outcome, read, doing, version)
        for read, outcome in zip(items.each, outcomes, strict=True)
        if isinstance(outcome, Invalid)
    ]
    if items.batch is None:
        raise VaultError(400, *found)
    return found


async def mac_reasons(
    request: VaultRequest, name: str, items: Items, outcomes: Sequence[Outcome[Any]], version: int
) -> list[str]:
    """As `reasons`, of HMACs."""
    row = await transit(request).keys.find(request.tenant, name)
    found = [
        read.message if isinstance(read, Invalid) else _mac_reason(row, outcome, version)
        for read, outcome in zip(items.each, outcomes, strict=True)
        if isinstance(outcome, Invalid)
    ]
    if items.batch is None:
        raise VaultError(400, *found)
    return found


def _mac_reason(row: TransitKeyRow | None, error: Invalid, version: int) -> str:
    if row and version > row.number:
        return f"key version does not exist; latest key version is {row.number}"
    if row and 0 < version < max(row.min_encryption, row.min_decryption):
        return "cannot generate HMAC: version is too old (disallowed by policy)"
    return error.message


def _reason(row: TransitKeyRow | None, error: Invalid, item: Any, doing: Doing, version: int) -> str:  # noqa: ANN401 - of any kind
    if row is None:
        return error.message
    unable = _unable(row, doing)
    if unable and doing in {"signing", "verification"}:
        raise VaultError(400, unable)  # of the whole batch
    if unable:
        return unable
    if row.derived and not item.context:
        return _NO_CONTEXT
    if isinstance(error, DecryptionFailed):
        return _SEALED[error.reason]
    number = getattr(item, "version", 0) if doing == "encryption" else version
    return _of_version(row, number, doing) or error.message


def _unable(row: TransitKeyRow, doing: Doing) -> str:
    kind = TYPES[row.type]
    if doing in {"encryption", "decryption"} and not kind.encrypts:
        return f"message {doing} not supported for key type {kind.name}"
    if doing in {"signing", "verification"} and not kind.signs:
        return f"key type {kind.name} does not support {doing}"
    return ""


def _of_version(row: TransitKeyRow, number: int, doing: Doing) -> str:
    if number > row.number:
        return f"requested version for {doing} is higher than the latest key version"
    if 0 < number < max(row.min_encryption, row.min_decryption):
        return f"requested version for {doing} is less than the minimum encryption key version"
    return ""


def flaw_told(flaw: str, *, hmac: bool) -> str:
    """Why a signature or an HMAC was not compared at all."""
    return (_HMAC_FLAWS if hmac else _FLAWS)[flaw]
