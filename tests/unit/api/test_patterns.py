"""What the description tells of names is what the domain takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import patterns
from domain.errors import Invalid
from domain.names import RESERVED, checked_path, checked_prefix
from domain.scopes import BOUNDABLE, ROLES, VERBS, parsed
from domain.values import checked_content_type

PIECES = st.sampled_from(
    [*RESERVED, ".", "..", "...", "/", "a", "b.c", "~+=:,-_", "", " ", "ä", "%", "\n", "\x00", "x" * 255, "x" * 256]
)
PATHS = st.lists(PIECES, max_size=7).map("/".join) | st.lists(PIECES, max_size=7).map("".join) | st.text(max_size=20)
SCOPES = st.builds(
    lambda *parts: ":".join(part for part in parts if part is not None),
    st.sampled_from([*(verb.partition(":")[0] for verb in sorted(VERBS)), "role", "*", "x"]),
    st.sampled_from([*(verb.partition(":")[2] for verb in sorted(VERBS)), *sorted(ROLES), None, "x"]),
    st.sampled_from([None, "", "app/*", "a b", "x" * 1024, "x" * 1025]),
)
MEDIA_TYPES = st.from_regex(r"[a-z*/ ;=\"\n]{0,12}") | st.sampled_from(
    ["text/plain", "a/b; c=d", "a/b;c=d;e", "x" * 65 + "/y"]
)


def taken(check: Callable[[str], object], text: str) -> bool:
    try:
        check(text)
    except Invalid:
        return False
    return True


def told(pattern: dict[str, Any], text: str) -> bool:
    # `$` of JSON Schema is the very end, which Python writes as \Z.
    expression = pattern["pattern"].replace("$)", r"\Z)").removesuffix("$") + r"\Z"
    return bool(re.search(expression, text)) and len(text) <= pattern.get("maxLength", len(text))


@given(PATHS)
def test_paths_are_told_as_they_are_taken(path: str) -> None:
    assert told(patterns.PATH, path) == taken(checked_path, path)


@given(PATHS)
def test_prefixes_are_told_as_they_are_taken(prefix: str) -> None:
    assert told(patterns.PREFIX, prefix) == taken(checked_prefix, prefix)
    assert told(patterns.FOLDER, prefix) == (bool(prefix) and taken(checked_prefix, prefix))


@given(PATHS)
def test_inner_paths_are_told_as_they_are_taken_in_a_folder(path: str) -> None:
    assert len(path) > 1020 or told(patterns.INNER_PATH, path) == taken(checked_path, f"app/{path}")


@given(SCOPES)
def test_scopes_are_told_as_they_are_taken(scope: str) -> None:
    assert told(patterns.SCOPE, scope) == taken(lambda text: parsed([text]), scope)


@given(MEDIA_TYPES)
def test_media_types_are_told_as_they_are_taken(text: str) -> None:
    assert told(patterns.MEDIA_TYPE, text) == taken(checked_content_type, text)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_only_scopes_of_secrets_may_be_bounded(verb: str) -> None:
    assert told(patterns.SCOPE, f"{verb}:app/*") == (verb in BOUNDABLE)
