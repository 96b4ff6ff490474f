"""Google's token endpoint: an assertion signed by a service account's key for an access token (RFC 7523)."""

from __future__ import annotations

import time
from typing import Any, Final

import jwt

from tests.fakes.cloud_server import Asked, Told
from tests.fakes.gcp_accounts import Accounts, Key

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SKEW: Final = 300
AUDIENCE: Final = "https://oauth2.googleapis.com/token"
"""Whom an assertion has to be meant for, wherever it is sent."""


class Login:
    """`POST /token`."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def token(self, asked: Asked) -> Told:
        form = asked.form()
        if form.get("grant_type") != _GRANT:
            return _refused("unsupported_grant_type", "Invalid grant_type")
        try:
            claims = self._verified(form.get("assertion", ""))
        except jwt.InvalidSignatureError:
            return _refused("invalid_grant", "Invalid JWT Signature.")
        except (jwt.PyJWTError, LookupError, ValueError) as error:
            return _refused("invalid_grant", f"Invalid JWT: {error}")
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes:
            return _refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        seconds = 3599
        token, _ = self._accounts.give_token(claims["iss"], scopes, seconds)
        return Told(200, {"access_token": token, "expires_in": seconds, "token_type": "Bearer"})

    def _verified(self, assertion: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(assertion)
        unverified = jwt.decode(assertion, options={"verify_signature": False})
        key = self._key(str(unverified.get("iss")), str(header.get("kid")))
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key.public,
            algorithms=["RS256"],
            audience=AUDIENCE,
            leeway=_SKEW,
            options={"require": ["iss", "aud", "iat", "exp"], "strict_aud": True},
        )
        if claims["exp"] - claims["iat"] > 3600 or claims["iat"] < time.time() - 3600:
            raise ValueError("Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
        return claims

    def _key(self, email: str, key_id: str) -> Key:
        account = self._accounts.all.get(email)
        if account is None:
            raise LookupError("account not found")
        key = account.keys.get(key_id)
        if key is None or not key.is_good():
            raise jwt.InvalidSignatureError("no such key, or not any more")
        return key


def _refused(error: str, description: str) -> Told:
    return Told(400, {"error": error, "error_description": description})
