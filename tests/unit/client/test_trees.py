"""JSON and YAML trees as paths and values."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.client import trees
from cli.client.errors import WrongUsage

NAMES = st.text("abcXYZ019_.-", min_size=1, max_size=8)
TREES = st.dictionaries(
    NAMES, st.recursive(st.text(max_size=20), lambda inner: st.dictionaries(NAMES, inner, max_size=4))
)


def flattened(tree: dict[str, object], above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, node in tree.items():
        if isinstance(node, dict):
            found |= flattened(node, f"{above}{name}/")
        else:
            found[f"{above}{name}"] = str(node)
    return found


@given(TREES)
def test_a_json_tree_becomes_paths(tree: dict[str, object]) -> None:
    assert trees.values(json.dumps(tree), "json") == flattened(tree)


@given(TREES)
def test_a_yaml_tree_becomes_paths(tree: dict[str, object]) -> None:
    assert trees.values(yaml.safe_dump(tree), "yaml") == flattened(tree)


@pytest.mark.parametrize(
    "form, text, values",
    [
        ("yaml", "a: no\nb: 0755\nc: 1e3", {"a": "no", "b": "0755", "c": "1e3"}),
        ("yaml", "a: 2026-01-01\nb: 'null'\nc: ''", {"a": "2026-01-01", "b": "null", "c": ""}),
        ("yaml", "a: |\n  1\n  2\n", {"a": "1\n2\n"}),
        ("yaml", "a: !!binary AP8K", {"a": "AP8K"}),
        ("yaml", "a/b: ${secret.x}", {"a/b": "${secret.x}"}),
        ("json", '{"a": 1.50, "b": true}', {"a": "1.50", "b": "true"}),
        ("json", '{"a": 12345678901234567890}', {"a": "12345678901234567890"}),
    ],
)
def test_scalars_are_taken_as_they_are_written(form: str, text: str, values: dict[str, str]) -> None:
    assert trees.values(text, form) == values


@pytest.mark.parametrize(
    "form, text",
    [
        ("json", "[]"),
        ("json", '"a"'),
        ("json", '{"a": null}'),
        ("json", '{"a": [1]}'),
        ("json", '{"a": "1", "a": "2"}'),
        ("json", '{"a/b": "1", "a": {"b": "2"}}'),
        ("json", '{"a":' * 100 + '"x"' + "}" * 100),
        ("json", "[" * 100_000),
        ("yaml", ""),
        ("yaml", "a: 1\na: 2"),
        ("yaml", "a:"),
        ("yaml", "a: ~"),
        ("yaml", "a: [1]"),
        ("yaml", "? [a]\n: 1"),
        ("yaml", "a: &x {b: 1}\nc: *x"),
        ("yaml", "a: {b: *x}"),
        ("yaml", "a: 1\n--- \nb: 2"),
        ("yaml", "a: \x01"),
        ("yaml", "{a: " * 2000 + "1" + "}" * 2000),
    ],
)
def test_what_is_no_tree_of_texts_is_refused(form: str, text: str) -> None:
    with pytest.raises(WrongUsage):
        trees.values(text, form)


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MAX_VALUES", 2)
    assert trees.values('{"a":"1","b":"2"}', "json") == {"a": "1", "b": "2"}
    with pytest.raises(WrongUsage):
        trees.values('{"a":"1","b":"2","c":"3"}', "json")
