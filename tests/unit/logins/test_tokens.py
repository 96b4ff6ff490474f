"""Signatures of tokens: which keys may check which, and what is no token at all."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from jwt.algorithms import ECAlgorithm

from adapters.crypto import self_signed_certificate
from adapters.jwt import claims_of, header_of, key_of_pem, keys_of, unverified_claims_of
from domain.logins.jwt import ALGORITHMS, NotSigned
from tests.fakes.issuer import SigningKey

EVERY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


def document(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def verified(token: str, *keys: dict[str, Any]) -> dict[str, Any] | None:
    return claims_of(token, header_of(token, ALGORITHMS), keys_of(document(*keys)))


@pytest.fixture(scope="module")
def signers() -> dict[str, SigningKey]:
    """A key for each algorithm."""
    return {name: SigningKey(name, name) for name in EVERY}


@pytest.mark.parametrize("algorithm", EVERY)
def test_each_algorithm_is_checked_by_a_key_of_its_type_alone(signers: dict[str, SigningKey], algorithm: str) -> None:
    token = signers[algorithm].sign({"sub": "x"})
    assert verified(token, signers[algorithm].jwk()) == {"sub": "x"}
    for other in EVERY:
        if other != algorithm:
            jwk = {**signers[other].jwk(), "kid": algorithm}
            assert verified(token, jwk) is None


def test_a_key_that_names_its_algorithm_serves_no_other(signers: dict[str, SigningKey]) -> None:
    jwk = signers["RS256"].jwk()
    token = signers["RS256"].sign({})
    assert verified(token, {**jwk, "alg": "RS256"}) == {}
    assert verified(token, {**jwk, "alg": "RS512"}) is None
    assert verified(token, {**jwk, "alg": "HS256"}) is None


def test_a_key_id_chooses_and_keys_without_one_are_tried(signers: dict[str, SigningKey]) -> None:
    key = signers["ES256"]
    nameless = {name: value for name, value in key.jwk().items() if name != "kid"}
    assert verified(key.sign({}), nameless) == {}
    assert verified(key.sign({}, kid="other"), key.jwk()) is None
    assert verified(key.sign({}, kid=""), key.jwk()) == {}


@pytest.mark.parametrize(
    "change",
    [{"use": "enc"}, {"kty": "oct", "k": "AAAA"}, {"d": "AAAA"}, {"kty": None}, {"n": "AQAB"}, {"n": 7}, {"e": None}],
)
def test_a_key_that_is_not_for_this_is_passed_over(signers: dict[str, SigningKey], change: dict[str, Any]) -> None:
    jwk = {**signers["RS256"].jwk(), **change}
    assert keys_of(document(jwk, signers["ES256"].jwk()))[0].kid == "ES256"


def test_a_private_key_in_the_set_is_passed_over(signers: dict[str, SigningKey]) -> None:
    key = signers["ES256"]
    private = {**ECAlgorithm.to_jwk(key.private, as_dict=True), "kid": key.kid}
    assert "d" in private
    assert keys_of(document(private)) == []


def test_a_token_that_is_too_long_is_not_looked_at(signers: dict[str, SigningKey]) -> None:
    key = signers["ES256"]
    assert verified(key.sign({"a": "x" * 8000}), key.jwk())
    with pytest.raises(NotSigned, match="more than"):
        verified(key.sign({"a": "x" * 16_000}), key.jwk())


def test_a_short_rsa_key_is_none() -> None:
    short = SigningKey("short", bits=1024)
    assert keys_of(document(short.jwk())) == []
    with pytest.raises(ValueError, match="fewer than 2048"):
        key_of_pem(short.pem())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": [' + b"[" * 10_000,
        b'{"keys": [' + b",".join([b"{}"] * 101) + b"]}",
    ],
)
def test_what_is_no_key_set_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="it is no"):
        keys_of(text)


def test_a_private_key_is_not_taken_for_a_public_one() -> None:
    _, private = self_signed_certificate("x", datetime.now(UTC), 1)
    with pytest.raises(ValueError, match="private"):
        key_of_pem(private.decode())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256K"}, {}, {"alg": None}, {"alg": "RS256", "crit": ["b64"]},
        {"alg": "RS256", "b64": False, "crit": ["b64"]}, {"alg": "RS256", "kid": 7},
        {"alg": "RS256", "b64": True, "crit": ["b64"]}, {"alg": "rs256"}, [],
    ],
)  # fmt: skip
def test_a_header_that_says_otherwise_is_refused(header: Any) -> None:
    with pytest.raises(NotSigned):
        header_of(f"{b64(json.dumps(header).encode())}.{b64(b'{}')}.AAAA", ALGORITHMS)


def test_an_algorithm_that_the_mount_does_not_want_is_refused(signers: dict[str, SigningKey]) -> None:
    with pytest.raises(NotSigned):
        header_of(signers["RS256"].sign({}), ("ES256",))


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "a.b.c.d", "\u00e9.\u00e9.\u00e9", "x" * 16_385])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(NotSigned):
        header_of(text, ALGORITHMS)


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"\xff", b'{"a": NaN}', b'{"a":' + b"[" * 2000])
def test_a_payload_that_is_no_object_is_refused_though_it_is_signed(payload: bytes) -> None:
    key = SigningKey("a", "ES256")
    token = jwt.PyJWS(algorithms=["ES256"]).encode(payload, key.private, "ES256")
    with pytest.raises(NotSigned):
        verified(token, key.jwk())
    with pytest.raises(NotSigned):
        unverified_claims_of(token)


def test_a_change_anywhere_breaks_the_signature(signers: dict[str, SigningKey]) -> None:
    key = signers["ES256"]
    header, payload, signature = key.sign({"sub": "a", "exp": int(time.time())}).split(".")
    other = b64(b'{"sub":"b"}')
    assert verified(f"{header}.{other}.{signature}", key.jwk()) is None
    assert verified(f"{header}.{payload}.", key.jwk()) is None
    assert verified(f"{header}.{payload}.{signature[:-4]}AAAA", key.jwk()) is None
