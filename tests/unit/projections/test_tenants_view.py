"""The read model of tenants."""

from __future__ import annotations

import sqlite3

import pytest

from domain.event import Event
from domain.tenant import TenantCreated
from domain.views import TenantRow
from projections.tenants import Tenants
from tests.unit.projections.projected import HEADER, Tables, at

pytestmark = pytest.mark.anyio


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def view(tables: Tables) -> Tenants:
    view = Tenants(tables)
    tables.add(view)
    return view


def begun(name: str) -> Event:
    return TenantCreated(**HEADER, originator_topic="tenant", name=name, title=name.title())  # type: ignore[arg-type]  # a mixed dict


async def test_tenant_is_found_by_name_or_id(tables: Tables, view: Tenants) -> None:
    tables.tell(begun("acme"), tenant="id-1")
    row = TenantRow(tenant="id-1", name="acme", title="Acme", created_at=at(1))
    assert await view.find("acme") == await view.find("id-1") == row
    assert await view.find("other") is None


async def test_all_are_told_by_name(tables: Tables, view: Tenants) -> None:
    for number, name in enumerate(("b", "c", "a")):
        tables.tell(begun(name), tenant=f"id-{number}")
    assert [row.name for row in await view.all()] == ["a", "b", "c"]


async def test_name_is_one_tenants_alone(tables: Tables, view: Tenants) -> None:
    tables.tell(begun("acme"), tenant="id-1")
    with pytest.raises(sqlite3.IntegrityError):
        tables.tell(begun("acme"), tenant="id-2")
