"""Policies that every tenant has. `default` may be written anew, and comes again if that is deleted; `root` may not."""

from __future__ import annotations

from typing import Final

from domain.acl.rules import Rule
from domain.token_terms import DEFAULT, ROOT

RESPONSE_WRAPPING: Final = "response-wrapping"
"""The policy of tokens that an answer is wrapped in."""

_RULES: Final = (
    ("Allow tokens to look up their own properties", "auth/token/lookup-self", "read"),
    ("Allow tokens to renew themselves", "auth/token/renew-self", "update"),
    ("Allow tokens to revoke themselves", "auth/token/revoke-self", "update"),
    ("Allow a token to look up its own capabilities on a path", "sys/capabilities-self", "update"),
    ("Allow a token to look up its resultant ACL from all policies", "sys/internal/ui/resultant-acl", "read"),
    ("Allow a token to renew a lease via lease_id in the request body, by the old path", "sys/renew", "update"),
    ("and by the new one", "sys/leases/renew", "update"),
    ("Allow looking up lease properties. This requires knowing the lease ID", "sys/leases/lookup", "update"),
    ("Allow a token to manage its own cubbyhole", "cubbyhole/*", "create read update delete list"),
    ("Allow a token to wrap arbitrary values in a response-wrapping token", "sys/wrapping/wrap", "update"),
    ("Allow a token to look up a response-wrapping token", "sys/wrapping/lookup", "update"),
    ("Allow a token to unwrap a response-wrapping token", "sys/wrapping/unwrap", "update"),
    ("Allow general purpose tools", "sys/tools/hash", "update"),
    ("likewise", "sys/tools/hash/*", "update"),
)
"""Vault's default policy, but for the paths of identities, which are not served."""
_WRAPPING: Final = (
    ("Allow the token to read what is wrapped in it", "cubbyhole/response", "create read"),
    ("Allow the token to unwrap itself", "sys/wrapping/unwrap", "update"),
)


def _text(rules: tuple[tuple[str, str, str], ...]) -> str:
    return "\n".join(
        f'# {comment}\npath "{path}" {{\n    capabilities = [{", ".join(f"{each!r}" for each in names.split())}]\n}}\n'
        for comment, path, names in rules
    ).replace("'", '"')


def _rules(rules: tuple[tuple[str, str, str], ...]) -> tuple[Rule, ...]:
    return tuple(Rule(path=path, capabilities=tuple(names.split())) for _, path, names in rules)


TEXTS: Final = {DEFAULT: _text(_RULES), ROOT: "", RESPONSE_WRAPPING: _text(_WRAPPING)}
"""Their texts, by name. That of `root` is empty, as Vault's is."""
RULES: Final = {DEFAULT: _rules(_RULES), ROOT: (), RESPONSE_WRAPPING: _rules(_WRAPPING)}
"""Their rules, by name; `root` needs none, for a token that has it has every scope."""
UNCHANGEABLE: Final = frozenset({ROOT, RESPONSE_WRAPPING})
