"""How signatures and HMACs are made, from the path and the fields. Each raises `VaultError` 400 in Vault's words."""

from __future__ import annotations

from typing import Final, Literal

from api.vault.failures import VaultError
from api.vault.fields import Fields
from api.vault.request import VaultRequest
from domain.transit.cryptography import SignatureForm

HASHES: Final = frozenset(
    {"sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512"}
)
_DEFAULT: Final = "sha2-256"
_NONE: Final = "hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15"
_EQUALS_HASH: Final = -1


def mac_algorithm(request: VaultRequest) -> str:
    """The hash that an HMAC is made by; the path counts before the field."""
    name = request.values.get("algorithm") or request.fields.text("algorithm") or _DEFAULT
    if name not in HASHES:
        raise VaultError(400, f'unsupported algorithm "{name[:40]}"')
    return name


def form_of(request: VaultRequest) -> SignatureForm:
    """How signatures are made; the path counts before the fields, of which `algorithm` is the old one."""
    fields = request.fields
    scheme = fields.text("signature_algorithm") or "pss"
    if scheme not in {"pss", "pkcs1v15"}:
        raise VaultError(400, f"unsupported rsa signature algorithm {scheme[:40]}")
    prehashed = fields.flag("prehashed")
    return SignatureForm(
        hash_algorithm=_hash(request, whole=prehashed and scheme == "pkcs1v15"),
        prehashed=prehashed,
        signature_algorithm=scheme,
        salt_length=_salt(fields),
        jws=_is_jws(fields),
    )


def _hash(request: VaultRequest, *, whole: bool) -> str:
    fields = request.fields
    name = request.values.get("algorithm") or fields.text("hash_algorithm") or fields.text("algorithm") or _DEFAULT
    if name == "none" and not whole:
        raise VaultError(400, _NONE)
    if name != "none" and name not in HASHES:
        raise VaultError(400, f'invalid hash algorithm "{name[:40]}"')
    return name


def _is_jws(fields: Fields) -> bool:
    name = fields.text("marshaling_algorithm") or "asn1"
    if name not in {"asn1", "jws"}:
        raise VaultError(400, f'invalid marshaling type "{name[:40]}"')
    return name == "jws"


def _salt(fields: Fields) -> int | Literal["auto", "hash"]:
    """0 and -1 are Go's numbers for `auto` and `hash`."""
    text = fields.text("salt_length") or "auto"
    if text in {"auto", "0"}:
        return "auto"
    if text in {"hash", str(_EQUALS_HASH)}:
        return "hash"
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise VaultError(400, f"salt length neither 'auto', 'hash', nor an int: {text[:40]}")
    if int(text) < 0:
        raise VaultError(400, f"salt length is invalid: {text}")
    return int(text)
