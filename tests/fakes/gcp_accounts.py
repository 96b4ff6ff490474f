"""Google Cloud's service accounts: their keys, what they are granted, and the tokens that are out."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.fakes.cloud_server import Asked, Told

FAR: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Refusal(Exception):
    """Becomes an answer, in the form of google.rpc.Status."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.told = Told(code, {"error": {"code": code, "message": message, "status": status}})


@dataclass
class Key:
    """A public key of a service account."""

    public: rsa.RSAPublicKey
    certificate: bytes
    begins: datetime
    ends: datetime
    disabled: bool = False

    def is_good(self) -> bool:
        return not self.disabled and self.begins <= datetime.now(UTC) <= self.ends


@dataclass
class ServiceAccount:
    """`keys` by id."""

    email: str
    unique_id: str = field(default_factory=lambda: str(10**20 + secrets.randbelow(10**20)))
    keys: dict[str, Key] = field(default_factory=dict)
    most_keys: int = 10


@dataclass(frozen=True)
class Token:
    """A bearer token that was given out."""

    email: str
    scopes: frozenset[str]
    ends: datetime


class Accounts:
    """One project. Grants are (who, what permission, on which resource)."""

    def __init__(self, project: str) -> None:
        self.project = project
        self.lock = threading.RLock()
        self.all: dict[str, ServiceAccount] = {}
        self.grants: set[tuple[str, str, str]] = set()
        self.tokens: dict[str, Token] = {}
        self.long_lived: set[str] = set()
        """Service accounts that the organisation lets have tokens of more than an hour."""

    def add(self, email: str, **more: Any) -> ServiceAccount:
        account = self.all[email] = ServiceAccount(email, **more)
        return account

    def grant(self, who: str, on: str, *permissions: str) -> None:
        self.grants |= {(who, permission, on) for permission in permissions}

    def find(self, project: str, email: str) -> ServiceAccount:
        if project not in {self.project, "-"} or email not in self.all:
            raise Refusal(404, "NOT_FOUND", f"Unknown service account: {email}")
        return self.all[email]

    def caller(self, asked: Asked, *scopes: str) -> str:
        """Who asks, if the token is good and has one of the scopes."""
        token = self.tokens.get(asked.bearer())
        if token is None or token.ends <= datetime.now(UTC):
            raise Refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if not token.scopes & set(scopes):
            raise Refusal(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")
        return token.email

    def demand(self, who: str, permission: str, on: str) -> None:
        if (who, permission, on) not in self.grants:
            raise Refusal(
                403, "PERMISSION_DENIED", f"Permission '{permission}' denied on resource '{on}' (or it may not exist)."
            )

    def give_token(self, email: str, scopes: frozenset[str], seconds: float) -> tuple[str, datetime]:
        token, ends = f"ya29.{secrets.token_urlsafe(90)}", datetime.now(UTC) + timedelta(seconds=seconds)
        self.tokens[token] = Token(email, scopes, ends)
        return token, ends

    def new_key(self, email: str, public: rsa.RSAPublicKey) -> str:
        """A key without an end, as keys.create makes it."""
        key_id = _key_id(public)
        self.all[email].keys[key_id] = Key(public, b"", datetime.now(UTC) - timedelta(seconds=5), FAR)
        return key_id

    def upload(self, account: ServiceAccount, pem: bytes) -> str:
        """Take the key of a certificate, if it is one that the real service takes."""
        key = _checked(pem)
        if len(account.keys) >= account.most_keys:
            raise Refusal(400, "FAILED_PRECONDITION", "Precondition check failed.")
        key_id = _key_id(key.public)
        if key_id in account.keys:
            raise Refusal(409, "ALREADY_EXISTS", "Service account key already exists.")
        account.keys[key_id] = key
        return key_id


def _key_id(public: rsa.RSAPublicKey) -> str:
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def _checked(pem: bytes) -> Key:
    """A self-signed X.509 v3 certificate of an RSA key, still good, in PEM with nothing secret beside it."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        public = _own_key(certificate)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise Refusal(400, "INVALID_ARGUMENT", f"Invalid public key: {error}") from error
    if not 2048 <= public.key_size <= 4096 or b"PRIVATE KEY" in pem:
        raise Refusal(400, "INVALID_ARGUMENT", "Invalid public key.")
    if certificate.not_valid_after_utc <= datetime.now(UTC):
        raise Refusal(400, "INVALID_ARGUMENT", "The certificate has expired.")
    return Key(public, pem, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _own_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    """The key it is for, and signed with; raises `ValueError`, `TypeError` or `InvalidSignature`."""
    public, algorithm = certificate.public_key(), certificate.signature_hash_algorithm
    if certificate.version != x509.Version.v3 or not isinstance(public, rsa.RSAPublicKey):
        raise TypeError("no RSA key in a certificate of version 3")
    if algorithm is None or certificate.issuer != certificate.subject:
        raise ValueError("not signed by itself")
    public.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
    return public
