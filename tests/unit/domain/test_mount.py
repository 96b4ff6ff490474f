"""The table of a tenant's mounts: no mount lies in another, whatever comes and goes."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Conflict, Invalid, NotFound
from domain.mount import MountTable
from domain.mounts import BUILT_IN, MAX_MOUNTS, MountEntry, Mounts

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PATHS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(lambda parts: "/".join(parts) + "/")
STEPS = st.lists(st.tuples(st.sampled_from(["enable", "close", "disable"]), PATHS), max_size=30)


def kv(path: str) -> MountEntry:
    return MountEntry(path=path, kind="kv", accessor=f"kv_{path}", options={"version": "2"})


@given(STEPS)
def test_no_mount_ever_lies_in_another_and_what_is_closed_is_not_found(steps: list[tuple[str, str]]) -> None:
    table = MountTable.begin("t1", NOW)
    for step, path in steps:
        with suppress(Conflict, NotFound):
            if step == "enable":
                table.enable(kv(path), NOW)
            elif step == "close":
                table.close(path, NOW)
            else:
                table.disable(path, NOW)
    paths = [*table.mounts]
    assert not [(a, b) for a in paths for b in paths if a != b and a.startswith(b)]
    found = Mounts(table.mounts.values())
    for path, entry in table.mounts.items():
        looked_up = found.find(f"{path}x/y")
        assert (looked_up is None) == entry.closed
        assert looked_up is None or (looked_up.mount, looked_up.rest) == (entry, "x/y")


def test_a_mount_is_closed_before_it_is_disabled() -> None:
    table = MountTable.begin("t1", NOW)
    table.enable(kv("kv/"), NOW)
    with pytest.raises(Conflict):
        table.disable("kv/", NOW)
    assert table.close("kv/", NOW)
    assert not table.close("kv/", NOW)
    with pytest.raises(NotFound):
        table.tune(kv("kv/"), NOW)
    table.disable("kv/", NOW)
    table.enable(kv("kv/"), NOW)


@pytest.mark.parametrize("path", [entry.path for entry in BUILT_IN])
def test_what_is_built_in_stays(path: str) -> None:
    with pytest.raises(Invalid, match="cannot be disabled"):
        MountTable.begin("t1", NOW).close(path, NOW)


def test_a_tenant_has_a_bounded_number_of_mounts() -> None:
    table = MountTable.begin("t1", NOW)
    table.mounts |= {f"{index}/": kv(f"{index}/") for index in range(MAX_MOUNTS)}
    with pytest.raises(Conflict, match=f"at most {MAX_MOUNTS}"):
        table.enable(kv("one-more/"), NOW)
