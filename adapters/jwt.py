"""JSON web tokens and keys (RFC 7515, RFC 7517): the one door to pyjwt. Signatures are checked here, claims elsewhere.

Only algorithms with a public key are known here, and a key serves those of its own type alone: so a token that names an
HMAC over a public key, or `none`, or another curve, is not signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import jwt
import msgspec
from jwt.algorithms import get_default_algorithms

from domain.logins.jwt import ALGORITHMS, MAX_JWT, MAX_KEYS, NotSigned

_SHORTEST_RSA: Final = 2048
"""Bits, NIST SP 800-131A."""
_BY_TYPE: Final = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "P-521": ("ES512",),
    "Ed25519": ("EdDSA",),
}
_METHODS: Final = {name: method for name, method in get_default_algorithms().items() if name in ALGORITHMS}
_SIGNED: Final = jwt.PyJWS(algorithms=list(ALGORITHMS))


class Key(NamedTuple):
    """A public key, and what it may check."""

    kid: str
    algorithms: tuple[str, ...]
    key: Any


class Header(NamedTuple):
    """Of a token: how it says that it is signed, and by which key."""

    algorithm: str
    kid: str


def keys_of(document: bytes) -> list[Key]:
    """The keys of a JWK Set that can check signatures; others are passed over (RFC 7517 section 5).

    Raises `ValueError` for what is no JWK Set, or one of more than `MAX_KEYS` keys.
    """
    try:
        found = msgspec.json.decode(document)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("it is no JSON") from None
    entries = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise ValueError(f"it is no JWK Set of at most {MAX_KEYS} keys")
    return [key for entry in entries if isinstance(entry, dict) if (key := _key_of(entry))]


def key_of_pem(text: str) -> Key:
    """The public key in a PEM text; raises `ValueError` for what is none of a type that is known here."""
    if "PRIVATE KEY" in text:
        raise ValueError("it is a private key; give the public one")
    for algorithms in _BY_TYPE.values():
        try:
            key = _METHODS[algorithms[0]].prepare_key(text.strip())
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        return Key("", algorithms, _strong(key, algorithms))
    raise ValueError("it is no PEM of a public RSA, ECDSA P-256, P-384, P-521 or Ed25519 key")


def header_of(token: str, algorithms: Sequence[str]) -> Header:
    """How the token says that it is signed; raises `NotSigned` for what is no token, or signed otherwise."""
    if len(token) > MAX_JWT:
        raise NotSigned(f"the token has more than {MAX_JWT} characters")
    try:
        header = _SIGNED.get_unverified_header(token)
    except jwt.PyJWTError:
        raise NotSigned("malformed jwt") from None
    if header.get("alg") not in algorithms or header["alg"] not in ALGORITHMS:
        raise NotSigned("token signed with unexpected algorithm")
    if "crit" in header or "b64" in header:  # nothing that must be understood is (RFC 7515 section 4.1.11)
        raise NotSigned("token has critical header parameters")
    return Header(header["alg"], header.get("kid") or "")


def claims_of(token: str, header: Header, keys: Iterable[Key]) -> dict[str, Any] | None:
    """What the token says, if one of `keys` has signed it: one of its kid, or without; None if none has.

    Raises `NotSigned` if what is signed is no JSON object.
    """
    for key in keys:
        if header.algorithm not in key.algorithms or (header.kid and key.kid and key.kid != header.kid):
            continue
        try:
            payload = _SIGNED.decode_complete(token, key.key, algorithms=[header.algorithm])["payload"]
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        return _object(payload)
    return None


def unverified_claims_of(token: str) -> dict[str, Any]:
    """What the token says, whoever made it; raises `NotSigned` for what is no token."""
    try:
        payload = _SIGNED.decode_complete(token, options={"verify_signature": False})["payload"]
    except jwt.PyJWTError:
        raise NotSigned("malformed jwt") from None
    return _object(payload)


def _object(payload: bytes) -> dict[str, Any]:
    try:
        claims = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        raise NotSigned("malformed jwt") from None
    if not isinstance(claims, dict):
        raise NotSigned("malformed jwt")
    return claims


def _key_of(entry: dict[str, Any]) -> Key | None:
    """None for a key of another use or type, for a private one, a short one, and one that is broken."""
    kind = "RSA" if entry.get("kty") == "RSA" else entry.get("crv")
    algorithms = _BY_TYPE.get(kind, ()) if isinstance(kind, str) else ()
    if "alg" in entry:
        algorithms = tuple(name for name in algorithms if name == entry["alg"])
    if not algorithms or entry.get("use", "sig") != "sig" or "d" in entry:
        return None
    try:
        key = _strong(_METHODS[algorithms[0]].from_jwk(entry), algorithms)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    kid = entry.get("kid")
    return Key(kid if isinstance(kid, str) else "", algorithms, key)


def _strong(key: Any, algorithms: Sequence[str]) -> Any:  # noqa: ANN401 - a key of the library's
    if algorithms[0] in _BY_TYPE["RSA"] and key.key_size < _SHORTEST_RSA:
        raise ValueError(f"the RSA key has fewer than {_SHORTEST_RSA} bits")
    return key
