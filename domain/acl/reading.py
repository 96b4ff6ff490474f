"""From what stands in a policy to its rules: https://developer.hashicorp.com/vault/docs/concepts/policies (syntax)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from domain.acl.rules import CAPABILITIES, DENY, MAX_PATH, MAX_RULES, Parameters, Rule
from domain.acl.text import Stanza, stanzas
from domain.errors import Invalid

_OLD: Final[Mapping[str, tuple[str, ...]]] = {
    "deny": ("deny",),
    "read": ("read", "list"),
    "write": ("create", "read", "update", "delete", "list"),
    "sudo": ("create", "read", "update", "delete", "list", "sudo"),
}
"""What `policy = "…"` meant before there were capabilities."""
_KNOWN: Final = frozenset(
    {
        "comment", "policy", "capabilities", "allowed_parameters", "denied_parameters", "required_parameters",
        "min_wrapping_ttl", "max_wrapping_ttl",
    }
)  # fmt: skip
_NOT_SERVED: Final = frozenset(
    {"control_group", "mfa_methods", "expiration", "pagination_limit", "list_scan_response_keys_filter_path"}
)
"""They narrow what a rule gives. To pass them over would give more than was meant."""
_MAX_LIST: Final = 256
_DURATION = re.compile(r"(?=[0-9])(?:([0-9]{1,6})h)?(?:([0-9]{1,8})m)?(?:([0-9]{1,9})s)?([0-9]{1,9})?\Z")


def rules_of(text: str) -> list[Rule]:
    """The rules of a policy's text; raises `Invalid` naming the line of what is not taken."""
    rules = [_rule(stanza) for stanza in stanzas(text)]
    if len(rules) > MAX_RULES:
        raise Invalid(f"a policy has at most {MAX_RULES} paths; this one has {len(rules)}")
    return rules


def _rule(stanza: Stanza) -> Rule:
    where = f"line {stanza.line}, path {stanza.path[:200]!r}" if stanza.line else f"path {stanza.path[:200]!r}"
    body = stanza.body
    if unserved := sorted(_NOT_SERVED.intersection(body)):
        raise Invalid(f"{where}: {unserved[0]} is not served here; a rule without it would give more than you mean")
    if unknown := sorted(set(body) - _KNOWN):
        raise Invalid(f"{where}: there is no {unknown[0]!r}; there are {', '.join(sorted(_KNOWN))}")
    path = _path(stanza.path, where)
    capabilities = _capabilities(body, where)
    if DENY in capabilities:
        return Rule(path=path, capabilities=(DENY,))
    shortest, longest = (_seconds(body, f"{end}_wrapping_ttl", where) for end in ("min", "max"))
    if shortest and longest and longest < shortest:
        raise Invalid(f"{where}: max_wrapping_ttl cannot be less than min_wrapping_ttl")
    return Rule(
        path=path,
        capabilities=capabilities,
        allowed=_parameters(body, "allowed_parameters", where),
        denied=_parameters(body, "denied_parameters", where),
        required=_texts(body, "required_parameters", where),
        min_wrapping_ttl=shortest,
        max_wrapping_ttl=longest,
    )


def _path(text: str, where: str) -> str:
    path = text.removeprefix("/")
    if "+*" in path:
        raise Invalid(f"{where}: invalid use of wildcards ('+*' is forbidden)")
    if not path or len(path) > MAX_PATH or not path.isprintable():
        raise Invalid(f"{where}: a path has 1 to {MAX_PATH} characters, all printable")
    return path


def _capabilities(body: Mapping[str, Any], where: str) -> tuple[str, ...]:
    old = body.get("policy")
    if old is not None and (not isinstance(old, str) or old not in _OLD):
        raise Invalid(f"{where}: invalid policy {str(old)[:40]!r}; write capabilities")
    given = (*_texts(body, "capabilities", where), *_OLD.get(old or "", ()))
    if wrong := [each for each in given if each not in CAPABILITIES]:
        raise Invalid(f"{where}: invalid capability {wrong[0][:40]!r}; there are {', '.join(sorted(CAPABILITIES))}")
    return tuple(dict.fromkeys(given))


def _texts(body: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    value = body.get(field)
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    if len(values) > _MAX_LIST or not all(isinstance(each, str) for each in values):
        raise Invalid(f"{where}: {field} is a list of at most {_MAX_LIST} texts")
    return tuple(values)


def _parameters(body: Mapping[str, Any], field: str, where: str) -> Parameters:
    value = body.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MAX_LIST:
        raise Invalid(f"{where}: {field} maps at most {_MAX_LIST} names of fields to lists of values")
    found: Parameters = {}
    for name, values in value.items():
        if not isinstance(values, list) or len(values) > _MAX_LIST:
            raise Invalid(f"{where}: {field}: {name[:40]!r} has a list of at most {_MAX_LIST} values")
        found[name.lower()] = values
    return found


def _seconds(body: Mapping[str, Any], field: str, where: str) -> int:
    value = body.get(field)
    if value is None:
        return 0
    match = _DURATION.match(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if match is None:
        raise Invalid(f'{where}: {field}: give seconds, or a duration such as "90s", "15m" or "1h30m"')
    hours, minutes, seconds, bare = (int(each or 0) for each in match.groups())
    return hours * 3600 + minutes * 60 + seconds + bare
