"""Logins on each kind of store: a use is counted once whatever the node, and tables are what the log says."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from adapters.kek_file import create_kek_file
from adapters.log.follower import Follower
from adapters.postgres.migrations import migrate
from cli.server.auditing import LogAuditing
from cli.server.compose import Runtime, open_runtime
from cli.server.config import Settings, load
from cli.server.replaying import compared, rebuilding
from cli.server.stores import unread_views
from domain.call import Call
from domain.commands.login_entering import Attempt
from domain.commands.login_secret_ids import AskedSecretId
from domain.commands.tenants import operator
from domain.logins.approle import AppRole
from domain.logins.kubernetes import KubernetesConfig
from domain.logins.outcome import NotLoggedIn
from domain.logins.place import Place
from domain.logins.userpass import User
from domain.plaintext import Plaintext

pytestmark = pytest.mark.anyio
TABLES = ("login_methods", "login_roles", "login_secret_ids")
ROLE = AppRole(role_id="role")


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An empty store of each kind, with a key."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    create_kek_file(folder / "kek")
    store = ""
    if request.param == "postgres":
        store = request.getfixturevalue("postgres_dsn")
        migrate(store, unread_views())
    return load(environment={}, data_dir=str(folder), store=store)


class Nodes:
    """Two nodes on one store, with the role `ci`."""

    def __init__(self, nodes: list[Runtime], call: Call) -> None:
        self.nodes = nodes
        self.call = call
        self.place = Place(call.tenant, "approle/", "auth_approle_1", "approle")

    @classmethod
    async def begin(cls, stack: AsyncExitStack, settings: Settings) -> Nodes:
        nodes = [await stack.enter_async_context(open_runtime(settings)) for _ in range(2)]
        tenant = (await nodes[0].tenants.create("acme", "Acme", "r0")).result.tenant
        found = cls(nodes, operator(tenant, "r1"))
        await found.services(0).admin.put_role(found.call, found.place, "ci", lambda _: ROLE)
        return found

    def services(self, node: int) -> Any:
        return self.nodes[node].vaulting.logging_in.services

    async def secret_id(self, **asked: Any) -> str:
        made = await self.services(0).secret_ids.issue(self.call, self.place, "ci", AskedSecretId(**asked))
        return str(made.text)

    async def log_in(self, node: int, secret_id: str) -> str:
        """How it went."""
        attempt = Attempt(self.place, "192.0.2.7", "r2")
        try:
            await self.services(node).approle.enter(attempt, "role", secret_id)
        except NotLoggedIn:
            return "refused"
        return "in"


async def verified(settings: Settings, runtime: Runtime) -> list[str]:
    """What a verification of the whole log finds."""
    follower = Follower(runtime.views.audit, runtime.store.reader, runtime.committer)
    report = await LogAuditing(settings, runtime.store.reader, None, follower).verify()
    return [str(finding) for finding in report["findings"]]


async def test_a_secret_id_is_used_as_often_as_it_may_be_on_two_nodes_at_once(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        nodes = await Nodes.begin(stack, settings)
        for uses in (1, 5):
            secret_id = await nodes.secret_id(uses=uses)
            results = await asyncio.gather(*(nodes.log_in(number % 2, secret_id) for number in range(16)))
            assert Counter(results) == {"in": uses, "refused": 16 - uses}
        rows = await nodes.nodes[0].store.reader.system_rows("SELECT count(*) FROM api_tokens")
        assert [tuple(row) for row in rows] == [(6,)]


@pytest.mark.parametrize("uses", [0, 20])
async def test_nobody_logs_in_once_the_secret_id_is_destroyed_on_another_node(settings: Settings, uses: int) -> None:
    async with AsyncExitStack() as stack:
        nodes = await Nodes.begin(stack, settings)
        secret_id = await nodes.secret_id(uses=uses)
        going = [nodes.log_in(0, secret_id) for _ in range(8)]
        destroying = nodes.services(1).secret_ids.destroy_by_text(nodes.call, nodes.place, "ci", secret_id)
        *_, destroyed = await asyncio.gather(*going, destroying)
        assert destroyed
        assert await nodes.log_in(0, secret_id) == "refused"
        events = await nodes.nodes[0].store.reader.system_rows("SELECT type FROM events ORDER BY position")
        topics = [topic for (topic,) in events]
        assert "api_token.issued" not in topics[topics.index("login_secret_id.destroyed") :]


async def test_tables_are_what_the_log_says(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        nodes = await Nodes.begin(stack, settings)
        call, services = nodes.call, nodes.services(0)
        assert await nodes.log_in(1, await nodes.secret_id(uses=2, metadata={"a": "b"})) == "in"
        assert await nodes.log_in(1, await nodes.secret_id(uses=1)) == "in"
        await nodes.secret_id(text="chosen", cidrs=("10.0.0.0/8",))
        await services.secret_ids.destroy_by_text(call, nodes.place, "ci", await nodes.secret_id(ttl=5))
        await services.admin.put_role(call, nodes.place, "gone", lambda _: AppRole(role_id="gone"))
        await services.admin.remove_role(call, nodes.place, "gone")
        users = Place(call.tenant, "userpass/", "auth_userpass_1", "userpass")
        await services.admin.put_role(call, users, "anna", lambda _: User(), "secret")
        await services.admin.set_password(call, users, "anna", "another")
        closed = users._replace(accessor="auth_userpass_2")
        await services.admin.put_role(call, closed, "anna", lambda _: User(), "secret")
        await services.admin.forget(call, closed)
        cluster = Place(call.tenant, "kubernetes/", "auth_kubernetes_1", "kubernetes")
        for reviewer in ("one", "two", None, "three"):
            secret = Plaintext(bytearray(reviewer.encode())) if reviewer else None
            await services.methods.kubernetes(call, cluster, KubernetesConfig(kubernetes_host="https://k"), secret)
        await services.admin.put_role(call, users, "bert", lambda _: User(), "secret")
        await services.admin.remove_role(call, users, "bert")
        async with rebuilding(nodes.nodes[0]) as replay:
            found = await compared(nodes.nodes[0], replay, lambda _: None)
        assert (found.different, found.differences) == (0, [])
        assert [found.rows[name] for name in TABLES] == [1, 2, 2]
        assert await verified(settings, nodes.nodes[0]) == []
