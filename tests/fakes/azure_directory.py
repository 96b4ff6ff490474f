"""A directory of Entra: applications with passwords, certificates and permissions, and the tokens that are out."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509

from tests.fakes.cloud_server import Asked, Told

TENANT: Final = "5b2f5c1e-6d5e-4a54-9a53-0d0f2f3f8c11"
OWNED_BY: Final = "Application.ReadWrite.OwnedBy"


class Refusal(Exception):
    """Becomes an answer, in Graph's form."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        inner = {"date": datetime.now(UTC).isoformat(), "request-id": str(uuid.uuid4())}
        self.told = Told(status, {"error": {"code": code, "message": message, "innerError": inner}}, named)


@dataclass
class Password:
    """A passwordCredential: `hint` is its first three characters, the rest is kept to compare."""

    key_id: str
    display_name: str | None
    begins: datetime
    ends: datetime
    secret: str
    seen_from: float = 0.0
    """When reads of the application show it, as `time.monotonic()` counts."""

    def shown(self) -> dict[str, Any]:
        return {
            "customKeyIdentifier": None,
            "displayName": self.display_name,
            "endDateTime": _time(self.ends),
            "hint": self.secret[:3],
            "keyId": self.key_id,
            "secretText": None,
            "startDateTime": _time(self.begins),
        }

    def is_good(self, secret: str) -> bool:
        now = datetime.now(UTC)
        return self.begins <= now < self.ends and hmac.compare_digest(self.secret.encode(), secret.encode())


@dataclass
class Application:
    """`object_id` is its id in Graph, `client_id` that for logging in."""

    object_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    owners: set[str] = field(default_factory=set)
    """Client ids of the applications that may change it."""
    roles: set[str] = field(default_factory=set)
    """Permissions for Graph that an administrator has consented to."""
    resources: set[str] = field(default_factory=set)
    """What it may read at the resource of the fake."""
    passwords: list[Password] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    changing: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Token:
    """A bearer token, with the roles that were granted when it was given out."""

    client_id: str
    audience: str
    roles: frozenset[str]
    ends: datetime


class Directory:
    """`lag` is how many seconds a new password takes to be seen; `change_takes` how long a change holds others off."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.applications: list[Application] = []
        self.tokens: dict[str, Token] = {}
        self.lag = 0.0
        self.change_takes = 0.005

    def add(self, **settings: Any) -> Application:
        self.applications.append(Application(**settings))
        return self.applications[-1]

    def by_client(self, client_id: str) -> Application | None:
        return next((each for each in self.applications if each.client_id == client_id), None)

    def by_object(self, object_id: str) -> Application:
        for each in self.applications:
            if each.object_id == object_id:
                return each
        raise Refusal(
            404,
            "Request_ResourceNotFound",
            f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
        )

    def give_token(self, application: Application, audience: str, seconds: float) -> str:
        token = f"eyJ0eXAi.{secrets.token_urlsafe(200)}"
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        with self.lock:
            self.tokens[token] = Token(application.client_id, audience, frozenset(application.roles), ends)
        return token

    def caller(self, asked: Asked, audience: str) -> Token:
        token = self.tokens.get(asked.bearer())
        if token is None or token.ends <= datetime.now(UTC) or token.audience != audience:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
        return token

    def add_password(self, application: Application, name: str | None, ends: datetime) -> Password:
        with self.lock:
            now = datetime.now(UTC)
            made = Password(
                str(uuid.uuid4()), name, now, ends, secrets.token_urlsafe(30), seen_from=time.monotonic() + self.lag
            )
            application.passwords.append(made)
        return made


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
