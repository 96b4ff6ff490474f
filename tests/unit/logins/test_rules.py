"""Globs, networks, subjects, and what a role says of tokens: the rules that all login methods share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.logins.globs import matches, matches_any
from domain.logins.networks import are_within, checked_networks, lies_in
from domain.logins.place import Place, checked_name
from domain.logins.subjects import display_name, subject_of
from domain.logins.token_settings import TokenSettings
from domain.mounts import DEFAULT_TTL
from domain.token_terms import Terms

AT = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = Place("t1", "jwt/", "auth_jwt_1", "jwt")


@pytest.mark.parametrize(
    "pattern,text,fits",
    [
        ("*", "", True), ("*", "anything", True), ("", "", True), ("", "x", False), ("a", "a", True),
        ("a", "ab", False),
        ("a*", "abc", True), ("a*", "ba", False), ("*c", "abc", True), ("*c", "cb", False), ("a*c", "abbc", True),
        ("a*c", "ac", True), ("ab*ba", "aba", False), ("a*b*c", "axbxc", True), ("a*b*c", "acb", False),
        ("*b*", "abc", True), ("*b*", "ac", False), ("a**c", "abc", True), ("a?c", "abc", False), ("a[b]", "ab", False),
        ("*a*a", "a", False), ("a*a", "a", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_anything_and_nothing_else_does(pattern: str, text: str, *, fits: bool) -> None:
    assert matches(pattern, text) is fits


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=5), st.lists(st.text("abc", max_size=3), max_size=6))
def test_a_pattern_fits_what_is_made_of_it(parts: list[str], between: list[str]) -> None:
    filled = parts[0] + "".join(
        (between[number] if number < len(between) else "") + part for number, part in enumerate(parts[1:])
    )
    assert matches("*".join(parts), filled)


def test_one_of_several_patterns_is_enough() -> None:
    assert matches_any(["x", "a*"], "ab")
    assert not matches_any([], "ab")


@pytest.mark.parametrize(
    "address,networks,inside",
    [
        ("10.1.2.3", ["10.0.0.0/8"], True), ("11.1.2.3", ["10.0.0.0/8"], False), ("10.1.2.3", ["10.1.2.3"], True),
        ("::ffff:10.1.2.3", ["10.0.0.0/8"], True), ("2001:db8::1", ["2001:db8::/32"], True),
        ("2001:db8::1", ["0.0.0.0/0"], False), ("", ["0.0.0.0/0"], False), ("not", ["0.0.0.0/0"], False),
        ("10.1.2.3", [], False),
    ],
)  # fmt: skip
def test_an_address_lies_in_a_network_or_not(address: str, networks: list[str], *, inside: bool) -> None:
    assert lies_in(address, networks) is inside


@pytest.mark.parametrize(
    "inner,outer,within",
    [
        (["10.1.0.0/16"], ["10.0.0.0/8"], True), (["10.0.0.0/8"], ["10.1.0.0/16"], False),
        (["10.1.0.0/16", "192.0.2.1"], ["10.0.0.0/8"], False), (["10.1.0.0/16"], [], True), ([], ["10.0.0.0/8"], True),
        (["2001:db8::/48"], ["0.0.0.0/0"], False), (["0.0.0.0/0"], ["10.0.0.0/8"], False),
    ],
)  # fmt: skip
def test_networks_are_within_others_or_not(inner: list[str], outer: list[str], *, within: bool) -> None:
    assert are_within(inner, outer) is within


@pytest.mark.parametrize("networks", [["x"], ["10.0.0.0/33"], ["10.0.0.0/8 evil"], ["10.0.0.1"] * 101])
def test_what_is_no_network_is_refused(networks: list[str]) -> None:
    with pytest.raises(Invalid):
        checked_networks(networks, "field")


@pytest.mark.parametrize("name", ["", "x" * 513, "a\nb", "a\x00"])
def test_a_name_has_bounds(name: str) -> None:
    with pytest.raises(Invalid):
        checked_name(name, "name")


def test_a_plain_name_is_told_plainly() -> None:
    assert subject_of(PLACE, "repo:org/app") == "jwt/repo:org/app"
    assert display_name(PLACE, "anna") == "jwt-anna"
    assert display_name(Place("t1", "a/b/", "x", "jwt"), "") == "a-b"


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_two_who_differ_never_have_one_subject(one: str, other: str) -> None:
    first, second = subject_of(PLACE, one), subject_of(PLACE, other)
    assert (first == second) is (one == other)
    assert len(first) <= 200
    assert all(letter.isascii() and (letter.isalnum() or letter in "_.@:/+-") for letter in first)


def test_a_name_that_looks_like_a_shortened_one_is_not_taken_for_it() -> None:
    strange = subject_of(PLACE, "a b")
    assert subject_of(PLACE, strange.removeprefix("x").removeprefix("jwt/")) != strange


def terms(place: Place = PLACE, **settings: Any) -> Terms:
    made = TokenSettings(**settings)
    made.check()
    return made.terms(place, AT, "192.0.2.7", Terms())


def test_without_a_word_the_mount_says_how_long() -> None:
    found = terms()
    assert (found.ttl, found.max_expires_at) == (DEFAULT_TTL, None)
    found = terms(PLACE._replace(default_ttl=60, max_ttl=600))
    assert (found.ttl, found.max_expires_at) == (60, AT + timedelta(seconds=600))


def test_the_roles_longest_bounds_and_the_mounts_does_too() -> None:
    found = terms(token_ttl=60, token_max_ttl=90)
    assert (found.ttl, found.max_expires_at) == (60, AT + timedelta(seconds=90))
    found = terms(PLACE._replace(max_ttl=30), token_ttl=60, token_max_ttl=90)
    assert (found.ttl, found.max_expires_at) == (30, AT + timedelta(seconds=30))


def test_a_period_goes_on_without_an_end_unless_one_is_named() -> None:
    found = terms(token_period=300, token_max_ttl=600, token_ttl=60)
    assert (found.ttl, found.period, found.max_expires_at) == (300, 300, None)
    found = terms(token_period=300, token_explicit_max_ttl=200)
    assert (found.ttl, found.max_expires_at) == (200, AT + timedelta(seconds=200))


def test_an_explicit_longest_is_no_longer_than_the_others() -> None:
    assert terms(token_explicit_max_ttl=100).max_expires_at == AT + timedelta(seconds=100)
    assert terms(token_explicit_max_ttl=100, token_max_ttl=50).max_expires_at == AT + timedelta(seconds=50)


def test_a_batch_token_is_not_renewed() -> None:
    found = terms(token_type="batch")
    assert (found.kind, found.renewable) == ("batch", False)
    assert terms(token_type="service").renewable


def test_networks_are_the_logins_the_roles_or_the_clients_own() -> None:
    settings = TokenSettings(token_bound_cidrs=("10.0.0.0/8",))
    assert settings.terms(PLACE, AT, "192.0.2.7", Terms()).cidrs == ("10.0.0.0/8",)
    assert settings.terms(PLACE, AT, "192.0.2.7", Terms(cidrs=("10.1.0.0/16",))).cidrs == ("10.1.0.0/16",)
    assert terms(token_strictly_bind_ip=True).cidrs == ("192.0.2.7",)


def test_policies_are_in_order_with_default_unless_it_is_not_wanted() -> None:
    assert TokenSettings(token_policies=("B", " a ", "b")).policies() == ("a", "b", "default")
    assert TokenSettings(token_policies=("a",), token_no_default_policy=True).policies() == ("a",)


@pytest.mark.parametrize(
    "settings",
    [
        {"token_policies": ("root",)}, {"token_policies": ("a", "Root ")}, {"token_ttl": -1}, {"token_period": 1 << 40},
        {"token_ttl": 2, "token_max_ttl": 1}, {"token_type": "x"}, {"token_type": "batch", "token_period": 1},
        {"token_strictly_bind_ip": True, "token_bound_cidrs": ("10.0.0.0/8",)}, {"token_policies": ("a",) * 101},
        {"token_policies": ("",)}, {"token_bound_cidrs": ("x",)},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        TokenSettings(**settings).check()
