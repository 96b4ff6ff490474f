"""Tokens are minted on two nodes while what they descend from is revoked: none survives, on either store."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.log.batch import Batch
from adapters.log.committer import Committer
from domain.call import Call, Principal
from domain.commands.tenants import operator
from domain.commands.token_ends import TokenEnds
from domain.commands.token_life import TokenLife
from domain.commands.tokens import TokenCommands, TokenMeta
from domain.errors import Conflict, Unauthenticated
from domain.ports import Kept, Statement
from domain.process import EXPIRE_TOKEN
from domain.token_text import digest_of
from domain.views import Work
from projections.tokens import Tokens
from tests.stores import PostgresStore, SqliteStore, Store, chain_of, every_projection, reading

pytestmark = pytest.mark.anyio

ROUNDS = 8
ENDED = "SELECT stream FROM events WHERE type = 'api_token.revoked'"
SURVIVORS = "SELECT token_id FROM api_tokens WHERE revoked_at IS NULL"


class NoReplies:
    """No request of these has an idempotency key."""

    async def keep(self, call: Call, result: object) -> Kept:
        return Kept()

    async def forget(self, call: Call) -> Sequence[Statement]:
        return ()


class Node:
    def __init__(self, committer: Committer, view: Tokens) -> None:
        self.late = TokenEnds(committer, view, NoReplies(), lambda: now() + timedelta(hours=1), os.urandom)
        self.view = view
        life = TokenLife(committer, view, NoReplies(), now, os.urandom)
        unused: Any = None
        self.tokens = TokenCommands(committer, view, NoReplies(), now, os.urandom, 3600, life, unused)
        self.ends = TokenEnds(committer, view, NoReplies(), now, os.urandom)

    async def mint(self, by: Call) -> Call:
        """A call with a token that was minted by this call's."""
        return holding((await self.tokens.issue(by, "ci", ["access:write"])).result)


def now() -> datetime:
    return datetime.now(UTC)


def holding(told: TokenMeta) -> Call:
    principal = Principal(
        tenant="t1", subject=told.subject, scopes=("*",), token_id=told.id, expires_at=told.expires_at
    )
    return Call(principal=principal, request_id="request")


def expiry(token_id: str) -> Work:
    """What the process manager finds due."""
    return Work(
        tenant="t1", kind=EXPIRE_TOKEN, ref=token_id, destination="", stream=uuid4(), version=0, due_at=now(),
        attempts=0, needs_attention=False, error=None, detail=None, since=now(),
    )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = (
        SqliteStore(tmp_path / "trstctl.db")
        if request.param == "sqlite"
        else PostgresStore(request.getfixturevalue("postgres_dsn"))
    )
    yield opened
    opened.close()


@pytest.fixture
async def nodes(store: Store) -> AsyncIterator[Sequence[Node]]:
    async with AsyncExitStack() as stack:
        made = []
        for name in ("one", "two"):
            committer = Committer(Batch(store.log(), every_projection(), name))
            stack.callback(committer.close)
            made.append(Node(committer, Tokens(await stack.enter_async_context(reading(store)))))
        yield made


async def breed(nodes: Sequence[Node], by: Call) -> None:
    """Mint children, and children's children, on both nodes in turn until it is refused."""
    parents = [by]
    try:
        for number in range(500):
            child = await nodes[number % 2].mint(parents[number % len(parents)])
            parents = [by, child, *parents[1:4]] if number % 40 else [by]
    except Unauthenticated:
        return
    raise AssertionError("minted on although revoked")


async def test_nothing_survives_the_revocation_of_what_it_descends_from(store: Store, nodes: Sequence[Node]) -> None:
    for number in range(ROUNDS):
        root = holding((await nodes[0].tokens.issue(operator("t1", "r"), "team", ["*"])).result)
        breeding = [asyncio.create_task(breed(nodes, root)) for _ in range(4)]
        await asyncio.sleep(0.02 * number)
        await nodes[number % 2].ends.revoke(operator("t1", "r"), root.principal.token_id, "leaked")
        await asyncio.gather(*breeding)
        assert store.rows(SURVIVORS) == []
    await asyncio.gather(*(node.ends.record_ended() for node in nodes))
    await nodes[0].ends.record_ended()
    ended = [stream for (stream,) in store.rows(ENDED)]
    assert len(ended) == len(set(ended)) == store.rows("SELECT count(*) FROM api_tokens")[0][0]
    chain_of(store)


async def test_of_two_revocations_at_once_one_is_told_so(store: Store, nodes: Sequence[Node]) -> None:
    root = holding((await nodes[0].tokens.issue(operator("t1", "r"), "team", ["*"])).result)
    children = [await nodes[0].mint(root) for _ in range(3)]
    call = operator("t1", "r")
    outcomes = await asyncio.gather(
        *(node.ends.revoke(call, root.principal.token_id) for node in nodes), return_exceptions=True
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
    assert len(store.rows(ENDED)) == 1 + len(children)


async def test_expiry_is_recorded_once_whoever_looks(store: Store, nodes: Sequence[Node]) -> None:
    ids = [(await nodes[0].tokens.issue(operator("t1", "r"), "ci", ["*"], 1)).result.id for _ in range(20)]
    outcomes = await asyncio.gather(
        *(node.late.expire(expiry(each)) for each in ids for node in nodes), return_exceptions=True
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == len(ids)
    assert len(store.rows(ENDED)) == len(ids)


async def test_tokens_come_and_go_and_hold_no_revocation_up(store: Store, nodes: Sequence[Node]) -> None:
    """Whoever has a leaked token may make children and revoke them all the time, on one node and the other."""
    root = holding((await nodes[0].tokens.issue(operator("t1", "r"), "team", ["*"])).result)
    stop = asyncio.Event()

    async def churn(node: Node) -> None:
        while not stop.is_set():
            try:
                child = await node.mint(root)
                await node.ends.revoke(child, child.principal.token_id)
            except (Unauthenticated, Conflict):
                return

    churning = [asyncio.create_task(churn(node)) for node in nodes for _ in range(5)]
    await asyncio.sleep(0.1)
    try:
        async with asyncio.timeout(10):
            await nodes[0].ends.revoke(operator("t1", "r"), root.principal.token_id)
    finally:
        stop.set()
        await asyncio.gather(*churning)
    assert store.rows(SURVIVORS) == []


async def test_lineage_and_descent_are_read_alike_on_both_stores(nodes: Sequence[Node]) -> None:
    line = [holding((await nodes[0].tokens.issue(operator("t1", "r"), "team", ["*"])).result)]
    for _ in range(4):
        line.append(await nodes[0].mint(line[-1]))
    ids = [call.principal.token_id for call in line]
    view = nodes[1].view
    assert [row.token_id for row in await view.lineage("t1", ids[-1])] == ids
    assert sorted(await view.minted("t1", ids[0], now(), 10)) == sorted(ids[1:])
    assert await view.minted("t1", ids[-1], now(), 10) == []
    assert len(await view.minted("t1", ids[0], now(), 2)) == 2
    assert await view.lineage("t2", ids[-1]) == []
    assert await view.minted("t2", ids[0], now(), 10) == []
    assert await view.by_hash(digest_of("trst_x")) is None
