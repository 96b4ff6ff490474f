"""What the policies of one token allow, asked by both faces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from domain.acl import translation
from domain.acl.built_in import RULES
from domain.acl.compiled import Compiled
from domain.acl.rules import DENY, SUDO, Rule
from domain.acl.shown import shown
from domain.acl.table import resources_of
from domain.acl.translation import Need
from domain.call import Policies, Told
from domain.mounts import Mounts
from domain.token_terms import DEFAULT

_EVERYBODY: Final = Compiled(RULES[DEFAULT])


class TokenPolicies:
    """`domain.call.Policies`: the rules of all of a token's policies together, and the mounts they speak of."""

    def __init__(self, rules: Iterable[Rule], mounts: Mounts) -> None:
        self._rules = Compiled(rules)
        self._mounts = mounts

    def allows(self, verb: str, path: str | None, *, exists: bool | None = None) -> bool:
        """See `Policies`. What a rule gives to requests with certain fields, or wrapped, it does not give here."""
        if path is not None:
            return any(self._gives(need) for need in translation.needs(verb, path, self._mounts, exists=exists))
        direct, folders = translation.needs_of_all(verb, self._mounts)
        if any(self._gives(need) for need in direct):
            return True
        return bool(folders) and all(any(self._gives_all(need) for need in each) for each in folders)

    def somewhere(self, verb: str) -> bool:
        """See `Policies`."""
        return any(self._reaches(need) for need in translation.folders_of(verb, self._mounts))

    def capabilities(self, path: str) -> list[str]:
        """See `Policies`."""
        return sorted(self._rules.capabilities(path)) or [DENY]

    def permits(self, path: str, capability: str, fields: Mapping[str, Any], wrap_seconds: int | None = None) -> bool:
        """See `Policies`."""
        return self._rules.permits(path, capability, fields, wrap_seconds)

    def told(self) -> Told:
        """See `Policies`."""
        return self._rules.told()

    def sees(self, folder: str) -> bool:
        """See `Policies`."""
        return self._rules.reaches(folder)

    def _gives(self, need: Need) -> bool:
        return self._rules.gives(need.path, need.capability) and (not need.sudo or self._rules.gives(need.path, SUDO))

    def _gives_all(self, need: Need) -> bool:
        given = self._rules.gives_all(need.path, need.capability)
        return given and (not need.sudo or self._rules.gives_all(need.path, SUDO))

    def _reaches(self, need: Need) -> bool:
        return self._gives(need) if not need.path.endswith("/") else self._rules.reaches(need.path, need.capability)


class Permitted:
    """The policies of a caller whose request they have permitted: what it is about is not asked for a second time.

    Vault decides by the path alone; the scopes that the commands behind it ask for are the native face's own.
    """

    def __init__(self, policies: Policies, engine: str) -> None:
        self._policies = policies
        self._resources = resources_of(engine)

    def allows(self, verb: str, path: str | None, *, exists: bool | None = None) -> bool:
        """See `Policies`."""
        return verb.partition(":")[0] in self._resources or self._policies.allows(verb, path, exists=exists)

    def somewhere(self, verb: str) -> bool:
        """See `Policies`."""
        return verb.partition(":")[0] in self._resources or self._policies.somewhere(verb)

    def capabilities(self, path: str) -> list[str]:
        """See `Policies`."""
        return self._policies.capabilities(path)

    def permits(self, path: str, capability: str, fields: Mapping[str, Any], wrap_seconds: int | None = None) -> bool:
        """See `Policies`."""
        return self._policies.permits(path, capability, fields, wrap_seconds)

    def told(self) -> Told:
        """See `Policies`."""
        return self._policies.told()

    def sees(self, folder: str) -> bool:
        """See `Policies`."""
        return self._policies.sees(folder)


def capabilities_of(scopes: Sequence[str], policies: Policies | None, path: str, mounts: Mounts) -> list[str]:
    """What a token can do with a path of the Vault surface, by its policies and its scopes; `["deny"]` if nothing."""
    if "*" in scopes:
        return ["root"]
    given = set(policies.capabilities(path)) if policies else set(_EVERYBODY.capabilities(path))
    return sorted((given | shown(scopes, path, mounts)) - {DENY}) or [DENY]


def told_of(policies: Policies | None) -> Told:
    """All of what a token's policies give; what `default` does to one that has scopes alone."""
    return policies.told() if policies else _EVERYBODY.told()
