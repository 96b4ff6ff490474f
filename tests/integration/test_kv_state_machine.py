"""The key-value commands against a model of Vault's KV v2: whatever is done in whatever order, both tell the same.

Every read model is what the log makes of a fresh one, and no key is left of a value that is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar

import msgspec
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
from cli.server.stores import open_sqlite
from domain.call import Call
from domain.errors import CheckAndSetFailed, CheckAndSetRequired, NotFound, TrstctlError
from domain.key_settings import MountRules, SettingsChange
from domain.kv_values import object_text
from domain.plaintext import Plaintext
from domain.results import NewValue
from tests.assembly import Assembly, MovableClock, call
from tests.integration.kv_model import Data, ModelKey, ModelVersion, folder, merge_patch
from tests.integration.test_store_state_machine import EVENTS, Fold

T = TypeVar("T")

PATHS = ("a", "a/b/c", "a-b")
SCALARS = st.sampled_from([None, True, 0, -1, 1.5, 2**53 + 1, "", "one", "ünï", [1, {"x": None}]])
OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from("xyz"), SCALARS, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), inner | SCALARS, max_size=3),
    max_leaves=6,
)
NUMBERS = st.lists(st.integers(0, 6), min_size=1, max_size=3)


class FixedClock(MovableClock):
    """Time that stands still but for `advance`, so that the model's and the store's instants are the same."""

    def __init__(self) -> None:
        super().__init__()
        self.began = super().__call__()

    def __call__(self) -> Any:
        return self.began + self.moved


class KvMachine(RuleBasedStateMachine):
    """One node, the model, and the mount `secret/`, which says nothing of its own."""

    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = FixedClock()
        self.model: dict[str, ModelKey] = {}
        self.forgotten: dict[str, int] = {}
        self.scratch = TemporaryDirectory(dir=self.folder)

    @initialize()
    def begin(self) -> None:
        self.node: Assembly = self.run(self._opened())
        self.call: Call = call(self.run(self.node.new_tenant("acme")))
        for path in PATHS[:2]:
            self.write_some(path, 3)

    async def _opened(self) -> Assembly:
        folder_of = Path(self.scratch.name)
        create_kek_file(folder_of / "kek")
        return Assembly(folder_of, await open_sqlite(folder_of / "trstctl.db", durable=False), self.clock)

    def run(self, awaited: Awaitable[T]) -> T:
        async def waiting() -> T:
            return await awaited

        return self.runner.run(waiting())

    def teardown(self) -> None:
        if hasattr(self, "node"):
            self.run(self.node.outbox.stop())
            self.run(self.node.committer.stop())
            self.run(self.node.store.close())
        self.runner.close()
        self.scratch.cleanup()

    def _expect(self, refusal: type[TrstctlError] | None, command: Awaitable[T]) -> T | None:
        """The command's result, or None if it was refused in just this way."""
        try:
            done = self.run(command)
        except TrstctlError as error:
            assert type(error) is refusal, error  # noqa: PT017 - which refusal it is to be is known at run time only
            return None
        assert refusal is None
        return done

    def _refusal(self, key: ModelKey, cas: int | None) -> type[TrstctlError] | None:
        return {None: CheckAndSetRequired, False: CheckAndSetFailed, True: None}[key.accepts(cas)]

    path = st.sampled_from(PATHS)
    named = st.sampled_from([None, None, None, "right", 0, 7])

    def _cas(self, key: ModelKey, cas: str | int | None) -> int | None:
        return key.current if cas == "right" else cas  # type: ignore[return-value]  # a number, or none

    @rule(path=path, data=OBJECTS, cas=named)
    def write(self, path: str, data: Data, cas: str | int | None) -> None:
        key = self.model.get(path, ModelKey())
        named = self._cas(key, cas)
        done = self._expect(
            self._refusal(key, named), self.node.kv.writing.write(self.call, path, data, MountRules(), named)
        )
        if done:
            self.model[path] = key
            assert done.result.version == key.write(data, self.clock())
            assert (done.result.deletion_time or None) == key.versions[key.current].ends

    @rule(path=path, count=st.integers(1, 4))
    def write_some(self, path: str, count: int) -> None:
        key = self.model.setdefault(path, ModelKey())
        for number in range(count):
            data = {"x": f"{number}"}
            self.run(self.node.kv.writing.write(self.call, path, data, MountRules(), key.current))
            key.write(data, self.clock())

    @rule(path=path, patch=OBJECTS, cas=named)
    def patch(self, path: str, patch: Data, cas: str | int | None) -> None:
        key = self.model.get(path, ModelKey())
        named = self._cas(key, cas)
        refusal: type[TrstctlError] | None = NotFound
        if path in self.model or path in self.forgotten:
            refusal = self._refusal(key, named) or (None if key.current else NotFound)
        done = self._expect(refusal, self.node.kv.writing.patch(self.call, path, patch, MountRules(), named))
        if done is None:
            return
        old = key.versions[key.current].shown(self.clock())
        if old is None:
            assert (done.position, done.result.version) == (0, key.current)
        else:
            assert done.result.version == key.write(merge_patch(old, patch), self.clock())

    @rule(path=path, text=st.sampled_from(["", "plain", '{"x":1.50}', "[1]", '{"x":']))
    def write_natively(self, path: str, text: str) -> None:
        key = self.model.get(path, ModelKey())
        if key.current and key.versions[key.current].shown(self.clock()) is not None:
            return
        if key.current and key.versions[key.current].destroyed:
            return  # natively the name may live on: that is the other machine's to look at
        value = NewValue(Plaintext(bytearray(text.encode())))
        self.run(self.node.secrets.create(self.call, path, value))
        self.model[path] = key
        key.write({"x": 1.5} if text == '{"x":1.50}' else {"value": text}, self.clock())

    @rule(path=path, number=st.integers(0, 6))
    def read(self, path: str, number: int) -> None:
        key = self.model.get(path, ModelKey())
        wanted = key.versions.get(number or key.current)
        done = self._expect(None if wanted else NotFound, self.node.kv.reading.read(self.call, path, number))
        if done is None:
            return
        assert wanted
        meta, value = done.result
        assert (meta.version, meta.destroyed) == (number or key.current, wanted.destroyed)
        assert (meta.custom_metadata or {}) == key.custom_metadata
        assert _data_of(value) == wanted.shown(self.clock())

    @rule(path=path)
    def read_natively(self, path: str) -> None:
        key = self.model.get(path, ModelKey())
        shown = key.current and key.versions[key.current].shown(self.clock()) is not None
        done = self._expect(None if shown else NotFound, self.node.reads.get(self.call, path))
        if done:
            assert _data_of(done.result.value) == key.versions[key.current].shown(self.clock())

    @rule(path=path)
    def delete_latest(self, path: str) -> None:
        self.run(self.node.kv.ending.delete_latest(self.call, path))
        key = self.model.get(path, ModelKey())
        key.delete([key.current], self.clock())

    @rule(path=path)
    def delete_natively(self, path: str) -> None:
        key = self.model.get(path, ModelKey())
        shown = key.current and key.versions[key.current].shown(self.clock()) is not None
        if key.current and key.versions[key.current].destroyed:
            return
        self._expect(None if shown else NotFound, self.node.secrets.delete(self.call, path))
        key.delete([key.current], self.clock())

    @rule(path=path)
    def undelete_natively(self, path: str) -> None:
        key = self.model.get(path, ModelKey())
        newest = key.versions.get(key.current)
        if newest and newest.shown(self.clock()) is None and not newest.destroyed:
            self.run(self.node.secrets.undelete(self.call, path))
            key.undelete([key.current], self.clock())

    @rule(path=path, numbers=NUMBERS)
    def delete(self, path: str, numbers: list[int]) -> None:
        self.run(self.node.kv.ending.delete_versions(self.call, path, numbers))
        self.model.get(path, ModelKey()).delete(numbers, self.clock())

    @rule(path=path, numbers=NUMBERS)
    def undelete(self, path: str, numbers: list[int]) -> None:
        self.run(self.node.kv.ending.undelete_versions(self.call, path, numbers))
        self.model.get(path, ModelKey()).undelete(numbers, self.clock())

    @rule(path=path, numbers=NUMBERS)
    def destroy(self, path: str, numbers: list[int]) -> None:
        self.run(self.node.kv.ending.destroy_versions(self.call, path, numbers))
        self.model.get(path, ModelKey()).destroy(numbers)

    @rule(
        path=path,
        max_versions=st.none() | st.integers(0, 4),
        cas_required=st.none() | st.booleans(),
        delete_after_seconds=st.none() | st.sampled_from([0, 60, 600]),
        custom_metadata=st.none() | st.dictionaries(st.sampled_from("kl"), st.sampled_from("vw")),
    )
    def set_metadata(self, path: str, **given: Any) -> None:
        change = SettingsChange(**given)
        self.run(self.node.kv.metadata.write(self.call, path, change))
        key = self.model.setdefault(path, ModelKey())
        for name, value in given.items():
            if value is not None:
                setattr(key, name, value)

    @rule(path=path, entries=st.dictionaries(st.sampled_from("kl"), st.none() | st.sampled_from("vw")))
    def patch_metadata(self, path: str, entries: dict[str, str | None]) -> None:
        known = path in self.model
        self._expect(
            None if known else NotFound, self.node.kv.metadata.patch(self.call, path, SettingsChange(), entries)
        )
        if known:
            key = self.model[path]
            key.custom_metadata = {
                name: value for name, value in {**key.custom_metadata, **entries}.items() if value is not None
            }

    @precondition(lambda self: len(self.model) > 1)
    @rule(path=path)
    def delete_metadata(self, path: str) -> None:
        self.run(self.node.kv.metadata.delete(self.call, path))
        if key := self.model.pop(path, None):
            self.forgotten[path] = self.forgotten.get(path, 0) + key.current

    @rule(seconds=st.sampled_from([1, 59, 60, 600]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule()
    def process(self) -> None:
        self.run(self.node.process())
        assert self.node.attempts == [("secret_version.delete", "done")] * len(self.node.attempts)

    @precondition(lambda self: hasattr(self, "node"))
    @invariant()
    def metadata_and_folders_are_those_of_the_model(self) -> None:
        for path in PATHS:
            key = self.model.get(path)
            found = self._expect(None if key else NotFound, self.node.kv.metadata.read(self.call, path))
            if found:
                assert key
                assert found.current_version == key.current
                assert found.oldest_version == key.oldest
                assert {
                    each.version: (each.created_time, each.deletion_time or None, each.destroyed)
                    for each in found.versions
                } == {number: _told(version) for number, version in key.versions.items()}
                assert found.settings.custom_metadata == key.custom_metadata
                assert found.settings.max_versions == key.max_versions
        for prefix in ("", "a", "a/b"):
            names = self.run(self.node.kv.folders.names(self.call, prefix))
            assert names == folder(sorted(self.model), f"{prefix}/" if prefix else "")

    @rule()
    def read_models_are_what_the_log_makes(self) -> None:
        while self.run(self.node.follower._step()):
            pass
        fold = Fold(self.run(self.node.rows(EVENTS))).tables()
        for table, rows in fold.items():
            assert sorted(self.run(self.node.rows(f"SELECT * FROM {table}")), key=repr) == rows, table

    @precondition(lambda self: hasattr(self, "node"))
    @invariant()
    def values_that_are_gone_have_no_key_any_more(self) -> None:
        keys = self.run(self.node.rows("SELECT count(*) FROM sealed_keys k JOIN sealed_values v USING (seal_id)"))
        kept = [each for key in self.model.values() for each in key.versions.values() if not each.destroyed]
        assert keys == [(len(kept),)]


def _told(version: ModelVersion) -> tuple[Any, Any, bool]:
    return version.created, version.ends, version.destroyed


def _data_of(value: Plaintext | None) -> Data | None:
    if value is None:
        return None
    with value:
        found: Data = msgspec.json.decode(object_text(value))
        return found


def test_commands_are_what_the_model_says_in_any_order(tmp_path: Path) -> None:
    KvMachine.folder = tmp_path
    run_state_machine_as_test(KvMachine, settings=settings(max_examples=100, stateful_step_count=30, deadline=None))
