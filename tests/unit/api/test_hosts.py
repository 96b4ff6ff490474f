"""A request names one host."""

from __future__ import annotations

import pytest

from api.hosts import must_name_a_host
from domain.errors import Invalid


def asked(*hosts: bytes, version: str = "1.1") -> None:
    headers = [(b"accept", b"*/*"), *((b"host", host) for host in hosts), (b"accept", b"text/html")]
    must_name_a_host({"http_version": version, "headers": headers})


def test_one_host_is_good() -> None:
    asked(b"secrets.example:8443")


def test_none_is_good_before_http_1_1_alone() -> None:
    asked(version="1.0")
    with pytest.raises(Invalid, match="no Host"):
        asked()


def test_two_are_refused_even_if_they_are_alike() -> None:
    with pytest.raises(Invalid, match="Host"):
        asked(b"secrets.example", b"secrets.example")
