"""Scopes: what a pattern covers, what a role holds, and that nobody can be given more than the giver has."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Forbidden, Invalid
from domain.scopes import BOUNDABLE, MAX_SCOPES, ROLES, VERBS, allows, allows_somewhere, covers, parsed, require

PATHS = st.text("ab/", max_size=8)
PATTERNS = st.text("ab/*", min_size=1, max_size=6)


def bounded(verbs: frozenset[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda verb, pattern: f"{verb}:{pattern}", st.sampled_from(sorted(verbs)), PATTERNS)


SCOPES = st.one_of(st.just("*"), st.sampled_from(sorted(VERBS)), bounded(BOUNDABLE))
FEW_VERBS = frozenset({"secrets:read", "secrets:write"})
CLOSE_SCOPES = st.one_of(st.sampled_from(["*", *sorted(FEW_VERBS)]), bounded(FEW_VERBS), bounded(FEW_VERBS))


def fits(pattern: str, path: str) -> bool:
    """The meaning of a pattern, spelled out: `*` is any run of characters."""
    if not pattern:
        return not path
    if pattern[0] == "*":
        return fits(pattern[1:], path) or (bool(path) and fits(pattern, path[1:]))
    return bool(path) and pattern[0] == path[0] and fits(pattern[1:], path[1:])


@given(PATTERNS, PATHS)
def test_pattern_allows_exactly_the_paths_it_fits(pattern: str, path: str) -> None:
    assert allows([f"secrets:read:{pattern}"], "secrets:read", path) == fits(pattern, path)


@given(st.lists(CLOSE_SCOPES, max_size=3), st.lists(CLOSE_SCOPES, min_size=1, max_size=2), PATHS)
def test_covered_scopes_allow_nothing_that_the_holder_is_refused(held: list[str], wanted: list[str], path: str) -> None:
    for verb in FEW_VERBS:
        for asked in (path, None):
            if allows(wanted, verb, asked) and not allows(held, verb, asked):
                assert not covers(held, wanted)


@st.composite
def narrowed(draw: st.DrawFn) -> tuple[str, str]:
    """A bounded scope, and one that is narrower because some `*` of it are filled in."""
    wide = draw(bounded(FEW_VERBS))
    narrow = "".join(draw(st.text("ab/*", max_size=3)) if each == "*" else each for each in wide)
    return wide, narrow if narrow.count(":") == 2 and not narrow.endswith(":") else wide


@given(narrowed(), st.lists(CLOSE_SCOPES, max_size=2), PATHS)
def test_filling_in_a_star_narrows_a_scope(pair: tuple[str, str], others: list[str], path: str) -> None:
    wide, narrow = pair
    assert covers([*others, wide], [narrow])
    for verb in FEW_VERBS:
        assert allows([wide], verb, path) or not allows([narrow], verb, path)


@given(st.lists(SCOPES, min_size=1, max_size=5))
def test_everybody_covers_what_they_hold(held: list[str]) -> None:
    assert covers(held, held)
    assert covers(["*"], held)
    assert covers(held, [])


@pytest.mark.parametrize(
    "held,wanted",
    [
        ("secrets:read:app/*", "secrets:read"),
        ("secrets:read:app/*", "secrets:read:*"),
        ("secrets:read:app/*", "secrets:read:ap*"),
        ("secrets:read:app/*", "secrets:write:app/x"),
        ("secrets:read:app/*/b", "secrets:read:app/*"),
        ("secrets:read:app", "secrets:read:app*"),
        ("secrets:read:*", "secrets:read"),
        ("secrets:read", "*"),
        ("secrets:list", "secrets:read"),
        ("access:write", "access:read"),
    ],
)
def test_narrower_scope_does_not_cover_wider_one(held: str, wanted: str) -> None:
    assert not covers([held], [wanted])


@pytest.mark.parametrize(
    "held,wanted",
    [
        ("*", "audit:verify"),
        ("secrets:read", "secrets:read:app/*"),
        ("secrets:read:*", "secrets:read:app/*"),
        ("secrets:read:app/*", "secrets:read:app/db/*"),
        ("secrets:read:app/*", "secrets:read:app/db/password"),
        ("secrets:read:*/db/*", "secrets:read:app/*/db/*"),
    ],
)
def test_wider_scope_covers_narrower_one(held: str, wanted: str) -> None:
    assert covers([held], [wanted])


def test_pattern_is_no_regular_expression() -> None:
    assert not allows(["secrets:read:a.b"], "secrets:read", "axb")
    assert allows(["secrets:read:a.b"], "secrets:read", "a.b")
    assert not allows(["secrets:read:app/*"], "secrets:read", "xapp/a")
    assert not allows(["secrets:read:*/b"], "secrets:read", "a/bc")


def test_bounded_scope_allows_nothing_without_a_path() -> None:
    assert not allows(["secrets:read:*"], "secrets:read")
    assert allows(["secrets:read"], "secrets:read")


def test_pattern_with_many_stars_is_matched_quickly() -> None:
    began = time.process_time()
    for stars in (2, 4, 300):
        assert not allows([f"secrets:read:{'*a' * stars}*b"], "secrets:read", "a" * 400)
    assert allows([f"secrets:read:{'*a' * 300}*"], "secrets:read", "a" * 400)
    assert time.process_time() - began < 0.5


def test_allows_somewhere_asks_for_the_verb_alone() -> None:
    assert allows_somewhere(["secrets:list:app/*"], "secrets:list")
    assert allows_somewhere(["*"], "secrets:list")
    assert not allows_somewhere(["secrets:read", "secrets:listing:x"], "secrets:list")


def test_require_names_the_scope_that_is_missing() -> None:
    with pytest.raises(Forbidden, match=r"secrets:read:app/db"):
        require(["secrets:list"], "secrets:read", "app/db")
    with pytest.raises(Forbidden, match=r"scope audit:read;"):
        require(["secrets:list"], "audit:read")
    require(["audit:read"], "audit:read")


def test_role_is_spelled_out_once() -> None:
    assert parsed(["role:viewer", "secrets:list"]) == ("secrets:list",)
    assert parsed(["role:editor:app/*"]) == tuple(f"{scope}:app/*" for scope in ROLES["editor"])
    assert parsed(["role:operator"]) == ("*",)


def test_viewer_and_auditor_see_no_value() -> None:
    for role in ("viewer", "auditor"):
        for verb in ("secrets:read", "secrets:export", "secrets:write", "access:write"):
            assert not allows(parsed([f"role:{role}"]), verb, "app/db")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secrets",
        "secrets:",
        "secrets:reed",
        "secrets:read:",
        "secrets:read:a b",
        "secrets:read:a\n",
        f"secrets:read:{'a' * 1025}",
        "access:read:app/*",
        "audit:read:x",
        "role:",
        "role:root",
        "role:operator:app/*",
        "role:auditor:app/*",
        "*:app/*",
        "secrets:*",
        "SECRETS:READ",
    ],
)
def test_unknown_or_unboundable_scope_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parsed([text])


def test_no_scope_and_too_many_are_refused() -> None:
    for count in (0, MAX_SCOPES + 1):
        with pytest.raises(Invalid, match="1 to 64"):
            parsed(["secrets:list"] * count)
    assert parsed(["secrets:list"] * MAX_SCOPES) == ("secrets:list",)


@given(SCOPES)
def test_every_parsed_scope_parses_to_itself(scope: str) -> None:
    assert parsed([scope]) == (scope,)
