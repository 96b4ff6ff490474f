"""The leases of `run`, as its options name them, and their issue in the process that becomes the command."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from cli.client import routes
from cli.client.arguments import lease_body, pairs
from cli.client.errors import ClientError, WrongUsage
from cli.client.held_lease import HeldLease, now
from cli.client.lease_credentials import fields_of, variables_of
from cli.client.session import Session
from cli.client.steering import steers

_PREFIX: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

Wishes = Mapping[str, Mapping[str, Any]]
"""The bodies that ask for leases, by the prefix of their variables."""


def wishes(session: Session, texts: tuple[str, ...], ttl: str | None) -> Wishes:
    """What `--lease ENV_PREFIX=provider/role` and `--lease-ttl` ask for; raises `WrongUsage`."""
    found = {prefix: lease_body(target, ttl) for prefix, target in pairs(texts, "a lease").items()}
    if wrong := [prefix for prefix in found if not _PREFIX.match(prefix)]:
        raise WrongUsage(f"{wrong[0]!r} does not begin a name of an environment variable", "--lease DB=provider/role")
    if ttl is not None and not found:
        raise WrongUsage("--lease-ttl is about leases", "give --lease ENV_PREFIX=provider/role, too")
    if found and session.idempotency_key is not None:
        raise WrongUsage("a lease is issued anew each time: a repeated key would bring no credential", "leave it out")
    return found


def issued(session: Session, wanted: Wishes, tell: Callable[[HeldLease], None]) -> dict[str, str]:
    """Issue them and `tell` of each at once, so that it is given back whatever comes after; their variables."""
    variables: dict[str, str] = {}
    for prefix, body in wanted.items():
        session.idempotency_key = None
        asked_at = now()
        lease = session.change("POST", routes.LEASES, body)
        tell(HeldLease.of(lease, asked_at))
        variables |= _checked(variables_of(prefix, fields_of(lease)), variables)
        variables[f"{prefix}_LEASE_ID"] = str(lease["id"])
    return variables


def _checked(new: Mapping[str, str], before: Mapping[str, str]) -> Mapping[str, str]:
    if steering := [name for name in new if steers(name)]:
        raise ClientError(f"a credential would set {steering[0]}, which makes programs run other code")
    if doubled := new.keys() & before.keys():
        raise WrongUsage(f"two leases set {min(doubled)}", "give them prefixes that do not begin each other")
    return new


def together(secrets: Mapping[str, str], leased: Mapping[str, str]) -> dict[str, str]:
    """All variables; raises `WrongUsage` if a secret and a lease have the same."""
    if doubled := secrets.keys() & leased.keys():
        raise WrongUsage(f"a secret and a lease both set {min(doubled)}", "give the lease another prefix")
    return {**secrets, **leased}
