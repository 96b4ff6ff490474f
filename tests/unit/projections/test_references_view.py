"""The read model of references: what the newest version uses, and who uses a secret."""

from __future__ import annotations

import pytest

from domain.views import Use
from projections.references import References
from projections.secrets import Secrets
from tests.unit.projections.projected import Tables, deleted, undeleted, written

pytestmark = pytest.mark.anyio


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def view(tables: Tables) -> References:
    view = References(tables)
    tables.add(Secrets(tables), view)
    return view


async def test_newest_version_alone_counts(tables: Tables, view: References) -> None:
    tables.tell(written("app/dsn", references=["db/user", "db/password@3"]))
    assert await view.uses("acme", "app/dsn") == [Use("db/password", 3), Use("db/user", None)]
    tables.tell(written("app/dsn", 2, references=["db/host"]))
    assert await view.uses("acme", "app/dsn") == [Use("db/host", None)]
    assert await view.used_by("acme", "db/user", "", 10) == []
    tables.tell(written("app/dsn", 3))
    assert await view.uses("acme", "app/dsn") == []


async def test_users_are_told_once_in_order_and_page_by_page(tables: Tables, view: References) -> None:
    for name in ("c", "a", "b"):
        tables.tell(written(name, references=["db", "db@1", "db@2"]))
    assert await view.used_by("acme", "db", "", 2) == ["a", "b"]
    assert await view.used_by("acme", "db", "b", 2) == ["c"]


async def test_deleted_user_is_left_out_until_it_is_restored(tables: Tables, view: References) -> None:
    tables.tell(written("a", references=["db"]), deleted("a"))
    assert await view.used_by("acme", "db", "", 10) == []
    tables.tell(undeleted("a"))
    assert await view.used_by("acme", "db", "", 10) == ["a"]


async def test_tenants_are_kept_apart(tables: Tables, view: References) -> None:
    tables.tell(written("a", references=["db"]))
    assert await view.uses("other", "a") == []
    assert await view.used_by("other", "db", "", 10) == []
    tables.tell(written("a", 2), tenant="other")
    assert await view.uses("acme", "a") == [Use("db", None)]
