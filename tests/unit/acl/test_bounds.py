"""Within which bounds rules give: fields of requests, and wrapping."""

from __future__ import annotations

from typing import Any

import pytest

from domain.acl.compiled import Compiled
from domain.acl.reading import rules_of
from domain.acl.rules import Parameters, Rule


def permits(fields: dict[str, Any], *, wrap: int | None = None, capability: str = "update", **bounds: Any) -> bool:
    rule = Rule(path="a", capabilities=("create", "read", "update", "delete", "list"), **bounds)
    return Compiled([rule]).permits("a", capability, fields, wrap)


@pytest.mark.parametrize(
    "allowed,fields,expected",
    [
        ({"bar": ["zip", "zap"], "foo": []}, {"foo": "anything"}, True),
        ({"bar": ["zip", "zap"], "foo": []}, {"bar": "zap"}, True),
        ({"bar": ["zip", "zap"], "foo": []}, {"BAR": "zap"}, True),
        ({"bar": ["zip", "zap"], "foo": []}, {"bar": "other"}, False),
        ({"bar": ["zip", "zap"], "foo": []}, {"bar": "zip", "baz": 1}, False),
        ({"bar": ["zip"], "*": []}, {"bar": "zip", "baz": 1}, True),
        ({"bar": ["zip"], "*": []}, {"bar": "zap"}, False),
        ({"*": []}, {"any": "thing"}, True),
        ({"bar": ["foo-*"]}, {"bar": "foo-1"}, True),
        ({"bar": ["*-foo"]}, {"bar": "1-foo"}, True),
        ({"bar": ["*mid*"]}, {"bar": "a-mid-b"}, True),
        ({"bar": ["foo-*"]}, {"bar": "fo"}, False),
        ({"bar": [1, True]}, {"bar": 1}, True),
        ({"bar": [1, True]}, {"bar": "1"}, True),
        ({"bar": [1]}, {"bar": True}, False),
        ({"bar": [{"a": "b"}]}, {"bar": {"a": "b"}}, True),
        ({"bar": ["a"]}, {"bar": ["a"]}, False),
        ({"bar": ["a"]}, {"bar": None}, False),
        ({"bar": ["a"]}, {}, True),
    ],
)
def test_only_allowed_parameters_pass(allowed: Parameters, fields: dict[str, Any], *, expected: bool) -> None:
    assert permits(fields, allowed=allowed) is expected


@pytest.mark.parametrize(
    "denied,fields,expected",
    [
        ({"bar": []}, {"bar": "x"}, False),
        ({"bar": []}, {"Bar": "x"}, False),
        ({"bar": ["zip", "zap"]}, {"bar": "zip"}, False),
        ({"bar": ["zip", "zap"]}, {"bar": "zop"}, True),
        ({"bar": ["bad*"]}, {"bar": "bad glob"}, False),
        ({"bar": [3]}, {"bar": "3"}, False),
        ({"bar": [False]}, {"bar": "false"}, False),
        ({"*": []}, {"any": 1}, False),
        ({"*": []}, {}, True),
    ],
)
def test_denied_parameters_do_not(denied: Parameters, fields: dict[str, Any], *, expected: bool) -> None:
    assert permits(fields, denied=denied) is expected
    assert permits(fields, denied=denied, allowed={"*": []}) is expected


def test_required_parameters_are_there() -> None:
    assert permits({"a": 1, "b": 2}, required=("a", "B"))
    assert not permits({"a": 1}, required=("a", "b"))
    assert not permits({}, required=("a",))


def test_fields_matter_where_a_request_has_them_of_its_own() -> None:
    for capability in ("delete", "list"):
        assert permits({"x": 1}, capability=capability, denied={"*": []}, required=("a",))
    for capability in ("read", "create", "update"):
        assert not permits({"x": 1}, capability=capability, denied={"*": []})


@pytest.mark.parametrize(
    "shortest,longest,wrap,expected",
    [
        (0, 0, None, True),
        (10, 0, None, False),
        (10, 0, 9, False),
        (10, 0, 10, True),
        (0, 90, None, False),
        (0, 90, 91, False),
        (0, 90, 90, True),
        (10, 90, 50, True),
    ],
)
def test_answers_are_wrapped_as_long_as_is_said(
    shortest: int, longest: int, wrap: int | None, *, expected: bool
) -> None:
    for capability in ("read", "delete"):
        bounds = {"min_wrapping_ttl": shortest, "max_wrapping_ttl": longest}
        assert permits({}, wrap=wrap, capability=capability, **bounds) is expected


def test_bounds_on_the_same_path_are_joined_as_vault_joins_them() -> None:
    text = """
    path "a" { capabilities = ["update"], allowed_parameters = { "one" = ["x"], "two" = [] }, max_wrapping_ttl = 200 }
    path "a" { capabilities = ["update"], allowed_parameters = { "one" = ["y"], "three" = ["z"] } }
    path "a" { capabilities = ["update"], required_parameters = ["one"], max_wrapping_ttl = 300 }
    """
    rules = Compiled(rules_of(text))
    for fields, expected in (
        ({"one": "x"}, True),
        ({"one": "y", "two": "?"}, True),
        ({"one": "z"}, False),
        ({"three": "z"}, False),
        ({"one": "x", "three": "z"}, True),
        ({"one": "x", "four": 4}, False),
    ):
        assert rules.permits("a", "update", fields, 100) is expected, fields
    assert not rules.permits("a", "update", {"one": "x"}, 201)


def test_what_has_bounds_is_not_given_to_whoever_cannot_show_that_it_keeps_them() -> None:
    rules = Compiled(rules_of('path "a" { capabilities = ["read", "list"], denied_parameters = { "x" = [] } }'))
    assert not rules.gives("a", "read")
    assert rules.gives("a", "list")
