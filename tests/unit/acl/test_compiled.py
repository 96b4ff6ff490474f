"""Which rule counts for a path: Vault's own examples, and a slow and obvious model."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.acl.compiled import Compiled
from domain.acl.reading import rules_of
from domain.acl.rules import DENY, Rule


def compiled(**rules: str) -> Compiled:
    return Compiled(Rule(path=path, capabilities=tuple(names.split())) for path, names in rules.items())


def of(path: str, *patterns: str) -> str | None:
    """Which of the patterns counts for the path: each of them gives itself, so to speak."""
    rules = Compiled(Rule(path=pattern, capabilities=(pattern,)) for pattern in patterns)
    return next((pattern for pattern in patterns if rules.permits(path, pattern, {}, None)), None)


@pytest.mark.parametrize(
    "path,winner,losers",
    [
        # https://developer.hashicorp.com/vault/docs/concepts/policies#priority-matching
        ("secret/foo", "secret/foo", ["secret/*", "secret/+", "secret/fo*"]),
        ("secret/foo", "secret/fo*", ["secret/*", "*"]),
        ("secret/bar/x/y", "secret/bar/*", ["secret/+/x/y", "+/bar/x/y"]),
        ("foo/bar/x/baz", "foo/bar/+/baz", ["foo/+/bar/baz", "foo/+/x/baz", "foo/*"]),
        ("foo/x/bar", "foo/+/bar", ["foo/+/ba*", "foo/+/*"]),
        ("foo/x", "foo/+", ["foo/*"]),
        ("foo/bar/x/baz", "foo/bar/+/baz", ["foo/+/+/baz", "+/+/+/+"]),
        ("foo/x/bar/bax", "foo/+/bar/ba*", ["foo/+/bar/b*"]),
        ("secret/x/team-a", "secret/+/team-*", ["secret/+/*", "+/x/team-*"]),
        ("secret/x/team-a", "secret/*", ["secret/+/team-*"]),
    ],
)
def test_the_most_specific_path_counts(path: str, winner: str, losers: list[str]) -> None:
    assert of(path, *losers, winner) == of(path, winner, *losers) == winner


@pytest.mark.parametrize(
    "pattern,fits,misses",
    [
        ("secret/foo", ["secret/foo"], ["secret/foo/", "secret/foobar", "secret"]),
        ("secret/bar/*", ["secret/bar/", "secret/bar/a/b"], ["secret/bar", "secret/bars"]),
        ("secret/zip-*", ["secret/zip-", "secret/zip-zap/zong"], ["secret/zip", "secret/zip/zap"]),
        ("secret/+/team", ["secret/a/team"], ["secret/team", "secret/a/b/team", "secret/a/team/x"]),
        ("secret/+/+/team", ["secret/a/b/team"], ["secret/a/team"]),
        ("+/a", ["x/a"], ["a", "x/y/a"]),
        ("a/+/b/*", ["a/x/b/", "a/x/b/c/d"], ["a/x/b", "a/b/c"]),
        ("a/+b", ["a/+b"], ["a/xb"]),
        ("*", ["", "a", "a/b"], []),
    ],
)
def test_patterns_fit_whole_paths(pattern: str, fits: list[str], misses: list[str]) -> None:
    assert [path for path in fits if of(path, pattern) is None] == []
    assert [path for path in misses if of(path, pattern) is not None] == []


def test_rules_on_the_same_path_are_joined_and_deny_leaves_nothing() -> None:
    joined = Compiled([Rule(path="a/*", capabilities=("read",)), Rule(path="a/*", capabilities=("list", "sudo"))])
    assert joined.capabilities("a/b") == {"read", "list", "sudo"}
    for rules in ([("read",), ("deny",)], [("deny",), ("read",)], [("read", "deny")]):
        denied = Compiled(Rule(path="a/*", capabilities=each) for each in rules)
        assert denied.capabilities("a/b") == set()
        assert not denied.permits("a/b", "read", {}, None)


def test_deny_on_a_narrower_path_takes_from_the_wider_and_the_other_way_round() -> None:
    rules = compiled(**{"a/*": "read list", "a/hidden/*": DENY, "b/*": DENY, "b/open": "read"})
    assert rules.permits("a/x", "read", {}, None)
    assert not rules.permits("a/hidden/x", "read", {}, None)
    assert not rules.permits("b/x", "read", {}, None)
    assert rules.permits("b/open", "read", {}, None)


def test_lists_are_asked_with_the_slash_first_and_then_without() -> None:
    assert compiled(**{"a/b": "list"}).permits("a/b/", "list", {}, None)
    assert compiled(**{"a/b/": "list"}).permits("a/b/", "list", {}, None)
    assert compiled(**{"a/*": "list"}).permits("a/", "list", {}, None)
    assert compiled(**{"a/+": "list"}).permits("a/b/", "list", {}, None)
    both = compiled(**{"a/b/": "read", "a/b": "list"})
    assert not both.permits("a/b/", "list", {}, None)
    assert not compiled(**{"a/b": "read"}).permits("a/b/", "read", {}, None)


def test_templates_of_identities_speak_of_nobody() -> None:
    text = 'path "secret/{{identity.entity.id}}/*" { capabilities = ["read"] }'
    assert Compiled(rules_of(text)).capabilities("secret/{{identity.entity.id}}/x") == set()


def test_a_folder_is_seen_through_any_rule_below_or_above_it() -> None:
    for pattern in ("kv/*", "kv/a/b", "k*", "+/a", "kv/data/+/x", "*"):
        assert compiled(**{pattern: "read"}).reaches("kv/"), pattern
    for pattern in ("kvx/*", "kv2/a", "other/+", "+/x"):
        assert not compiled(**{pattern: "read"}).reaches("kv/data/"), pattern
    assert not compiled(**{"kv/*": DENY}).reaches("kv/")
    assert not compiled(**{"*": "read", "kv/*": DENY}).reaches("kv/data/")
    assert compiled(**{"kv/*": DENY, "kv/a": "read"}).reaches("kv/")


def test_all_of_a_folder_is_given_only_if_no_rule_in_it_gives_less() -> None:
    assert compiled(**{"kv/*": "read"}).gives_all("kv/data/", "read")
    assert compiled(**{"*": "read", "other/*": DENY}).gives_all("kv/data/", "read")
    assert not compiled(**{"kv/data/a/*": "read"}).gives_all("kv/data/", "read")
    assert not compiled(**{"kv/*": "read", "kv/data/a": "list"}).gives_all("kv/data/", "read")
    assert not compiled(**{"kv/*": "read", "+/data/x": DENY}).gives_all("kv/data/", "read")
    assert not compiled(**{"kv/+/*": "read"}).gives_all("kv/data/", "read")


SEGMENT = st.sampled_from(["a", "b", "ab", "+", ""])
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "abc", ""]), min_size=1, max_size=4).map("/".join)
PATTERNS = st.builds(
    lambda parts, star: ("/".join(parts) + star).replace("+*", "+").lstrip("/"),
    st.lists(SEGMENT, min_size=1, max_size=4),
    st.sampled_from(["", "*"]),
)
GIVEN = st.lists(st.tuples(PATTERNS, st.sampled_from(["read", "list", "deny", "read list"])), max_size=8)


def _expression(pattern: str) -> re.Pattern[str]:
    bare = pattern.removesuffix("*")
    parts = ["[^/]*" if part == "+" else re.escape(part) for part in bare.split("/")]
    return re.compile("/".join(parts) + (".*" if bare != pattern else "") + r"\Z")


def _rank(pattern: str) -> tuple[int, bool, int, int, str]:
    """The order of Vault's documentation; a `*` at the end is as good as a `+` that stands there."""
    bare, parts = pattern.removesuffix("*"), pattern.removesuffix("*").split("/")
    first = bare.find("+") if "+" in parts else len(bare)
    return first, bare == pattern, -parts.count("+"), len(bare), bare


def obvious(rules: list[tuple[str, str]], path: str, capability: str) -> bool:
    """A list is asked for with its slash first, exactly and by pattern, where each is also tried without the slash."""
    asked = [path, path[:-1]] if capability == "list" and path.endswith("/") else [path]
    exact = [each for each in asked for pattern, _ in rules if pattern == each and not set(pattern) & set("+*")]
    fitting = [{pattern for pattern, _ in rules if _expression(pattern).match(each)} for each in asked]
    loose = [max(each, key=_rank) for each in fitting if each]
    winner = next(iter(exact + loose), None)
    given = [names for pattern, names in rules if pattern == winner]
    return "deny" not in given and any(capability in names.split() for names in given)


@given(GIVEN, PATHS, st.sampled_from(["read", "list"]))
def test_decisions_are_those_of_the_obvious_model(rules: list[tuple[str, str]], path: str, capability: str) -> None:
    subject = Compiled(Rule(path=pattern, capabilities=tuple(names.split())) for pattern, names in rules)
    assert subject.permits(path, capability, {}, None) == obvious(rules, path, capability)


@given(GIVEN, PATHS, PATHS)
def test_what_is_given_on_a_path_is_reached_in_each_of_its_folders(
    rules: list[tuple[str, str]], folder: str, path: str
) -> None:
    subject = Compiled(Rule(path=pattern, capabilities=tuple(names.split())) for pattern, names in rules)
    if subject.gives(f"{folder}/{path}", "read"):
        assert subject.reaches(f"{folder}/", "read")
    if subject.gives_all(f"{folder}/", "read"):
        assert subject.gives(f"{folder}/{path}", "read")
