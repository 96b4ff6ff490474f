"""The store against a small model: whatever the commands, on two nodes that share a database, it is as the model says.

After each step every read model is what the log makes of a fresh one: fold(log) == read models.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.kek_file import create_kek_file
from adapters.log.follower import record
from cli.server.stores import Views, open_sqlite
from domain.call import Call
from domain.commands.secrets import SecretCommands
from domain.errors import AlreadyExists, CheckAndSetFailed, Conflict, Invalid, NotFound, TrstctlError
from domain.plaintext import Plaintext
from domain.ports import Row, SealContext
from domain.results import NewValue
from projections.secrets import Secrets
from tests.assembly import Assembly, MovableClock, call

T = TypeVar("T")

PATHS = ("a", "app/b", "app/c")
EVENTS = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body FROM events
 ORDER BY position"""


@dataclass
class ModelSecret:
    """What is true of a name, as a child would keep it."""

    values: list[str] = field(default_factory=list)
    destroyed: set[int] = field(default_factory=set)
    live: bool = False

    @property
    def current(self) -> int:
        return len(self.values)

    @property
    def readable(self) -> bool:
        return self.live and self.current not in self.destroyed

    def write(self, value: str) -> int:
        self.values.append(value)
        self.live = True
        return self.current


def new(value: str) -> NewValue:
    return NewValue(Plaintext(bytearray(value.encode())), metadata={"of": value[:5]})


async def _outcome(command: Awaitable[T]) -> tuple[T | None, TrstctlError | None]:
    """What the command gives, or why it is refused."""
    try:
        return await command, None
    except TrstctlError as error:
        return None, error


class Fold:
    """The read models that the log makes, from its first event on, in a database of their own."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.views = Views.over(None)  # type: ignore[arg-type]  # nothing is asked of them here
        for projection in self.views.all:
            for statement in projection.ddl:
                self.connection.execute(statement)
        for row in rows:
            told = record(row)
            for projection in self.views.all:
                for sql, parameters in projection.apply(told):
                    self.connection.execute(sql, parameters)

    def tables(self) -> dict[str, list[Row]]:
        names = [table for projection in self.views.all for table in projection.tables]
        return {name: sorted(self.connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


class StoreMachine(RuleBasedStateMachine):
    """Two nodes over one database, and the model."""

    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = {path: ModelSecret() for path in PATHS}
        self.pasts: list[tuple[datetime, dict[str, tuple[bool, int]]]] = []
        self.clock = MovableClock()
        self.scratch = TemporaryDirectory(dir=self.folder)

    @initialize()
    def begin(self) -> None:
        self.nodes: list[Assembly] = self.run(self._opened())
        self.call: Call = call(self.run(self.nodes[0].new_tenant("acme")))
        self._remember()

    async def _opened(self) -> list[Assembly]:
        folder = Path(self.scratch.name)
        create_kek_file(folder / "kek")
        return [Assembly(folder, await open_sqlite(folder / "trstctl.db", durable=False), self.clock) for _ in range(2)]

    def run(self, awaited: Awaitable[T]) -> T:
        async def waiting() -> T:
            return await awaited

        return self.runner.run(waiting())

    def teardown(self) -> None:
        for node in getattr(self, "nodes", []):
            self.run(node.committer.stop())
            self.run(node.store.close())
        self.runner.close()
        self.scratch.cleanup()

    def _remember(self) -> None:
        state = {path: (secret.live, secret.current) for path, secret in self.model.items()}
        self.pasts.append((self.clock(), state))
        self.clock.advance(seconds=1)

    def _expect(self, refusal: type[TrstctlError] | None, command: Awaitable[T]) -> T | None:
        """The command's result, or None if it was refused in just this way, and then nothing was written."""
        before = self.run(self.nodes[0].head())
        result, refused = self.run(_outcome(command))
        assert type(refused) is (refusal or type(None)), refused
        if refused:
            assert self.run(self.nodes[0].head()) == before
        return result

    node = st.integers(0, 1)
    path = st.sampled_from(PATHS)
    value = st.sampled_from(["", "one", "two", "ünï", "${secret.a}", "x" * 300])

    def _commands(self, node: int) -> SecretCommands:
        return self.nodes[node].secrets

    @rule(node=node, path=path, value=value)
    def create(self, node: int, path: str, value: str) -> None:
        secret = self.model[path]
        refusal = AlreadyExists if secret.live else None
        done = self._expect(refusal, self._commands(node).create(self.call, path, new(value)))
        if done:
            assert done.result.version == secret.write(value)
        self._remember()

    @rule(node=node, path=path, value=value, cas=st.sampled_from([None, None, "right", "wrong", "zero"]))
    def rotate(self, node: int, path: str, value: str, cas: str | None) -> None:
        secret = self.model[path]
        current = secret.current if secret.live else 0
        named = {None: None, "right": secret.current, "wrong": secret.current + 1, "zero": 0}[cas]
        refusal: type[TrstctlError] | None = None
        if not secret.values:
            refusal = NotFound
        elif named not in {None, current}:
            refusal = CheckAndSetFailed
        elif not secret.live:
            refusal = NotFound
        done = self._expect(refusal, self._commands(node).rotate(self.call, path, new(value), named))
        if done:
            assert done.result.version == secret.write(value)
        self._remember()

    @rule(path=path, values=st.lists(value, min_size=2, max_size=4))
    def rotate_at_once(self, path: str, values: list[str]) -> None:
        secret = self.model[path]
        if not secret.live:
            return

        async def racing() -> list[int]:
            writers = (
                self._commands(number % 2).rotate(self.call, path, new(value)) for number, value in enumerate(values)
            )
            return [done.result.version for done in await asyncio.gather(*writers)]

        numbers = self.run(racing())
        assert sorted(numbers) == [secret.current + each for each in range(1, len(values) + 1)]
        for _, value in sorted(zip(numbers, values, strict=True)):
            secret.write(value)
        self._remember()

    @rule(node=node, path=path)
    def delete(self, node: int, path: str) -> None:
        secret = self.model[path]
        self._expect(None if secret.live else NotFound, self._commands(node).delete(self.call, path))
        secret.live = False
        self._remember()

    @rule(node=node, path=path)
    def undelete(self, node: int, path: str) -> None:
        secret = self.model[path]
        refusal: type[TrstctlError] | None = None
        if not secret.values:
            refusal = NotFound
        elif secret.live or secret.current in secret.destroyed:
            refusal = Conflict
        done = self._expect(refusal, self._commands(node).undelete(self.call, path))
        if done:
            assert done.result.version == secret.current
            secret.live = True
        self._remember()

    @rule(node=node, path=path, numbers=st.none() | st.lists(st.integers(1, 4), min_size=1, max_size=3))
    def destroy(self, node: int, path: str, numbers: list[int] | None) -> None:
        secret = self.model[path]
        wanted = set(range(1, secret.current + 1)) if numbers is None else set(numbers)
        fresh = wanted - secret.destroyed
        refusal: type[TrstctlError] | None = None
        if not secret.values:
            refusal = NotFound
        elif max(wanted) > secret.current:
            refusal = Invalid
        elif not fresh and not (numbers is None and secret.live):
            refusal = Conflict
        done = self._expect(refusal, self._commands(node).destroy(self.call, path, numbers))
        if done:
            assert done.result.destroyed == sorted(fresh)
            secret.destroyed |= fresh
            secret.live = secret.live and numbers is not None
        self._remember()

    @rule(node=node, path=path, data=st.data())
    def recover(self, node: int, path: str, data: st.DataObject) -> None:
        moment, state = data.draw(st.sampled_from(self.pasts), "moment")
        lived, number = state[path]
        secret = self.model[path]
        refusal: type[TrstctlError] | None = None
        if not lived:
            refusal = NotFound
        elif number in secret.destroyed:
            refusal = Conflict
        done = self._expect(refusal, self._commands(node).recover(self.call, path, moment))
        if done:
            assert done.result.version == secret.write(secret.values[number - 1])
        self._remember()

    @rule(node=node, values=st.dictionaries(path, value, min_size=1))
    def take_in(self, node: int, values: dict[str, str]) -> None:
        refusal = AlreadyExists if any(self.model[path].live for path in values) else None
        plaintexts = {path: new(value).plaintext for path, value in values.items()}
        done = self._expect(refusal, self.nodes[node].transfer.take_in(self.call, "", plaintexts))
        if done:
            for item in done.result.items:
                assert item.version == self.model[item.name].write(values[item.name])
        self._remember()

    @rule(node=node, path=path, number=st.none() | st.integers(1, 4))
    def read(self, node: int, path: str, number: int | None) -> None:
        secret = self.model[path]
        wanted = number or secret.current
        there = secret.live and wanted <= secret.current and wanted not in secret.destroyed
        done = self._expect(None if there else NotFound, self.nodes[node].reads.get(self.call, path, number))
        if done:
            assert done.result.value.buffer.decode() == secret.values[wanted - 1]
        self._remember()

    @rule(node=node, prefix=st.sampled_from(["", "app/", "a"]))
    def give_out(self, node: int, prefix: str) -> None:
        there = {path: secret for path, secret in self.model.items() if secret.live and path.startswith(prefix)}
        refusal = None if all(secret.readable for secret in there.values()) else NotFound
        done = self._expect(refusal, self.nodes[node].transfer.give_out(self.call, prefix, resolve=False))
        if done:
            found = {path: value.buffer.decode() for path, value in done.result.items()}
            assert found == {path: secret.values[-1] for path, secret in there.items()}
        self._remember()

    @precondition(lambda self: hasattr(self, "nodes"))
    @invariant()
    def names_and_values_are_those_of_the_model(self) -> None:
        self.run(self._compare())

    async def _compare(self) -> None:
        for node in self.nodes:
            view = node.views.secrets
            for live in (True, False):
                page = await view.page(self.call.tenant, "", "", 10, live=live)
                assert [(each.path, each.number) for each in page] == [
                    (path, secret.current)
                    for path, secret in sorted(self.model.items())
                    if secret.values and secret.live is live
                ]
        for path, secret in self.model.items():
            await self._compare_versions(self.nodes[0], self.nodes[0].views.secrets, path, secret)

    async def _compare_versions(self, node: Assembly, view: Secrets, path: str, secret: ModelSecret) -> None:
        history = await view.history(self.call.tenant, path, 10**9, 1000)
        assert [each.number for each in history] == list(range(secret.current, 0, -1))
        assert {each.number for each in history if each.destroyed_at} == secret.destroyed
        for each in history:
            context = SealContext(self.call.tenant, "secret", path, each.number)
            if each.number in secret.destroyed:
                with pytest.raises(NotFound):
                    await node.sealer.open(context, each.seal_id)
            else:
                with await node.sealer.open(context, each.seal_id) as value:
                    assert value.buffer.decode() == secret.values[each.number - 1]

    @precondition(lambda self: hasattr(self, "nodes"))
    @invariant()
    def read_models_are_what_the_log_makes(self) -> None:
        node = self.nodes[0]
        self.run(self._followed(node.follower._step))
        fold = Fold(self.run(node.rows(EVENTS))).tables()
        for table, rows in fold.items():
            live = self.run(node.rows(f"SELECT * FROM {table}"))
            assert sorted(live, key=repr) == rows, table

    async def _followed(self, step: Callable[[], Awaitable[Any]]) -> None:
        while await step():
            pass


def test_store_is_what_the_model_says_after_any_commands(tmp_path: Path) -> None:
    StoreMachine.folder = tmp_path
    run_state_machine_as_test(StoreMachine, settings=settings(max_examples=60, stateful_step_count=25))
