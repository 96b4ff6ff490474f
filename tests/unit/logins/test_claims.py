"""What the claims of a token have to be."""

from __future__ import annotations

from typing import Any

import pytest

from domain.logins.claims import (
    Leeways,
    Unfit,
    audiences_of,
    check_audience,
    check_bound,
    check_groups,
    check_issuer,
    check_subject,
    check_times,
    claim,
    leeways_of,
    metadata_of,
    user_of,
)
from domain.logins.jwt import GLOB, JwtRole

NOW = 1_000_000.0
NONE = Leeways(0, 0, 0)
USUAL = Leeways(150, 150, 60)


@pytest.mark.parametrize(
    "claims,leeways",
    [
        ({"exp": NOW}, NONE), ({"exp": NOW - 60}, USUAL), ({"exp": NOW + 1, "nbf": NOW, "iat": NOW}, NONE),
        ({"exp": NOW + 1, "nbf": NOW + 60}, USUAL), ({"iat": NOW - 210}, USUAL), ({"nbf": NOW - 210}, USUAL),
        ({"exp": NOW + 150}, USUAL), ({"exp": NOW + 210}, USUAL), ({"exp": NOW + 0.5, "iat": NOW - 1}, NONE),
        ({"exp": NOW + 1e6, "iat": NOW - 5}, NONE), ({"iat": NOW + 60, "exp": NOW + 100}, USUAL),
    ],
)  # fmt: skip
def test_a_token_in_its_time_is_taken(claims: dict[str, Any], leeways: Leeways) -> None:
    check_times(claims, NOW, leeways)


@pytest.mark.parametrize(
    "claims,leeways,word",
    [
        ({"exp": NOW - 1}, NONE, "expired"), ({"exp": NOW - 61}, USUAL, "expired"),
        ({"iat": NOW - 211}, USUAL, "expired"),
        ({"nbf": NOW - 211}, USUAL, "expired"), ({"exp": NOW + 9, "nbf": NOW + 1}, NONE, "not yet"),
        ({"exp": NOW + 99, "nbf": NOW + 61}, USUAL, "not yet"), ({"exp": NOW + 211}, USUAL, "not yet"),
        ({"exp": NOW + 99, "nbf": NOW - 9, "iat": NOW + 1}, NONE, "future"), ({}, USUAL, "at least one"),
        ({"exp": None}, USUAL, "at least one"), ({"exp": 0}, USUAL, "at least one"),
        ({"exp": "9999999999"}, USUAL, "no number"),
        ({"exp": True}, USUAL, "no number"), ({"exp": 1e300}, USUAL, "no such moment"),
        ({"exp": 10**400}, USUAL, "no such moment"),
        ({"exp": [NOW]}, USUAL, "no number"), ({"exp": NOW + 9, "nbf": "x"}, USUAL, "no number"),
    ],
)  # fmt: skip
def test_a_token_out_of_its_time_is_refused(claims: dict[str, Any], leeways: Leeways, word: str) -> None:
    with pytest.raises(Unfit, match=word):
        check_times(claims, NOW, leeways)


def test_leeways_have_defaults_and_may_be_none() -> None:
    assert leeways_of(JwtRole()) == Leeways(150, 150, 60)
    assert leeways_of(JwtRole(expiration_leeway=-1, not_before_leeway=-1, clock_skew_leeway=-1)) == Leeways(0, 0, 0)
    assert leeways_of(JwtRole(expiration_leeway=5, not_before_leeway=6, clock_skew_leeway=7)) == Leeways(5, 6, 7)


def test_the_issuer_is_compared_whole() -> None:
    check_issuer({"iss": "https://a"}, "https://a")
    check_issuer({}, "")
    for claims in ({"iss": "https://a/"}, {"iss": ["https://a"]}, {}):
        with pytest.raises(Unfit):
            check_issuer(claims, "https://a")


def test_one_audience_of_several_is_enough_and_none_at_all_is_not() -> None:
    check_audience({"aud": ["a", "b"]}, ["b", "c"])
    check_audience({"aud": "b"}, ["b"])
    check_audience({}, [])
    for claims, wanted in (({"aud": "abc"}, ["a"]), ({}, ["a"]), ({"aud": "a"}, []), ({"aud": []}, ["a"])):
        with pytest.raises(Unfit):
            check_audience(claims, wanted)


@pytest.mark.parametrize("audience", [7, {"a": 1}, ["a", 7], [["a"]]])
def test_an_audience_is_text(audience: Any) -> None:
    with pytest.raises(Unfit):
        audiences_of({"aud": audience})


def test_the_subject_is_compared_whole() -> None:
    check_subject({"sub": "a"}, "a")
    check_subject({}, "")
    for claims in ({"sub": "ab"}, {}, {"sub": ["a"]}):
        with pytest.raises(Unfit):
            check_subject(claims, "a")


@pytest.mark.parametrize(
    "wanted,found",
    [
        ("x", "x"), (["x", "y"], "y"), ("x", ["w", "x"]), (["a", "x"], ["x", "b"]), (True, True), (7, 7), (7, 7.0),
        ([1, "1"], "1"),
    ],
)  # fmt: skip
def test_a_bound_claim_has_one_of_its_values(wanted: Any, found: Any) -> None:
    check_bound({"a": found}, JwtRole(bound_claims={"a": wanted}))


@pytest.mark.parametrize(
    "wanted,found",
    [
        ("x", "X"), ("x", "xx"), ("x", ["y"]), ("x", []), (True, "true"), (True, 1), (1, True), (1, "1"), ("2", 2),
        ("x", {"x": 1}), ("x", None), ("x*", "xy"), ("x", [["x"]]), ("x", [None]),
    ],
)  # fmt: skip
def test_another_value_is_none(wanted: Any, found: Any) -> None:
    with pytest.raises(Unfit):
        check_bound({"a": found}, JwtRole(bound_claims={"a": wanted}))


def test_every_bound_claim_counts() -> None:
    role = JwtRole(bound_claims={"a": "x", "b": "y"})
    check_bound({"a": "x", "b": "y"}, role)
    with pytest.raises(Unfit):
        check_bound({"a": "x", "b": "z"}, role)


def test_globs_are_for_text_alone() -> None:
    role = JwtRole(bound_claims={"ref": ["refs/heads/*", "main"]}, bound_claims_type=GLOB)
    check_bound({"ref": "refs/heads/x"}, role)
    check_bound({"ref": [7, "main"]}, role)
    for found in ("refs/tags/x", 7, True, ["x"]):
        with pytest.raises(Unfit):
            check_bound({"ref": found}, role)


@pytest.mark.parametrize(
    "name,found",
    [
        ("/a/b", 1), ("/a/c/0", "x"), ("/a/c/1", None), ("/a/c/-1", None), ("/a/c/x", None), ("/a/c/\u0661", None),
        ("/x~1y", 2), ("/m~0n", 3), ("a/b", None), ("/a/b/c", None), ("/", None), ("/a/c/99999999", None),
    ],
)  # fmt: skip
def test_a_pointer_leads_to_a_claim(name: str, found: Any) -> None:
    assert claim({"a": {"b": 1, "c": ["x"]}, "x/y": 2, "m~n": 3}, name) == found


def test_a_user_claim_is_a_pointer_only_if_the_role_says_so() -> None:
    claims = {"/a/b": "plain", "a": {"b": "deep"}}
    assert user_of(claims, JwtRole(user_claim="/a/b")) == "plain"
    assert user_of(claims, JwtRole(user_claim="/a/b", user_claim_json_pointer=True)) == "deep"


@pytest.mark.parametrize("found", [None, "", 7, ["x"], {"a": 1}, "x" * 1025, True])
def test_a_user_is_a_text(found: Any) -> None:
    with pytest.raises(Unfit):
        user_of({"sub": found}, JwtRole(user_claim="sub"))


def test_metadata_is_text_of_claims_that_are_there() -> None:
    role = JwtRole(claim_mappings={"a": "one", "/b/c": "two", "none": "three"})
    assert metadata_of({"a": "x", "b": {"c": "y"}}, role) == {"one": "x", "two": "y"}
    with pytest.raises(Unfit):
        metadata_of({"a": 7}, role)


def test_groups_are_texts_if_they_are_wanted() -> None:
    role = JwtRole(groups_claim="groups")
    check_groups({"groups": ["a", "b"]}, role)
    check_groups({"groups": "a"}, role)
    check_groups({}, JwtRole())
    for claims in ({}, {"groups": [1]}, {"groups": {"a": 1}}):
        with pytest.raises(Unfit):
            check_groups(claims, role)
