"""Endpoints that may be, sessions that heed no environment, and what is told of answers."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from adapters.provider_calls import Allowance
from adapters.provider_endpoints import checked_endpoint
from adapters.provider_https import LONGEST_ANSWER, session, told, whole


@pytest.mark.parametrize(
    "address",
    [
        "https://iam.example",
        "https://iam.example:8443/base",
        "https://[::1]:1",
        "http://localhost:8080",
        "http://[::1]",
    ],
)
def test_an_endpoint_over_https_or_on_this_machine_is_taken(address: str) -> None:
    checked_endpoint("endpoint", address)


@pytest.mark.parametrize(
    "address",
    [
        "http://iam.example",
        "http://127.0.0.1.example",
        "http://localhost@iam.example",
        "https://",
        "https://user:hush@iam.example",
        "https://iam.example?x",
        "https://iam.example#x",
        "https://iam.example:99999",
        "https://[::1",
        "ftp://127.0.0.2",
    ],
)
def test_another_endpoint_is_refused_by_the_name_of_its_setting(address: str) -> None:
    with pytest.raises(ValueError, match=r"^endpoint is") as refusal:
        checked_endpoint("endpoint", address)
    assert "hush" not in str(refusal.value)


def test_a_session_heeds_no_environment_and_opens_nothing_once_closed() -> None:
    opened = session("", 3)
    assert not opened.trust_env
    assert opened.verify is True
    opened.close()
    with pytest.raises(requests.ConnectionError, match="closed"):
        opened.get("https://127.0.0.1:1/")


@given(st.binary(min_size=48, max_size=300))
def test_nothing_that_could_be_a_token_is_told(secret: bytes) -> None:
    token = base64.urlsafe_b64encode(secret).decode()
    assert token not in told(f"cannot read {token}, sorry")
    assert "sorry" in told(f"cannot read {token}, sorry")


def test_what_is_told_is_one_short_line_without_our_secrets() -> None:
    assert told("no:\n  short-one \r\n", "short-one", "") == "no: <redacted>"
    assert len(told("word " * 1000)) == 400


def test_an_answer_without_end_is_cut() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65_536

    assert len(whole(endless(), Allowance("it", 60))) == LONGEST_ANSWER


def test_the_kinds_are_known_without_their_libraries() -> None:
    asked = (
        "import sys; from adapters.provider_table import kind; kind('gcp-iam'); kind('azure-entra');"
        "print({'google.auth', 'azure.core', 'azure.identity', 'msal', 'requests'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
