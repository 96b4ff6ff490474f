"""Which names a secret may have, and that none of them is a route."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.routes import HTTPRoute

from api.app import create_litestar
from domain.errors import BadName
from domain.names import MAX_PATH, MAX_SEGMENT, RESERVED, checked_path, checked_prefix, joined, stream_of

CHARACTERS = "ABCxyz019_.~+=:,-"
SEGMENTS = st.text(CHARACTERS, min_size=1, max_size=12).filter(lambda text: text not in {".", ".."})
PATHS = st.lists(SEGMENTS, min_size=1, max_size=5).map("/".join)
STORE = "/api/v1/secrets/store/"
PLANNED = {"approvals"}
"""Kept free for routes that are still to come."""


def test_reserved_names_are_the_routes_of_the_store() -> None:
    routes = [route.path for route in create_litestar(None).routes if isinstance(route, HTTPRoute)]
    firsts = {path.removeprefix(STORE).partition("/")[0] for path in routes if path.startswith(STORE)}
    assert {first for first in firsts if not first.startswith("{")} | PLANNED == RESERVED


@given(PATHS)
def test_good_path_is_returned_unchanged(path: str) -> None:
    assert checked_path(path) == path
    assert checked_prefix(path) == path
    assert checked_prefix(f"{path}/") == f"{path}/"


@given(st.text(max_size=20))
def test_path_is_refused_or_made_of_allowed_characters(path: str) -> None:
    try:
        checked_path(path)
    except BadName:
        return
    for segment in path.split("/"):
        assert segment not in {"", ".", ".."}
        assert segment.isascii()
        assert segment.isprintable()
        assert not set(segment) & set(" %?#\\\"'<>{}|^`&;@!$*()[]")


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_reserved_first_segment_is_refused_with_a_way_out(word: str) -> None:
    for path in (word, f"{word}/a", f"{word}/a/b"):
        with pytest.raises(BadName, match=f"app/{path}"):
            checked_path(path)
    for path in (f"app/{word}", f"{word}s", f"{word}.x/a", word.upper()):
        assert checked_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "../a", "a/..", "a b", "a\tb", "a\nb", "a\n",
        "a%2Fb", "ä", "a\x00", "a\\b", "a?b", "a#b", "a*", "${a}", "a}b", "a@3", "\u202ea", "a/\u0661",
    ],
)  # fmt: skip
def test_path_that_breaks_a_rule_is_refused(path: str) -> None:
    with pytest.raises(BadName):
        checked_path(path)


def test_lengths_are_bounded() -> None:
    assert checked_path("a" * MAX_SEGMENT)
    longest = "/".join(["a" * 127] * 8)
    assert len(longest) == MAX_PATH - 1
    assert checked_path(longest + "b")
    for path in ("a" * (MAX_SEGMENT + 1), longest + "bb"):
        with pytest.raises(BadName):
            checked_path(path)
    with pytest.raises(BadName):
        checked_prefix(longest + "b/")


def test_prefix_may_be_empty_a_folder_or_the_beginning_of_a_name() -> None:
    for prefix in ("", "/", "app", "app/", "app/d", "history/"):
        assert checked_prefix(prefix) == prefix
    for prefix in ("//", "a//", "a//b", "..", "a/../b", "a b", "%"):
        with pytest.raises(BadName):
            checked_prefix(prefix)


def test_joined_puts_one_slash_between() -> None:
    assert [joined(prefix, "b") for prefix in ("", "a", "a/")] == ["b", "a/b", "a/b"]


def test_stream_of_differs_by_kind_tenant_and_name() -> None:
    streams = {stream_of(kind, tenant, name) for kind in "ab" for tenant in "ab" for name in "ab"}
    assert len(streams) == 8
    assert stream_of("secret", "t", "p") == stream_of("secret", "t", "p")
