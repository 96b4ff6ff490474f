"""What is compiled of policies is kept as long as it is true."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from domain.acl.rules import Rule
from domain.commands.vault_config import VaultConfiguration
from domain.mounts import BUILT_IN, MountEntry

pytestmark = pytest.mark.anyio


class View:
    """One tenant's, with each question counted."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.written = {"app": [Rule(path="secret/data/app", capabilities=("read",))]}
        self.count = 0

    async def generation(self, tenant: str) -> int:
        self.asked.append("generation")
        return self.count

    async def rules(self, tenant: str, names: Sequence[str]) -> dict[str, list[Rule]]:
        self.asked.append("rules")
        return {name: self.written[name] for name in names if name in self.written}

    async def policy(self, tenant: str, name: str) -> str | None:
        raise NotImplementedError

    async def policies(self, tenant: str) -> list[str]:
        raise NotImplementedError

    async def mounts(self, tenant: str) -> list[MountEntry]:
        self.asked.append("mounts")
        return list(BUILT_IN)


async def test_nothing_is_asked_twice_for_one_generation() -> None:
    view = View()
    config = VaultConfiguration(view)
    first = await config.compiled("t1", 0, ["app"])
    assert await config.compiled("t1", 0, ("app",)) is first
    await config.mounts("t1", 0)
    assert view.asked == ["mounts", "rules"]
    await config.compiled("t1", 0, ["app", "other"])
    await config.compiled("t2", 0, ["app"])
    assert view.asked == ["mounts", "rules", "rules", "mounts", "rules"]


async def test_the_next_generation_is_read_anew() -> None:
    view = View()
    config = VaultConfiguration(view)
    assert (await config.compiled("t1", 0, ["app"])).allows("secrets:read", "app")
    view.written["app"] = []
    assert not (await config.compiled("t1", 1, ["app"])).allows("secrets:read", "app")


async def test_who_has_no_token_is_told_of_the_mounts_of_now() -> None:
    view = View()
    config = VaultConfiguration(view)
    await config.mounts("t1", None)
    view.count = 1
    await config.mounts("t1", None)
    assert view.asked == ["generation", "mounts"] * 2


async def test_a_policy_that_is_written_takes_the_place_of_the_built_in_one() -> None:
    view = View()
    config = VaultConfiguration(view)
    own = await config.compiled("t1", 0, ["default"])
    assert own.capabilities("auth/token/lookup-self") == ["read"]
    view.written["default"] = [Rule(path="secret/*", capabilities=("list",))]
    changed = await config.compiled("t1", 1, ["default"])
    assert changed.capabilities("auth/token/lookup-self") == ["deny"]
    assert (await config.compiled("t1", 1, ["nothing-of-this-name"])).capabilities("secret/x") == ["deny"]
