"""What the claims of a JSON web token have to be (RFC 7519 section 4.1), and what a role wants of them besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from domain.logins.globs import matches
from domain.logins.jwt import GLOB, JwtRole

_LEEWAY: Final = 150
_SKEW: Final = 60
MAX_NAME: Final = 1024
"""Longest value that becomes a name or metadata, in characters."""


class Unfit(Exception):
    """The token is signed and says something else than is wanted. The message names the claim, not its value."""


class Leeways(NamedTuple):
    """Seconds."""

    expiration: int
    not_before: int
    skew: int


def leeways_of(role: JwtRole) -> Leeways:
    """What the role grants: 0 is the default, less than 0 is none."""
    return Leeways(
        max(0, role.expiration_leeway or _LEEWAY),
        max(0, role.not_before_leeway or _LEEWAY),
        max(0, role.clock_skew_leeway or _SKEW),
    )


def claim(claims: Mapping[str, Any], name: str, *, pointer: bool = True) -> Any:  # noqa: ANN401 - JSON
    """The claim of that name, or where a JSON pointer (RFC 6901) leads; None if there is none."""
    if not pointer or not name.startswith("/"):
        return claims.get(name)
    found: Any = claims
    for part in name[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and key.isascii() and key.isdigit() and len(key) < 6 and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def check_times(claims: Mapping[str, Any], now: float, leeways: Leeways) -> None:
    """Raises `Unfit` for a token that has expired, or whose time has not come. `now` in seconds since 1970.

    What is missing of the three moments is told from the others; a token without any lives for ever, so it is refused.
    """
    expires, begins, issued = (_moment(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None and begins is None and issued is None:
        raise Unfit("token must have at least one of: 'exp', 'iat', or 'nbf' claims")
    if expires is None:
        expires = max(begins or 0, issued or 0) + leeways.expiration
    if begins is None:
        begins = issued if issued is not None else expires - leeways.not_before
    if now - leeways.skew > expires:
        raise Unfit("invalid expiration time (exp) claim: token is expired")
    if now + leeways.skew < begins:
        raise Unfit("invalid not before (nbf) claim: token not yet valid")
    if issued is not None and now + leeways.skew < issued:
        raise Unfit("invalid issued at (iat) claim: token issued in the future")


def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    """Raises `Unfit` unless `issuer` is empty, or the token's."""
    if issuer and claims.get("iss") != issuer:
        raise Unfit("invalid issuer (iss) claim")


def check_audience(claims: Mapping[str, Any], wanted: Sequence[str]) -> None:
    """Raises `Unfit` unless one of the token's audiences is wanted; a token for somebody else is none for us."""
    audiences = audiences_of(claims)
    if wanted and not set(wanted) & set(audiences):
        raise Unfit("invalid audience (aud) claim: audience claim does not match any expected audience")
    if audiences and not wanted:
        raise Unfit("audience claim found in JWT but no audiences bound to the role")


def audiences_of(claims: Mapping[str, Any]) -> list[str]:
    """Whom the token is for; raises `Unfit` for what is neither text nor a list of texts."""
    found = claims.get("aud")
    if found is None:
        return []
    audiences = found if isinstance(found, list) else [found]
    if not all(isinstance(each, str) for each in audiences):
        raise Unfit("invalid audience (aud) claim: it is neither a string nor a list of strings")
    return audiences


def check_subject(claims: Mapping[str, Any], wanted: str) -> None:
    """Raises `Unfit` unless `wanted` is empty, or the token's subject."""
    if wanted and claims.get("sub") != wanted:
        raise Unfit("invalid subject (sub) claim")


def check_bound(claims: Mapping[str, Any], role: JwtRole) -> None:
    """Raises `Unfit` unless each claim that the role binds has one of its values."""
    for name, wanted in role.bound_claims.items():
        found = claim(claims, name)
        if found is None:
            raise Unfit(f'claim "{name}" is missing')
        if isinstance(found, dict):
            raise Unfit(f'claim "{name}" is not a string, bool, int or list')
        if not _one_fits(_listed(wanted), _listed(found), globs=role.bound_claims_type == GLOB):
            raise Unfit(f'claim "{name}" does not match any associated bound claim values')


def user_of(claims: Mapping[str, Any], role: JwtRole) -> str:
    """Who the token is of, as the role wants it told; raises `Unfit`."""
    found = claim(claims, role.user_claim, pointer=role.user_claim_json_pointer)
    if found is None:
        raise Unfit(f'claim "{role.user_claim}" not found in token')
    if not isinstance(found, str) or not 1 <= len(found) <= MAX_NAME:
        raise Unfit(f'claim "{role.user_claim}" could not be converted to string')
    return found


def check_groups(claims: Mapping[str, Any], role: JwtRole) -> None:
    """Raises `Unfit` if the role wants a claim of groups, and it is none of texts."""
    if not role.groups_claim:
        return
    found = claim(claims, role.groups_claim)
    if found is None:
        raise Unfit(f'"{role.groups_claim}" claim not found in token')
    if not all(isinstance(each, str) for each in _listed(found)):
        raise Unfit(f'"{role.groups_claim}" claim could not be converted to string list')


def metadata_of(claims: Mapping[str, Any], role: JwtRole) -> dict[str, str]:
    """What of the claims goes along with the token, by the role's mappings; raises `Unfit`."""
    told = {}
    for source, target in role.claim_mappings.items():
        found = claim(claims, source)
        if found is None:
            continue
        if not isinstance(found, str) or len(found) > MAX_NAME:
            raise Unfit(f"error converting claim '{source}' to string")
        told[target] = found
    return told


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    found = claims.get(name)
    if found is None or found == 0:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Unfit(f"invalid '{name}' claim: it is no number of seconds")
    return float(found) if abs(found) < 1e15 else _out_of_time(name)


def _out_of_time(name: str) -> float:
    raise Unfit(f"invalid '{name}' claim: no such moment")


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, list) else [value]


def _one_fits(wanted: Sequence[Any], found: Sequence[Any], *, globs: bool) -> bool:
    if globs:
        return any(matches(pattern, each) for pattern in wanted for each in found if isinstance(each, str))
    return any(_same(each, other) for each in wanted for other in found)


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON
    """Equal, and of one kind: 1 is neither true nor "1"."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return int(one) == int(other)
    return type(one) is type(other) and one == other
