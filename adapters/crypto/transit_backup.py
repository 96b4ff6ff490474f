"""Backups of transit keys, in the form that OpenBao and Vault write and read: base64 of the JSON of the key's policy.

Read from OpenBao's `sdk/helper/keysutil/policy.go`. Numbers of RSA and ECDSA keys stand there as long JSON numbers,
times in nanoseconds. Versions that no longer decrypt may lie in an archive beside the others.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.crypto.primitives import Bytes
from adapters.crypto.transit_asymmetric import CURVES, RSA_BITS, SEED, loaded, pkcs8, public_pem
from adapters.crypto.transit_material import Parts, joined, split
from domain.errors import Invalid
from domain.transit.cryptography import Backed, BackedVersion, Generated
from domain.transit.key_types import TYPES, KeyType
from domain.transit.plans import KeyPlan, RestoredPlan

_NUMBERS: Final = {
    "aes256-gcm96": 0,
    "ecdsa-p256": 1,
    "ed25519": 2,
    "rsa-2048": 3,
    "rsa-4096": 4,
    "chacha20-poly1305": 5,
    "ecdsa-p384": 6,
    "ecdsa-p521": 7,
    "aes128-gcm96": 8,
    "rsa-3072": 9,
    "hmac": 11,
}
_TYPES: Final = {number: TYPES[name] for name, number in _NUMBERS.items()}
_HMAC_OF_OPENBAO: Final = 10
"""Where Vault counts its managed keys, which have no material, OpenBao counts on: HMAC is 10, and 11 is a cipher."""
_HKDF_SHA256: Final = 1
_CONVERGENT: Final = 3
_NANOSECONDS: Final = 1_000_000_000


def written(backed: Backed) -> str:
    """The backup as text; everything in it is in the clear."""
    was = backed.was
    policy = {
        "name": backed.name,
        "key_size": was.plan.size,
        "keys": {str(each.number): _entry(was.plan, each) for each in backed.versions},
        "derived": was.plan.derived,
        "kdf": _HKDF_SHA256 if was.plan.derived else 0,
        "convergent_encryption": was.plan.convergent,
        "convergent_version": -1 if was.plan.convergent else 0,
        "exportable": was.plan.exportable,
        "min_decryption_version": was.min_decryption,
        "min_encryption_version": was.min_encryption,
        "latest_version": was.number,
        "archive_version": was.number,
        "archive_min_version": was.min_available if was.min_available > 1 else 0,
        "min_available_version": was.min_available if was.min_available > 1 else 0,
        "deletion_allowed": was.deletion_allowed,
        "type": _NUMBERS[was.plan.type.name],
        "allow_plaintext_backup": was.plan.plaintext_backup,
        "auto_rotate_period": was.plan.auto_rotate_seconds * _NANOSECONDS,
    }
    first = cast("int", policy["archive_min_version"])
    archived = [_archived(policy, number) for number in range(first, was.number + 1)]
    return base64.b64encode(json.dumps({"policy": policy, "archived_keys": {"keys": archived}}).encode()).decode()


def _archived(policy: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = policy["keys"].get(str(number), {"time": "0001-01-01T00:00:00Z"})
    return found


def _entry(plan: KeyPlan, version: BackedVersion) -> dict[str, object]:
    parts = split(version.generated.material)
    try:
        entry: dict[str, object] = {
            "time": version.made_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "creation_time": int(version.made_at.timestamp()),
            "hmac_key": _text(parts.key if plan.type.name == "hmac" else parts.hmac_key),
            "convergent_version": _CONVERGENT if plan.convergent else 0,
            "public_key": version.generated.public,
        }
        return entry | _key_members(plan.type.name, parts.key)
    finally:
        parts.wipe()


def _key_members(name: str, key: bytearray) -> dict[str, object]:
    if name in CURVES:
        numbers = cast("ec.EllipticCurvePrivateKey", loaded(name, key)).private_numbers()
        public = numbers.public_numbers
        return {"ec_x": public.x, "ec_y": public.y, "ec_d": numbers.private_value}
    if name in RSA_BITS:
        rsa_numbers = cast("rsa.RSAPrivateKey", loaded(name, key)).private_numbers()
        known = {"Dp": rsa_numbers.dmp1, "Dq": rsa_numbers.dmq1, "Qinv": rsa_numbers.iqmp, "CRTValues": []}
        return {
            "rsa_key": {
                "N": rsa_numbers.public_numbers.n,
                "E": rsa_numbers.public_numbers.e,
                "D": rsa_numbers.d,
                "Primes": [rsa_numbers.p, rsa_numbers.q],
                "Precomputed": known,
            }
        }
    if name == "ed25519":
        public_raw = Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()
        return {"key": _text(key + public_raw), "public_key": _text(public_raw)}
    return {"key": _text(key)}


def _text(data: Bytes) -> str:
    return base64.b64encode(data).decode()


def parsed(text: str) -> Backed:
    """What a backup holds; raises `Invalid`, telling nothing of what is in it."""
    try:
        data = json.loads(binascii.a2b_base64(text.encode(), strict_mode=True))
        policy = cast("Mapping[str, Any]", data["policy"])
        was = _was(policy)
        was.check()
        return Backed(str(policy["name"]), was, _versions(data, was))
    except Invalid:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with it; the cause may hold parts of the key
        raise Invalid("this is no backup of a transit key, or it is damaged") from None


def _was(policy: Mapping[str, Any]) -> RestoredPlan:
    kind = _type(policy)
    if kind is None:
        raise Invalid("the backup is of a type of keys that is not served here")
    if policy.get("derived") and policy.get("kdf") != _HKDF_SHA256:
        raise Invalid("the backup's keys are derived by an old function that is not served here")
    plan = KeyPlan(
        type=kind,
        derived=bool(policy.get("derived")),
        convergent=bool(policy.get("convergent_encryption")),
        size=_size(policy) if kind.name == "hmac" else 0,
        exportable=bool(policy.get("exportable")),
        plaintext_backup=bool(policy.get("allow_plaintext_backup")),
        auto_rotate_seconds=int(policy.get("auto_rotate_period") or 0) // _NANOSECONDS,
    )
    return RestoredPlan(
        plan=plan,
        number=int(policy["latest_version"]),
        min_available=max(1, int(policy.get("min_available_version") or 0)),
        min_decryption=max(1, int(policy.get("min_decryption_version") or 0)),
        min_encryption=int(policy.get("min_encryption_version") or 0),
        deletion_allowed=bool(policy.get("deletion_allowed")),
    )


def _type(policy: Mapping[str, Any]) -> KeyType | None:
    number = int(policy["type"])
    if number not in {_HMAC_OF_OPENBAO, _NUMBERS["hmac"]}:
        return _TYPES.get(number)
    entry = policy["keys"][str(policy["latest_version"])]
    # A key of the type hmac is its own HMAC key; nothing else is.
    return TYPES["hmac"] if entry["key"] == entry["hmac_key"] else None


def _size(policy: Mapping[str, Any]) -> int:
    """Of an HMAC key. Old backups do not tell it."""
    return int(policy.get("key_size") or 0) or len(_bytes(policy["keys"][str(policy["latest_version"])]["key"]))


def _versions(data: Mapping[str, Any], was: RestoredPlan) -> list[BackedVersion]:
    policy, archive = data["policy"], (data.get("archived_keys") or {}).get("keys") or []
    first = int(policy.get("archive_min_version") or 0)
    entries = dict(policy["keys"])
    for number in range(was.min_available, was.number + 1):
        if str(number) not in entries and 0 <= number - first < len(archive):
            entries[str(number)] = archive[number - first]
    numbers = sorted(int(number) for number in entries)
    wanted = [number for number in numbers if was.min_available <= number <= was.number]
    if was.number not in wanted:
        raise Invalid("the backup lacks the newest version of its key")
    return [_version(was.plan, number, entries[str(number)]) for number in wanted]


def _version(plan: KeyPlan, number: int, entry: Mapping[str, Any]) -> BackedVersion:
    if plan.convergent and entry.get("convergent_version") != _CONVERGENT:
        raise Invalid("the backup's key is convergent in an old way that is not served here")
    key, public = _key(plan.type, entry)
    own = plan.type.name == "hmac"
    hmac_key = b"" if own or not entry.get("hmac_key") else _bytes(entry["hmac_key"])
    parts = Parts(bytearray(hmac_key), key)
    try:
        material = joined(parts.hmac_key, parts.key)
    finally:
        parts.wipe()
    told = "" if plan.derived else public
    return BackedVersion(number, Generated(material, told), datetime.fromtimestamp(int(entry["creation_time"]), UTC))


def _key(kind: KeyType, entry: Mapping[str, Any]) -> tuple[bytearray, str]:
    if kind.name in CURVES:
        curve_key = ec.derive_private_key(int(entry["ec_d"]), CURVES[kind.name]())
        if curve_key.public_key().public_numbers().x != int(entry["ec_x"]):
            raise Invalid("the backup's public key is not that of its private key")
        return pkcs8(curve_key), public_pem(curve_key.public_key())
    if kind.name in RSA_BITS:
        rsa_key = _rsa_key(entry["rsa_key"])
        if rsa_key.key_size != RSA_BITS[kind.name]:
            raise Invalid("the backup's RSA key has another length than its type says")
        return pkcs8(rsa_key), public_pem(rsa_key.public_key())
    raw = bytearray(_bytes(entry["key"]))
    if kind.name == "ed25519":
        private = Ed25519PrivateKey.from_private_bytes(raw[:SEED])
        if bytes(raw[SEED:]) not in {b"", private.public_key().public_bytes_raw()}:
            raise Invalid("the backup's public key is not that of its private key")
        return raw[:SEED], public_pem(private.public_key())
    if kind.size and len(raw) != kind.size:
        raise Invalid("the backup's key has another length than its type says")
    return raw, ""


def _rsa_key(numbers: Mapping[str, Any]) -> rsa.RSAPrivateKey:
    p, q = (int(prime) for prime in numbers["Primes"])
    d, n, e = int(numbers["D"]), int(numbers["N"]), int(numbers["E"])
    dmp1, dmq1, iqmp = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    public = rsa.RSAPublicNumbers(e, n)
    return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public).private_key()


def _bytes(text: object) -> bytes:
    return binascii.a2b_base64(str(text).encode(), strict_mode=True)
