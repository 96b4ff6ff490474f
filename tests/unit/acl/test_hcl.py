"""HCL as policies are written in."""

from __future__ import annotations

import contextlib

import pytest

from domain.acl.built_in import RULES, TEXTS
from domain.acl.hcl import Item, parsed
from domain.acl.reading import rules_of
from domain.acl.rules import Rule
from domain.acl.text import MAX_TEXT, stanzas
from domain.errors import Invalid

EVERYTHING = """\
# a comment
// another one
/* and one
   of two lines */
name = "dev"
path "secret/data/+/team-*" {
  capabilities = ["create", "read",]   # a comma at the end
  allowed_parameters = {
    "bar" = ["zip", "zap"]
    "*"   = []
    "Num" = [1, -2.5, true]
  }
  denied_parameters { "x" = [] }
  required_parameters = ["a"]
  min_wrapping_ttl = "1s"
  max_wrapping_ttl = 90
}
path "/leading/slash" { policy = "write" }
path bare { capabilities = ["read"], comment = "same line" }
"""


def test_all_that_vault_takes_is_read() -> None:
    assert rules_of(EVERYTHING) == [
        Rule(
            path="secret/data/+/team-*",
            capabilities=("create", "read"),
            allowed={"bar": ["zip", "zap"], "*": [], "num": [1, -2.5, True]},
            denied={"x": []},
            required=("a",),
            min_wrapping_ttl=1,
            max_wrapping_ttl=90,
        ),
        Rule(path="leading/slash", capabilities=("create", "read", "update", "delete", "list")),
        Rule(path="bare", capabilities=("read",)),
    ]


def test_the_same_path_twice_stays_two_rules() -> None:
    text = 'path "a" { capabilities = ["read"] }\npath "a" { capabilities = ["deny"] }'
    assert [rule.capabilities for rule in rules_of(text)] == [("read",), ("deny",)]


def test_json_is_read_alike() -> None:
    both = rules_of('{"path": [{"a/*": {"capabilities": ["read"]}}, {"a/*": {"capabilities": ["list"]}}]}')
    assert both == [Rule(path="a/*", capabilities=("read",)), Rule(path="a/*", capabilities=("list",))]
    assert rules_of('{"path": {"b": {"policy": "read"}}}') == [Rule(path="b", capabilities=("read", "list"))]
    assert rules_of('path = { "b/*" = { capabilities = ["sudo"] } }') == [Rule(path="b/*", capabilities=("sudo",))]


def test_texts_and_heredocs_are_what_they_mean() -> None:
    text = (
        'a = "q\\"uo\\\\te\\n\\u00e9 é ${x}"\r\nb = <<EOF\r\n  one\n{\nEOF\nc = <<-END\n    two\n  three\n  END\nd = 1'
    )
    assert parsed(text) == [
        Item(("a",), 'q"uo\\te\né é ${x}', 1),
        Item(("b",), "  one\n{\n", 2),
        Item(("c",), "  two\nthree\n", 6),
        Item(("d",), 1, 10),
    ]


def test_the_built_in_texts_are_their_rules() -> None:
    for name, text in TEXTS.items():
        assert tuple(rules_of(text)) == RULES[name]


@pytest.mark.parametrize(
    "text,told",
    [
        ('path "x" {\n capabilities = ["read"]\n', "line 3: a name is to stand here, not 'the end'"),
        ('\npath "x" {\n capabilities = [read]\n}', "line 3: a value is to stand here, not 'read'"),
        ("[1]", "line 1: a name is to stand here, not '['"),
        ('path "x" "y" {}', "line 1: there is no 'path' here"),
        ('path "x" = {}', "line 1: 'path' has two names"),
        ("name {}", "line 1: there is no 'name' here"),
        ('rule "x" {}', "line 1: there is no 'rule' here"),
        ("a = 'x'", "does not belong here"),
        ('path "x" {\n capabilities=["read"]\n capabilities=["list"]\n}', "line 3: 'capabilities' is there twice"),
        ('path "x" {\n capabilities=["read" "list"]\n}', "line 2: a list has commas"),
        ('path "x" {\n control_group { a = 1 }\n}', "control_group is not served here"),
        ('path "x" {\n mfa_methods = ["a"]\n}', "mfa_methods is not served here"),
        ('path "x" {\n capability = ["a"]\n}', "line 1, path 'x': there is no 'capability'"),
        ('path "x" {\n capabilities = ["reed"]\n}', "line 1, path 'x': invalid capability 'reed'"),
        ('path "x" {\n capabilities = [1]\n}', "capabilities is a list of at most 256 texts"),
        ('path "x" { policy = "root" }', "invalid policy 'root'"),
        ('path "a/+*" {}', "invalid use of wildcards"),
        ('path "" {}', "a path has 1 to 2048 characters"),
        ('path "x" { max_wrapping_ttl = "1m", min_wrapping_ttl = "1h" }', "cannot be less than min_wrapping_ttl"),
        ('path "x" { max_wrapping_ttl = "soon" }', "max_wrapping_ttl: give seconds"),
        ('path "x" { allowed_parameters = ["a"] }', "allowed_parameters maps at most 256 names"),
        ('path "x" { allowed_parameters = { a = "b" } }', "'a' has a list of at most 256 values"),
        ('{"path": {"a": {}, "a": {}}}', "'a' is there twice"),
        ('{"path": {"a": {"capabilities": ["read"], "capabilities": ["deny"]}}}', "'capabilities' is there twice"),
        ('{"path": {\n', "line 2: this is not JSON"),
        ('{"path": 1}', "path is an object of objects"),
        ('{"rules": {}}', "there is no 'rules' here"),
        ('a = "\\q"', "a \\ in a text is written"),
        ('a = "\\ud800"', "is no character"),
        ("a = <<EOF\nx", "line 1: <<EOF does not end"),
        ("a = " + "[" * 17, "nest at most 16 deep"),
        ("#" * 65537, "at most 65536 bytes"),
        ('path "x" {}\n' * 2001, "at most 2000 paths"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules_of(text)
    assert told in refused.value.message


@pytest.mark.parametrize(
    "piece",
    ["/*", '"', "<<a\n", "a=<<a\n", " \n", "$", '"\\', 'a="${', "allowed_parameters ", "{", "/* *", "1", "-", "a="],
)
def test_the_longest_hostile_texts_are_dealt_with(piece: str) -> None:
    """With the libraries for HCL that there are, some of these take half a minute, and nobody else is served."""
    text = (piece * MAX_TEXT)[:MAX_TEXT]
    with contextlib.suppress(Invalid):
        assert stanzas(text) == []
