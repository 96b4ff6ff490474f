"""Every path that Vault allows has a name of its own in the store, and every name of the store a path in Vault."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadName
from domain.names import RESERVED, checked_path
from domain.vault_names import STORE, native_path, vault_path, vault_text

SEGMENT = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="/"), min_size=1, max_size=12).filter(
    lambda text: text not in {".", ".."}
)
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
NAMES = st.lists(
    st.text("abc019_.~+=:,-ABCDEF", min_size=1, max_size=8).filter(lambda text: text not in {".", ".."}),
    min_size=1,
    max_size=4,
).map("/".join)
NAMES = NAMES.filter(lambda name: "~8" not in name and "~9" not in name and not re.search("~[A-F]", name))
"""But for those that read as escapes of what is no UTF-8: of them Vault's clients see the name as it is, no more."""


@given(PATHS)
def test_a_path_of_vault_comes_back_from_its_name(path: str) -> None:
    assert vault_path(native_path(STORE, path)) == (STORE, path)


@given(NAMES)
def test_a_name_of_the_store_comes_back_from_its_path(name: str) -> None:
    mount, path = vault_path(checked_path(name))
    assert mount == "" or native_path(mount, path) == name


@pytest.mark.parametrize("first", sorted(RESERVED))
def test_first_segments_that_are_routes_are_names_all_the_same(first: str) -> None:
    assert vault_path(native_path(STORE, f"{first}/a")) == (STORE, f"{first}/a")


def test_the_store_s_names_are_plain_where_vault_s_are() -> None:
    assert native_path(STORE, "app/db_1.x~+=:,-") == "app/db_1.x~+=:,-"
    assert native_path(STORE, "my key/ü") == "my~20key/~C3~BC"


def test_other_mounts_are_out_of_reach_of_the_first() -> None:
    inside = native_path("team/", "db")
    assert inside == "mount:team/db"
    assert native_path(STORE, inside) != inside
    assert vault_path(inside) == ("", "team/db")
    assert vault_text(native_path(STORE, inside)) == inside


@pytest.mark.parametrize("path", ["", "a//b", "a/../b", "/a"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadName):
        native_path(STORE, path)
