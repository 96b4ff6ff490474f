"""What every read model keeps to, so that it can be rebuilt, compared and kept apart by tenant."""

from __future__ import annotations

import re

import pytest

from cli.server.stores import Views
from domain.ports import Projection
from tests.unit.projections.projected import Tables

VIEWS = Views.over(Tables())
PROJECTIONS = [*VIEWS.inline, *VIEWS.following]


@pytest.fixture(params=PROJECTIONS, ids=lambda projection: projection.name)
def projection(request: pytest.FixtureRequest) -> Projection:
    made: Projection = request.param
    return made


def test_tables_named_are_those_made(projection: Projection) -> None:
    tables = Tables()
    tables.add(projection)
    tables.add(projection)  # a second start changes nothing
    made = {name for (name,) in tables.all("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert made == set(projection.tables)


def test_every_table_says_whose_its_rows_are(projection: Projection) -> None:
    tables = Tables()
    tables.add(projection)
    for table in projection.tables:
        columns = {row[1]: row[3] for row in tables.all(f"PRAGMA table_info({table})")}
        assert columns["tenant"] == 1 or table == "tenants", f"{table}.tenant may be empty"
        assert "tenant" in columns


def test_columns_are_of_the_common_dialect(projection: Projection) -> None:
    tables = Tables()
    tables.add(projection)
    for table in projection.tables:
        assert {row[2] for row in tables.all(f"PRAGMA table_info({table})")} <= {"TEXT", "BIGINT", "BYTEA"}


def test_names_and_tables_are_used_once() -> None:
    names = [projection.name for projection in PROJECTIONS]
    tables = [table for projection in PROJECTIONS for table in projection.tables]
    assert len(set(names)) == len(names)
    assert len(set(tables)) == len(tables)
    assert all(re.fullmatch("[a-z_]+", table) for table in tables)
