"""What the Vault surface is configured by, read once for each of its changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeVar

from domain.acl.built_in import RULES
from domain.acl.holder import TokenPolicies
from domain.mounts import Mounts
from domain.vault_config_view import VaultConfigView

K = TypeVar("K")
V = TypeVar("V")
_MOST_KEPT: Final = 4096
"""How many combinations of policies, and mounts of how many tenants, are kept compiled."""


class VaultConfiguration:
    """Kept by tenant and generation: what comes with a token, looked up in the store, is never of yesterday."""

    def __init__(self, view: VaultConfigView) -> None:
        self._view = view
        self._mounts: OrderedDict[tuple[str, int], Mounts] = OrderedDict()
        self._compiled: OrderedDict[tuple[str, int, tuple[str, ...]], TokenPolicies] = OrderedDict()

    async def mounts(self, tenant: str, generation: int | None) -> Mounts:
        """The tenant's mounts as of its `generation`; None asks which one that is."""
        if generation is None:
            generation = await self._view.generation(tenant)
        key = (tenant, generation)
        found = self._mounts.get(key)
        if found is None:
            # Read after the generation was: what is kept is of that one, or newer.
            found = self._mounts[key] = Mounts(await self._view.mounts(tenant))
            _shorten(self._mounts)
        return found

    async def compiled(self, tenant: str, generation: int, names: Sequence[str]) -> TokenPolicies:
        """What the tenant's policies of these names allow together; a name without a policy gives nothing."""
        key = (tenant, generation, tuple(names))
        found = self._compiled.get(key)
        if found is None:
            mounts, written = await self.mounts(tenant, generation), await self._view.rules(tenant, names)
            rules = [rule for name in names for rule in written.get(name, RULES.get(name, ()))]
            found = self._compiled[key] = TokenPolicies(rules, mounts)
            _shorten(self._compiled)
        return found


def _shorten(kept: OrderedDict[K, V]) -> None:
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)
