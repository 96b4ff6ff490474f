"""Settings of Kubernetes roles and connections: what is refused before any cluster is asked."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kubernetes.objects import label_value
from adapters.providers.kubernetes.settings import Connection, Role

RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


@pytest.mark.parametrize(
    "settings",
    [
        {"role": "reader"},
        {"role": "reader", "namespace": "shop"},
        {"cluster_role": "system:node", "namespace": "shop"},
        {"cluster_role": "view", "cluster_wide": True},
        {"rules": [RULE], "audiences": ["one"], "token_seconds": 3600},
        {"audiences": ["https://vault.example.com"]},
        {
            "role": "reader",
            "labels": {"app.kubernetes.io/part-of": "shop", "team": ""},
            "annotations": {"a/b": "any\n"},
        },
    ],
)
def test_a_role_is_taken(settings: dict[str, Any]) -> None:
    msgspec.convert(settings, Role)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"role": "reader", "cluster_role": "view"},
        {"role": "reader", "rules": [RULE]},
        {"role": "reader", "cluster_wide": True},
        {"cluster_role": "view", "cluster_wide": True, "namespace": "shop"},
        {"role": "../secrets"},
        {"role": "reader", "namespace": "Shop"},
        {"role": "reader", "namespace": "shop\n"},
        {"rules": [{**RULE, "verbs": []}]},
        {"rules": [{**RULE, "api_groups": [""]}]},
        {"rules": [{**RULE, "nonResourceURLs": ["/metrics"]}]},
        {"role": "reader", "labels": {"team": "a team"}},
        {"role": "reader", "labels": {"trstctl.io/lease": "another"}},
        {"role": "reader", "annotations": {"trstctl.io/subject": "another"}},
        {"role": "reader", "annotations": {"x.trstctl.io/subject": "another"}},
        {"role": "reader", "labels": {"app.kubernetes.io/managed-by": "another"}},
        {"role": "reader", "token_seconds": 2**32 + 1},
    ],
)
def test_a_role_that_no_cluster_would_take_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, Role)


@pytest.mark.parametrize(
    "server", ["http://cluster", "https://", "https://me:pw@cluster", "https://cluster?x", "https://a b", "ftp://c"]
)
def test_a_server_without_tls_or_with_more_than_an_address_is_refused(server: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"server": server, "namespace": "leases"}, Connection)


@given(st.text(max_size=200))
def test_a_label_can_hold_what_is_made_of_any_text(text: str) -> None:
    value = label_value(text)
    assert len(value) <= 63
    assert re.fullmatch(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", value)


def test_a_label_keeps_what_it_can_hold() -> None:
    assert label_value("lse_0193a1-f.2") == "lse_0193a1-f.2"
