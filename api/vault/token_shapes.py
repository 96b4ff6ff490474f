"""Tokens as Vault's clients see them."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil
from typing import Any

from api.vault.reply import Auth
from domain.acl.built_in import RESPONSE_WRAPPING
from domain.token_terms import ROOT, Terms
from domain.views import TokenRow
from domain.wrapping_view import WrappingRow

_NATIVE = Terms(display_name="", path="api/v1/access/api-tokens", renewable=False)
"""Of a token that the native routes have issued."""


def policies_of(row: TokenRow) -> list[str]:
    """The names of a token's policies; its scopes, if it has those alone, by names that are no policies."""
    if "*" in row.scopes:
        return [ROOT]
    return [*row.policies, *(f"scope/{scope}" for scope in row.scopes)] or ["default"]


def ttl_of(row: TokenRow, now: datetime) -> int:
    """Seconds that it lives on, the begun one too; 0 is for ever."""
    return 0 if row.expires_at is None else max(ceil((row.expires_at - now).total_seconds()), 0)


def instant(moment: datetime | None) -> str | None:
    """RFC 3339 with nanoseconds, UTC."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def auth_of(row: TokenRow, text: str, now: datetime) -> Auth:
    """The answer to a login, a creation or a renewal."""
    terms, policies = row.terms or _NATIVE, policies_of(row)
    return Auth(
        client_token=text,
        accessor=row.token_id,
        policies=policies,
        token_policies=policies,
        metadata=terms.metadata or None,
        lease_duration=ttl_of(row, now),
        renewable=terms.renewable,
        token_type=terms.kind,
        orphan=row.parent is None,
        num_uses=terms.uses,
    )


def lookup_of(row: TokenRow, text: str, now: datetime) -> dict[str, Any]:
    """The answer to a look-up; `text` is the token, where the caller has shown it."""
    terms = row.terms or _NATIVE
    ttl = ttl_of(row, now)
    shown: dict[str, Any] = {
        "id": text,
        "accessor": row.token_id,
        "policies": policies_of(row),
        "path": terms.path,
        "meta": terms.metadata or None,
        "display_name": terms.display_name or row.subject,
        "num_uses": row.uses_left,
        "orphan": row.parent is None,
        "creation_time": int(row.created_at.timestamp()),
        "creation_ttl": terms.ttl or (ttl and _first_ttl(row)),
        "expire_time": instant(row.expires_at),
        "issue_time": instant(row.created_at),
        "ttl": ttl,
        "explicit_max_ttl": _max_ttl(row, terms),
        "entity_id": "",
        "renewable": terms.renewable,
        "type": terms.kind,
    }
    return shown | _more(row, terms)


def lookup_of_wrapping(row: WrappingRow, now: datetime) -> dict[str, Any]:
    """The answer to a look-up of a wrapped answer's token by its accessor."""
    return {
        "id": "",
        "accessor": row.wrapping_id,
        "policies": [RESPONSE_WRAPPING],
        "path": row.creation_path,
        "meta": None,
        "display_name": "",
        "num_uses": 1,
        "orphan": True,
        "creation_time": int(row.created_at.timestamp()),
        "creation_ttl": row.ttl_seconds,
        "expire_time": instant(row.expires_at),
        "issue_time": instant(row.created_at),
        "ttl": max(int((row.expires_at - now).total_seconds()), 0),
        "explicit_max_ttl": row.ttl_seconds,
        "entity_id": "",
        "renewable": False,
        "type": "service",
    }


def _first_ttl(row: TokenRow) -> int:
    return int((row.expires_at - row.created_at).total_seconds()) if row.expires_at else 0


def _max_ttl(row: TokenRow, terms: Terms) -> int:
    if terms.explicit_max_ttl is not None:
        return terms.explicit_max_ttl
    return int((terms.max_expires_at - row.created_at).total_seconds()) if terms.max_expires_at else 0


def _more(row: TokenRow, terms: Terms) -> dict[str, Any]:
    """What stands there only if there is some of it."""
    more: dict[str, Any] = {}
    if row.renewed_at:
        more |= {"last_renewal": instant(row.renewed_at), "last_renewal_time": int(row.renewed_at.timestamp())}
    if terms.period:
        more["period"] = terms.period
    if terms.role:
        more["role"] = terms.role
    if terms.cidrs:
        more["bound_cidrs"] = list(terms.cidrs)
    return more
