"""What a transit key is to be, from the fields of a request, refused in Vault's words. Each raises `VaultError` 400."""

from __future__ import annotations

from typing import Final

from api.vault.failures import VaultError
from api.vault.fields import Fields
from domain.transit.key_types import MAX_HMAC_KEY, MIN_HMAC_KEY, TYPES, KeyType
from domain.transit.limits import MIN_PERIOD
from domain.transit.plans import KeyPlan
from domain.transit.results import TransitKeyMeta

_DEFAULT: Final = "aes256-gcm96"


def plan_of(fields: Fields) -> KeyPlan:
    """The key that is to be made."""
    kind = _type(fields.text("type") or _DEFAULT)
    derived, convergent = fields.flag("derived"), fields.flag("convergent_encryption")
    if convergent and not derived:
        raise VaultError(400, "convergent encryption requires derivation to be enabled")
    if (derived and not kind.derives) or (convergent and not kind.symmetric):
        raise VaultError(400, f"key derivation and convergent encryption not supported for keys of type {kind.name}")
    return KeyPlan(
        type=kind,
        derived=derived,
        convergent=convergent,
        size=_size(kind, fields.number("key_size")),
        exportable=fields.flag("exportable"),
        plaintext_backup=fields.flag("allow_plaintext_backup"),
        auto_rotate_seconds=_period(fields),
    )


def upserted(fields: Fields, *, derived: bool) -> KeyPlan:
    """The key that comes to be by its first encryption; `derived` if that has a context."""
    kind = _type(fields.text("type") or _DEFAULT)
    if not kind.symmetric:
        raise VaultError(400, f"unknown key type {kind.name}")
    convergent = fields.flag("convergent_encryption")
    if convergent and not derived:
        raise VaultError(400, "convergent encryption requires derivation to be enabled, so context is required")
    return KeyPlan(type=kind, derived=derived, convergent=convergent)


def _type(name: str) -> KeyType:
    kind = TYPES.get(name)
    if kind is None:
        raise VaultError(400, f"unknown key type {name[:40]}")
    return kind


def _size(kind: KeyType, size: int) -> int:
    if kind.name != "hmac" and size:
        raise VaultError(400, f"key_size is not valid for algorithm {kind.name}")
    if kind.name == "hmac" and not MIN_HMAC_KEY <= size <= MAX_HMAC_KEY:
        raise VaultError(400, f"invalid key_size {size}")
    return size


def _period(fields: Fields) -> int:
    seconds = fields.seconds("auto_rotate_period")
    if seconds < 0:
        raise VaultError(
            400,
            'Field validation failed: error converting input for field "auto_rotate_period": '
            f"cannot provide negative value '{seconds}'",
        )
    if 0 < seconds < MIN_PERIOD:
        raise VaultError(400, "auto rotate period must be 0 to disable or at least an hour")
    return seconds


def changes_of(fields: Fields, key: TransitKeyMeta) -> dict[str, int | bool]:
    """What is to be set anew of `key`."""
    changes: dict[str, int | bool] = {}
    if fields.given("min_decryption_version"):
        changes["min_decryption"] = max(_version(fields, "decryption", key), 1)
    if fields.given("min_encryption_version"):
        changes["min_encryption"] = _version(fields, "encryption", key)
    _must_be_ordered(changes, key)
    if fields.given("deletion_allowed"):
        changes["deletion_allowed"] = fields.flag("deletion_allowed")
    if fields.flag("exportable"):  # once allowed it stays so, which is no error with Vault
        changes["exportable"] = True
    if fields.flag("allow_plaintext_backup"):
        changes["plaintext_backup"] = True
    if fields.given("auto_rotate_period"):
        changes["auto_rotate_seconds"] = _period(fields)
    return changes


def _version(fields: Fields, purpose: str, key: TransitKeyMeta) -> int:
    number = fields.number(f"min_{purpose}_version")
    if number < 0:
        raise VaultError(400, f"min {purpose} version cannot be negative")
    if number > key.version:
        raise VaultError(400, f"cannot set min {purpose} version of {number}, latest key version is {key.version}")
    return number


def _must_be_ordered(changes: dict[str, int | bool], key: TransitKeyMeta) -> None:
    decryption = changes.get("min_decryption", key.min_decryption_version)
    encryption = changes.get("min_encryption", key.min_encryption_version)
    if 0 < encryption < decryption:
        raise VaultError(
            400,
            f"cannot set min encryption/decryption values; min encryption version of {encryption} must be greater than "
            f"or equal to min decryption version of {decryption}",
        )
    if decryption < key.min_available_version:
        raise VaultError(400, "min decryption version should not be less then min available version")


def must_be_trimmable(number: int, key: TransitKeyMeta) -> None:
    """Raises `VaultError` unless the versions below `number` may be destroyed."""
    least = key.min_available_version if key.min_available_version > 1 else 0
    if number < least:
        raise VaultError(400, "minimum available version cannot be decremented")
    if not key.min_encryption_version:
        raise VaultError(400, "minimum available version cannot be set when minimum encryption version is not set")
    if number > key.min_encryption_version:
        raise VaultError(400, "minimum available version cannot be greater than minmum encryption version")
    if number > key.min_decryption_version:
        raise VaultError(400, "minimum available version cannot be greater than minimum decryption version")
