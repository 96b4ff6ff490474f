"""Approvals where two nodes share a store, and on each store: of what races, one wins, and nothing is counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.kek_file import create_kek_file
from adapters.postgres.migrations import migrate
from cli.server.config.approvals import Approval
from cli.server.config.settings import Secrets
from cli.server.stores import open_postgres, open_sqlite
from domain.call import Call
from domain.commands.inbox import ApprovalFilter
from domain.errors import ApprovalRequired, Conflict, TrstctlError
from domain.plaintext import Plaintext
from domain.results import Done, NewValue, SecretMeta
from tests.assembly import Assembly, MovableClock
from tests.stores import every_projection

pytestmark = pytest.mark.anyio

POLICIES = Secrets(
    approvals=[
        Approval(name="db", paths=["db/*"], actions=["create", "rotate"], approvers_needed=2),
        Approval(name="vault", paths=["vault/*"], actions=["read"]),
    ]
)
ROUNDS = 10


class Nodes:
    """Two nodes, each asked in turn. On the embedded store, which is for one server, both are the same."""

    def __init__(self, one: Assembly, two: Assembly, tenant: str) -> None:
        self.one = one
        self.two = two
        self.tenant = tenant

    async def call(self, subject: str, glass: str | None = None) -> Call:
        """A call by a token that the operator issued."""
        principal = await self.one.tokens.authenticate(await self.one.new_token(self.tenant, subject))
        return Call(principal=principal, request_id="r", break_glass=glass)

    async def put(self, path: str) -> None:
        await self.one.secrets.create(await self.call("ops", "to begin with"), path, value("one"))

    async def asked(self, call: Call, path: str, text: str = "two") -> str:
        with pytest.raises(ApprovalRequired) as refused:
            await self.one.secrets.rotate(call, path, value(text))
        return str(refused.value.extensions["approval_id"])

    async def approved(self, path: str, action: str = "rotate") -> None:
        """By two at once, at different nodes."""
        ada, grace = await self.call("ada"), await self.call("grace")
        await asyncio.gather(
            self.one.approving.commands.approve_on(ada, path, action, None),
            self.two.approving.commands.approve_on(grace, path, action, None),
        )

    async def topics(self) -> list[str]:
        rows = await self.one.rows("SELECT type FROM events WHERE tenant = ? ORDER BY position", self.tenant)
        return [kind for (kind,) in rows]


def value(text: str) -> NewValue:
    return NewValue(Plaintext(bytearray(text.encode())))


@pytest.fixture(params=["sqlite", "postgresql"])
async def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Nodes]:
    _make_kek(tmp_path)
    async with AsyncExitStack() as stack:
        if request.param == "sqlite":
            one = two = await _node(stack, tmp_path, None)
        else:
            dsn: str = request.getfixturevalue("postgres_dsn")
            await asyncio.to_thread(migrate, dsn, every_projection())
            one, two = [await _node(stack, tmp_path, dsn) for _ in range(2)]
        yield Nodes(one, two, await one.new_tenant("acme"))


def _make_kek(folder: Path) -> None:
    folder.chmod(0o700)
    create_kek_file(folder / "kek")


async def _node(stack: AsyncExitStack, folder: Path, dsn: str | None) -> Assembly:
    store = await (open_postgres(dsn) if dsn else open_sqlite(folder / "trstctl.db", durable=False))
    stack.push_async_callback(store.close)
    node = Assembly(folder, store, MovableClock(), POLICIES)
    stack.push_async_callback(node.committer.stop)
    return node


async def test_of_uses_on_two_nodes_one_wins(nodes: Nodes) -> None:
    ci = await nodes.call("ci")
    for number in range(ROUNDS):
        path = f"db/{number}"
        await nodes.put(path)
        await nodes.asked(ci, path)
        await nodes.approved(path)
        outcomes = await asyncio.gather(
            *(node.secrets.rotate(ci, path, value("two")) for node in (nodes.one, nodes.two) for _ in range(2)),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ApprovalRequired"] * 3 + ["Done"]
    assert (await nodes.topics()).count("approval.used") == ROUNDS


async def test_of_reads_on_two_nodes_one_wins(nodes: Nodes) -> None:
    ci, ada = await nodes.call("ci"), await nodes.call("ada")
    for number in range(ROUNDS):
        path = f"vault/{number}"
        await nodes.put(path)
        with pytest.raises(ApprovalRequired):
            await nodes.two.reads.get(ci, path)
        await nodes.two.approving.commands.approve_on(ada, path, "read", None)
        outcomes = await asyncio.gather(
            *(node.reads.get(ci, path) for node in (nodes.one, nodes.two) for _ in range(2)), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ApprovalRequired"] * 3 + ["Done"]


async def test_the_same_asked_at_two_nodes_is_one_request(nodes: Nodes) -> None:
    ci = await nodes.call("ci")
    for number in range(ROUNDS):
        path = f"db/{number}"
        await nodes.put(path)
        outcomes = await asyncio.gather(
            *(node.secrets.rotate(ci, path, value("two")) for node in (nodes.one, nodes.two) for _ in range(2)),
            return_exceptions=True,
        )
        assert len({_id(outcome) for outcome in outcomes}) == 1
    page = await nodes.two.approving.inbox.page(ci, ApprovalFilter(state="pending"), None, 100)
    assert len(page.items) == ROUNDS


def _id(outcome: Done[SecretMeta] | BaseException) -> object:
    assert isinstance(outcome, ApprovalRequired), outcome
    return outcome.extensions["approval_id"]


async def test_approvals_at_two_nodes_both_count(nodes: Nodes) -> None:
    ci = await nodes.call("ci")
    for number in range(ROUNDS):
        await nodes.put(f"db/{number}")
        approval_id = await nodes.asked(ci, f"db/{number}")
        await nodes.approved(f"db/{number}")
        shown = await nodes.two.approving.inbox.show(ci, approval_id)
        assert (shown.state, shown.approvals) == ("approved", 2)


async def test_denial_and_use_at_two_nodes_do_not_both_happen(nodes: Nodes) -> None:
    ci, ada = await nodes.call("ci"), await nodes.call("ada")
    for number in range(ROUNDS):
        path = f"db/{number}"
        await nodes.put(path)
        approval_id = await nodes.asked(ci, path)
        await nodes.approved(path)
        used, denied = await asyncio.gather(
            nodes.one.secrets.rotate(ci, path, value("two")),
            nodes.two.approving.commands.deny(ada, approval_id, "no"),
            return_exceptions=True,
        )
        shown = await nodes.one.approving.inbox.show(ci, approval_id)
        assert [isinstance(used, Done), isinstance(denied, Done)] == [shown.state == "used", shown.state == "denied"]
        assert shown.state in {"used", "denied"}


async def test_a_lineage_is_told_on_each_store(nodes: Nodes) -> None:
    await nodes.put("db/a")
    eve = await nodes.call("eve")
    minted = (await nodes.one.tokens.issue(eve, "ada", ["*"])).result.token
    assert isinstance(minted, str)
    borrowed = Call(principal=await nodes.two.tokens.authenticate(minted), request_id="r")
    await nodes.asked(borrowed, "db/a")
    for subject in ("ada", "eve"):
        with pytest.raises(TrstctlError, match="whoever asked"):
            await nodes.two.approving.commands.approve_on(await nodes.call(subject), "db/a", "rotate", None)


async def test_what_is_void_is_seen_at_the_other_node_at_once(nodes: Nodes) -> None:
    ci = await nodes.call("ci")
    await nodes.put("db/a")
    approval_id = await nodes.asked(ci, "db/a")
    await nodes.approved("db/a")
    await nodes.one.secrets.rotate(await nodes.call("ops", "now"), "db/a", value("other"))
    assert (await nodes.two.approving.inbox.show(ci, approval_id)).state == "void"
    with pytest.raises(ApprovalRequired):
        await nodes.two.secrets.rotate(ci, "db/a", value("two"))


async def test_expiry_is_noted_once_by_whichever_node_comes_first(nodes: Nodes) -> None:
    ci = await nodes.call("ci")
    await nodes.put("db/a")
    approval_id = await nodes.asked(ci, "db/a")
    for node in {nodes.one, nodes.two}:
        node.clock.advance(days=2)
    outcomes = await asyncio.gather(
        *(node.approving.commands.expire(nodes.tenant, approval_id, "r") for node in (nodes.one, nodes.two)),
        return_exceptions=True,
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(outcome is None or isinstance(outcome, Conflict) for outcome in outcomes)
    assert (await nodes.topics())[-1] == "approval.expired"
