"""Access tokens of service accounts. Google lets none be taken back: each runs out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from adapters.provider_calls import Allowance
from adapters.providers.gcp_iam.failures import not_google
from adapters.providers.gcp_iam.service import Service
from adapters.providers.gcp_iam.settings import EVERYTHING
from domain.backends import Account, BackendRefused, Credential, NotYet

NEEDED: Final = ("iam.serviceAccounts.getAccessToken",)
LONGEST: Final = 43_200
"""Longest life in seconds. Beyond 3600 Google wants the organisation's leave for the service account."""


class _Token(msgspec.Struct, frozen=True, rename="camel"):
    access_token: str
    expire_time: datetime

    def __repr__(self) -> str:
        return f"_Token(<redacted>, {self.expire_time})"


class Tokens:
    """Blocking; used by several threads."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def create(self, allowance: Allowance, account: Account) -> Credential:
        """A token that lives until the lease ends, and no longer."""
        role = account.settings
        seconds = int((account.expires_at - datetime.now(UTC)).total_seconds())
        if not 1 <= seconds <= LONGEST:
            raise BackendRefused(f"Google: an access token lives 1 to {LONGEST} seconds; give the role such times")
        token = self._generated(allowance, role.service_account, role.scopes or [EVERYTHING], seconds)
        ends_at = token.expire_time.isoformat()
        fields: dict[str, str | int] = {
            "token": token.access_token,
            "token_type": "Bearer",
            "client_email": role.service_account,
            "expires_at": ends_at,
        }
        return Credential(fields=fields, handle={"ends_at": ends_at})

    def remove(self, account: Account) -> None:
        """Raises `NotYet` until it has run out."""
        if self.present(account):
            raise NotYet("Google: an access token cannot be taken back; it runs out", _end(account))

    def present(self, account: Account) -> bool:
        """Whether it can still be used: there is nothing to look at but the clock."""
        return datetime.now(UTC) < _end(account)

    def _generated(self, allowance: Allowance, email: str, scopes: list[str], seconds: int) -> _Token:
        doing = f"generating an access token of {email}"
        body = {"scope": scopes, "lifetime": f"{seconds}s"}
        path = f"projects/-/serviceAccounts/{email}:generateAccessToken"
        try:
            return msgspec.json.decode(self._service.iam_credentials(allowance, doing, path, body), type=_Token)
        except msgspec.DecodeError:
            raise not_google(doing) from None


def _end(account: Account) -> datetime:
    """Of a token that was perhaps made, but never told of, the lease's own; clocks may differ a little."""
    if told := account.handle.get("ends_at"):
        return datetime.fromisoformat(told)
    return account.expires_at + timedelta(seconds=10)
