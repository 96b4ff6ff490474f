"""The aggregate Tenant: its name is a DNS label, and its stream is the name's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.errors import Invalid
from domain.names import stream_of
from domain.tenant import Tenant, TenantCreated
from tests.unit.domain.folding import folded, state, taken

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)


def test_tenant_begins_with_one_event_in_the_stream_of_its_name() -> None:
    tenant = Tenant.begin("id-1", "acme", "Acme GmbH", NOW)
    (event,) = events = taken(tenant)
    assert event == TenantCreated(
        originator_id=stream_of("tenant", "", "acme"), originator_version=1, timestamp=NOW, originator_topic="tenant",
        name="acme", title="Acme GmbH",
    )  # fmt: skip
    assert state(folded(Tenant, events)) == state(tenant)


def test_two_tenants_of_one_name_have_one_stream() -> None:
    streams = {taken(Tenant.begin(tenant, "acme", "", NOW))[0].originator_id for tenant in ("id-1", "id-2")}
    assert len(streams) == 1


@pytest.mark.parametrize("name", ["a", "a1", "a-b", "0", "a" * 63])
def test_dns_label_is_taken(name: str) -> None:
    assert Tenant.begin("t", name, "", NOW).name == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a_b", "a.b", "a b", "ä", "a\n", "a" * 64])
def test_other_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="tenant's name"):
        Tenant.begin("t", name, "", NOW)


@pytest.mark.parametrize("title", ["a\nb", "\x00", "a" * 201])
def test_title_that_is_long_or_unprintable_is_refused(title: str) -> None:
    with pytest.raises(Invalid, match="title"):
        Tenant.begin("t", "acme", title, NOW)
