"""Tokens of ServiceAccounts: RS256 JWTs, good while the ServiceAccount they were made for is there."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.kubernetes.rbac import User
from tests.fakes.kubernetes.resources import BY_KIND
from tests.fakes.kubernetes.store import Store

AUDIENCE: Final = "https://kubernetes.default.svc.cluster.local"
ISSUER: Final = AUDIENCE
LEEWAY: Final = 60
"""How long after `exp` a token is still taken, in seconds: go-jose's default, which the API server does not change."""
CACHED: Final = 10
"""How long the API server remembers that a token was good, in seconds (`TokenSuccessCacheTTL`)."""


class Tokens:
    """`now` is the cluster's clock."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_key = self._key.public_key()
        self._static: dict[str, User] = {}
        self._cache: dict[tuple[str, tuple[str, ...]], tuple[float, tuple[User, list[str]]]] = {}
        self._lock = threading.Lock()

    def add_static(self, token: str, user: User) -> None:
        """As the `--token-auth-file` of the API server does."""
        self._static[token] = user

    def issue(self, account: dict[str, Any], audiences: list[str], seconds: int) -> str:
        now, meta = int(self._now()), account["metadata"]
        claims = {
            "aud": audiences,
            "exp": now + seconds,
            "iat": now,
            "iss": ISSUER,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": {
                "namespace": meta["namespace"],
                "serviceaccount": {"name": meta["name"], "uid": meta["uid"]},
            },
            "nbf": now,
            "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "fake-1"})

    def user(self, token: str, audiences: tuple[str, ...] = (AUDIENCE,)) -> tuple[User, list[str]]:
        """Whose token it is, and for which of the audiences it is good; raises `ValueError` saying why it is not."""
        if known := self._static.get(token):
            return known, list(audiences)
        key = (hashlib.sha256(token.encode()).hexdigest(), audiences)
        with self._lock:
            kept = self._cache.get(key)
        if kept and self._now() < kept[0]:
            return kept[1]
        found = self._verified(token, audiences)
        with self._lock:
            self._cache[key] = (self._now() + CACHED, found)
        return found

    def _verified(self, token: str, audiences: tuple[str, ...]) -> tuple[User, list[str]]:
        claims = self._claims(token)
        if claims["exp"] + LEEWAY < self._now() or claims["nbf"] - LEEWAY > self._now():
            raise ValueError("service account token has expired")
        good = [each for each in claims["aud"] if each in audiences]
        if not good:
            raise ValueError(f"token audiences {claims['aud']} is invalid for the target audiences {list(audiences)}")
        bound = claims["kubernetes.io"]
        namespace, told = bound["namespace"], bound["serviceaccount"]
        account = self._store.find(BY_KIND["ServiceAccount"], namespace, told["name"])
        if account is None:
            raise ValueError(f'serviceaccounts "{told["name"]}" not found')
        if account["metadata"]["uid"] != told["uid"]:
            raise ValueError(f"service account UID ({account['metadata']['uid']}) does not match claim ({told['uid']})")
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
        return User(claims["sub"], groups, told["uid"]), good

    def _claims(self, token: str) -> dict[str, Any]:
        options: Any = {"verify_exp": False, "verify_aud": False, "verify_nbf": False, "verify_iat": False}
        try:
            return jwt.decode(token, self.public_key, algorithms=["RS256"], issuer=ISSUER, options=options)
        except jwt.InvalidTokenError as error:
            raise ValueError("invalid bearer token") from error
