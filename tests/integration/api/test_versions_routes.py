"""A secret's versions: history, recovery, destruction."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from domain.chain import GENESIS, header_bytes, link
from tests.asgi_client import AsgiClient
from tests.assembly import Assembly, assembled
from tests.integration.api.tenants import STORE, Tenant, decoded, refused

pytestmark = pytest.mark.anyio


async def states(tenant: Tenant, path: str = "a") -> list[tuple[int, str]]:
    history = (await tenant("GET", f"{STORE}/history/{path}")).json()
    return [(item["version"], item["state"]) for item in history["items"]]


async def test_history_lists_versions_newest_first_without_values(acme: Tenant) -> None:
    await acme.put("a", "hunter2", "hunter3")
    answer = await acme("GET", f"{STORE}/history/a")
    assert answer.status == 200
    history = answer.json()
    assert (history["name"], history["next_cursor"]) == ("a", None)
    newest, oldest = history["items"]
    assert newest == {
        "version": 2, "created_at": newest["created_at"], "actor": newest["actor"], "state": "current",
        "cause": "rotate", "recovered_from": None, "destroyed_at": None, "metadata": {},
        "content_type": "text/plain; charset=utf-8",
    }  # fmt: skip
    assert (oldest["version"], oldest["state"], oldest["cause"]) == (1, "superseded", "create")
    assert newest["actor"].startswith("ops#tok_")
    assert b"hunter" not in answer.body


async def test_history_tells_each_state(acme: Tenant) -> None:
    await acme.put("a", "1", "2", "3")
    assert await states(acme) == [(3, "current"), (2, "superseded"), (1, "superseded")]
    await acme("POST", f"{STORE}/destroy/a", {"versions": [2]})
    assert await states(acme) == [(3, "current"), (2, "destroyed"), (1, "superseded")]
    await acme("DELETE", f"{STORE}/a")
    assert await states(acme) == [(3, "deleted"), (2, "destroyed"), (1, "deleted")]
    await acme("POST", f"{STORE}/destroy/a", {"all": True})
    assert await states(acme) == [(3, "destroyed"), (2, "destroyed"), (1, "destroyed")]


async def test_history_reveals_a_version_also_of_a_deleted_name(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    await acme("DELETE", f"{STORE}/a")
    answer = await acme("GET", f"{STORE}/history/a?version=1")
    assert (answer.status, answer.json()["value"], answer.json()["version"]) == (200, "one", 1)
    event = (await acme.events())[-1]
    assert (event["type"], event["number"], event["how"]) == ("secret.read", 1, "history")
    assert event["position"] == answer.position
    refused(await acme("GET", f"{STORE}/history/a?version=3"), 404, "not-found")
    refused(await acme("GET", f"{STORE}/history/nothing?version=1"), 404, "not-found")
    refused(await acme("GET", f"{STORE}/history/nothing"), 404, "not-found")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_history_goes_page_by_page_to_the_first_version(limit: int, acme: Tenant) -> None:
    await acme.put("a", *map(str, range(7)))
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await acme("GET", f"{STORE}/history/a?limit={limit}{cursor and '&cursor=' + cursor}")).json()
        assert len(page["items"]) <= limit
        found += [item["version"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=-1", "version=0", "at=1"])
async def test_history_refuses_parameters_out_of_bounds(query: str, acme: Tenant) -> None:
    await acme.put("a", "1")
    refused(await acme("GET", f"{STORE}/history/a?{query}"), 400, "invalid")


class Lived:
    """A name with a life, and the moments of it."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.moments: list[datetime] = []

    async def live(self) -> None:
        """First value, second, deleted, restored, third: an hour apart, each followed by its moment."""
        clock = self.tenant.system.clock
        clock.advance(hours=-24)
        self.moments.append(clock())
        for method, target, body in (
            ("POST", f"{STORE}/a", {"value": "one", "metadata": {"v": "1"}, "content_type": "a/b"}),
            ("PUT", f"{STORE}/a", {"value": "two"}),
            ("DELETE", f"{STORE}/a", None),
            ("POST", f"{STORE}/undelete/a", None),
            ("PUT", f"{STORE}/a", {"value": "three"}),
        ):
            clock.advance(hours=1)
            assert (await self.tenant(method, target, body)).status in {200, 201, 204}
            clock.advance(minutes=1)
            self.moments.append(clock())

    async def recover(self, at: datetime | str) -> Any:
        text = at if isinstance(at, str) else at.isoformat()
        return await self.tenant("POST", f"{STORE}/recover/a", {"at": text})


@pytest.fixture
async def lived(acme: Tenant) -> Lived:
    lived = Lived(acme)
    await lived.live()
    return lived


@pytest.mark.parametrize("moment,version,value", [(1, 1, "one"), (2, 2, "two"), (4, 2, "two"), (5, 3, "three")])
async def test_recovery_republishes_what_was_current_then(moment: int, version: int, value: str, lived: Lived) -> None:
    answer = await lived.recover(lived.moments[moment])
    assert (answer.status, answer.json()["version"]) == (200, 4)
    assert await lived.tenant.value("a") == value
    newest = (await lived.tenant("GET", f"{STORE}/history/a")).json()["items"][0]
    assert (newest["cause"], newest["recovered_from"], newest["state"]) == ("recover", version, "current")


async def test_recovery_brings_back_what_was_told_openly_too(lived: Lived) -> None:
    meta = (await lived.recover(lived.moments[1])).json()
    assert (meta["metadata"], meta["content_type"]) == ({"v": "1"}, "a/b")


async def test_recovery_to_a_time_without_a_value_finds_nothing(lived: Lived) -> None:
    refused(await lived.recover(lived.moments[0]), 404, "not-found")
    refused(await lived.recover(lived.moments[3]), 404, "not-found")
    refused(await lived.recover("0001-01-02T00:00:00Z"), 404, "not-found")
    assert await lived.tenant.value("a") == "three"
    nothing = await lived.tenant("POST", f"{STORE}/recover/b", {"at": lived.moments[1].isoformat()})
    refused(nothing, 404, "not-found")


async def test_recovery_brings_a_deleted_name_back(lived: Lived) -> None:
    await lived.tenant("DELETE", f"{STORE}/a")
    assert (await lived.recover(lived.moments[2])).json()["version"] == 4
    assert await lived.tenant.value("a") == "two"


async def test_time_is_exact_and_in_any_offset(lived: Lived) -> None:
    history = (await lived.tenant("GET", f"{STORE}/history/a")).json()["items"]
    second = datetime.fromisoformat(history[1]["created_at"])
    away = second.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert (await lived.recover(away)).status == 200
    assert await lived.tenant.value("a") == "two"
    assert (await lived.recover(second - timedelta(microseconds=1))).status == 200
    assert await lived.tenant.value("a") == "one"


@pytest.mark.parametrize(
    "at",
    [
        "", "yesterday", "2026-06-25", "2026-06-25T12:00:00", "2026-13-01T00:00:00Z", "2999-01-01T00:00:00Z", 7, None,
        "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    ],
)  # fmt: skip
async def test_time_that_is_none_or_not_past_is_refused(at: object, acme: Tenant) -> None:
    await acme.put("a", "x")
    refused(await acme("POST", f"{STORE}/recover/a", {"at": at}), 400, "invalid")
    assert (await acme("GET", f"{STORE}/a")).json()["version"] == 1


async def test_destroyed_version_cannot_be_recovered(lived: Lived) -> None:
    await lived.tenant("POST", f"{STORE}/destroy/a", {"versions": [1]})
    refused(await lived.recover(lived.moments[1]), 409, "conflict")
    assert await lived.tenant.value("a") == "three"


async def test_version_destroyed_while_it_is_recovered_stays_destroyed(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    first = datetime.fromisoformat((await acme("GET", f"{STORE}/history/a")).json()["items"][1]["created_at"])
    system = acme.system
    opening = system.sealer.open

    async def destroyed_after_opening(context: Any, seal_id: str) -> Any:
        value = await opening(context, seal_id)
        system.secrets._sealer = system.sealer
        assert (await acme("POST", f"{STORE}/destroy/a", {"versions": [1]})).status == 200
        return value

    class Interrupted:
        open = staticmethod(destroyed_after_opening)

    system.secrets._sealer = Interrupted()  # type: ignore[assignment]  # only this is asked of it
    refused(await acme("POST", f"{STORE}/recover/a", {"at": first.isoformat()}), 409, "conflict")
    assert await states(acme) == [(2, "current"), (1, "destroyed")]


async def test_destroyed_version_is_gone_and_the_others_stay(acme: Tenant) -> None:
    await acme.put("a", "one", "two", "three")
    answer = await acme("POST", f"{STORE}/destroy/a", {"versions": [2, 1, 2]})
    assert (answer.status, answer.json()) == (200, {"name": "a", "destroyed": [1, 2]})
    assert answer.position == (await acme.events("secret.versions.destroyed"))[-1]["position"]
    for number in (1, 2):
        refused(await acme("GET", f"{STORE}/a?version={number}"), 404, "not-found")
        refused(await acme("GET", f"{STORE}/history/a?version={number}"), 404, "not-found")
        refused(await acme("GET", f"{STORE}/a?version={number}&resolve=true"), 404, "not-found")
        refused(await acme("GET", f"{STORE}/diff/a?from={number}&to=3&reveal=true"), 404, "not-found")
    assert await acme.value("a") == "three"


async def test_destroying_all_takes_the_name_and_its_restoration(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    assert (await acme("POST", f"{STORE}/destroy/a", {"all": True})).json()["destroyed"] == [1, 2]
    refused(await acme("GET", f"{STORE}/a"), 404, "not-found")
    refused(await acme("POST", f"{STORE}/undelete/a"), 409, "conflict")
    refused(await acme("POST", f"{STORE}/destroy/a", {"all": True}), 409, "conflict")
    assert (await acme("POST", f"{STORE}/a", {"value": "anew"})).json()["version"] == 3
    assert await acme.value("a") == "anew"


async def test_deleted_secret_can_be_destroyed(acme: Tenant) -> None:
    await acme.put("a", "one")
    await acme("DELETE", f"{STORE}/a")
    assert (await acme("POST", f"{STORE}/destroy/a", {"versions": [1]})).status == 200
    refused(await acme("POST", f"{STORE}/undelete/a"), 409, "conflict")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"all": False}, {"versions": []}, {"versions": [1], "all": True}, {"versions": [0]}, {"versions": [3]},
        {"versions": ["1"]}, {"versions": [1.5]}, {"versions": [1, -1]}, {"versions": 1}, {"all": 1}, {"al": True},
        {"versions": [True]}, {"versions": list(range(1, 10_002))},
    ],
)  # fmt: skip
async def test_destruction_that_is_not_clear_is_refused(body: object, acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    refused(await acme("POST", f"{STORE}/destroy/a", body), 400, "invalid")
    assert await states(acme) == [(2, "current"), (1, "superseded")]
    refused(await acme("POST", f"{STORE}/destroy/b", {"all": True}), 404, "not-found")


async def test_destroyed_key_is_in_no_file_and_the_log_still_verifies(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    system = acme.system
    wrapped = await wrapped_key(acme, "a", 1)
    assert in_files(system.folder, wrapped)
    assert (await acme("POST", f"{STORE}/destroy/a", {"versions": [1]})).status == 200
    assert not in_files(system.folder, wrapped), "the key is left in the write-ahead log"
    checkpointed(system)
    assert not in_files(system.folder, wrapped), "the key is left in the database file"
    assert await verified(system) == await system.head()


async def wrapped_key(tenant: Tenant, path: str, number: int) -> bytes:
    ((wrapped,),) = await tenant.system.rows(
        """SELECT k.wrapped FROM sealed_keys k JOIN secret_versions v ON v.seal_id = k.seal_id
        WHERE v.tenant = ? AND v.path = ? AND v.number = ?""",
        tenant.id, path, number,
    )  # fmt: skip
    return bytes(wrapped)


def in_files(folder: Path, wanted: bytes) -> list[str]:
    return [path.name for path in folder.iterdir() if wanted in path.read_bytes()]


def checkpointed(system: Assembly) -> None:
    from sqlite3 import connect  # noqa: PLC0415 - only here

    with closing(connect(system.folder / "trstctl.db")) as connection:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy


async def verified(system: Assembly) -> int:
    """How long the chain is, every link and the digest of every sealed value computed anew."""
    rows = await system.rows("SELECT * FROM events ORDER BY position")
    prev = GENESIS
    for number, (position, *header, body, prev_hash, digest) in enumerate(rows, start=1):
        assert (position, prev_hash) == (number, prev)
        prev = link(prev, position, sha256(header_bytes(*header)).digest(), sha256(body).digest())
        assert digest == prev
        fields = decoded(body)
        if "seal_digest" in fields:
            ((sealed,),) = await system.rows("SELECT sealed FROM sealed_values WHERE seal_id = ?", fields["seal_id"])
            assert sha256(sealed).hexdigest() == fields["seal_digest"]
    return len(rows)


async def test_copy_taken_after_destruction_does_not_bring_the_value_back(acme: Tenant, tmp_path: Path) -> None:
    await acme.put("a", "one", "two")
    await acme("POST", f"{STORE}/destroy/a", {"versions": [1]})
    copied = copytree(acme.system.folder, tmp_path / "copy")
    async with assembled(copied) as restored:
        client = AsgiClient(restored.app(), acme.client.token)
        assert (await client("GET", f"{STORE}/a")).json()["value"] == "two"
        refused(await client("GET", f"{STORE}/history/a?version=1"), 404, "not-found")
        ((row,),) = await restored.rows(
            """SELECT count(*) FROM sealed_keys WHERE seal_id IN
            (SELECT seal_id FROM secret_versions WHERE tenant = ? AND path = 'a')""",
            acme.id,
        )
        assert row == 1
        assert await verified(restored) == await restored.head()


async def test_versions_written_at_once_are_numbered_without_gaps(acme: Tenant) -> None:
    await acme.put("a", "0")
    answers = await asyncio.gather(*(acme("PUT", f"{STORE}/a", {"value": str(number)}) for number in range(20)))
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 22))
    for answer in answers:
        number = answers.index(answer)
        assert await acme.value("a", f"?version={answer.json()['version']}") == str(number)


async def test_of_writers_checking_the_same_version_one_succeeds(acme: Tenant) -> None:
    await acme.put("a", "0")
    answers = await asyncio.gather(*(acme("PUT", f"{STORE}/a", {"value": "x", "cas": 1}) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 9


async def test_of_creators_of_one_name_one_succeeds(acme: Tenant) -> None:
    answers = await asyncio.gather(*(acme("POST", f"{STORE}/a", {"value": "x"}) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 9
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"already-exists"}
