"""Aggregates rebuilt from their streams: one command at a time, always as of now, and never what was not written."""

from __future__ import annotations

import asyncio

import pytest

from adapters.log.repository import StreamRepository
from domain.api_token import ApiToken, ApiTokenRevoked
from domain.errors import LogBroken
from domain.event import Event
from domain.names import stream_of
from domain.ports import Append
from tests.unit.domain.folding import taken
from tests.unit.log.memory_log import NOW, MemoryLog

pytestmark = pytest.mark.anyio

STREAM = stream_of("api_token", "acme", "tok")


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def repository(log: MemoryLog) -> StreamRepository:
    return StreamRepository(log)


def token(token_id: str = "tok") -> ApiToken:
    return ApiToken.issue(
        "acme", token_id=token_id, subject="ci", scopes=["*"], expires_at=None, parent=None, digest="", at=NOW
    )


def revoke(held: ApiToken) -> None:
    """A change."""
    held.trigger_event(ApiTokenRevoked, token_id=held.token_id, reason="why", timestamp=NOW)


def written(log: MemoryLog, events: list[Event]) -> None:
    outcomes, _ = log.batch.write([Append(tenant="acme", actor="", request_id="", events=events)])
    assert all(isinstance(outcome, int) for outcome in outcomes)


async def revoked(repository: StreamRepository) -> bool:
    async with repository.hold(ApiToken, STREAM) as held:
        assert held is not None
        return held.revoked


async def test_stream_without_events_holds_nothing(repository: StreamRepository) -> None:
    async with repository.hold(ApiToken, STREAM) as held:
        assert held is None


async def test_aggregate_is_what_its_events_make(log: MemoryLog, repository: StreamRepository) -> None:
    issued = token()
    revoke(issued)
    written(log, taken(issued))
    assert await revoked(repository)


async def test_kept_aggregate_is_brought_up_to_what_others_wrote(log: MemoryLog, repository: StreamRepository) -> None:
    issued = token()
    written(log, taken(issued))
    assert not await revoked(repository)
    revoke(issued)
    written(log, taken(issued))
    assert await revoked(repository)


async def test_only_newer_events_are_read_again(log: MemoryLog, repository: StreamRepository) -> None:
    written(log, taken(token()))
    await revoked(repository)
    asked: list[str] = []
    log.connection.set_trace_callback(asked.append)
    await revoked(repository)
    assert len(asked) == 1
    assert "version > 1" in asked[0]


async def test_change_that_was_not_written_is_forgotten(log: MemoryLog, repository: StreamRepository) -> None:
    written(log, taken(token()))
    await revoked(repository)

    async def failing() -> None:
        async with repository.hold(ApiToken, STREAM) as held:
            assert held is not None
            revoke(held)
            taken(held)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await failing()
    assert not await revoked(repository)


async def test_change_whose_events_were_never_taken_is_forgotten(log: MemoryLog, repository: StreamRepository) -> None:
    written(log, taken(token()))
    async with repository.hold(ApiToken, STREAM) as held:
        assert held is not None
        revoke(held)
    assert not await revoked(repository)


async def test_written_change_is_kept(log: MemoryLog, repository: StreamRepository) -> None:
    written(log, taken(token()))
    async with repository.hold(ApiToken, STREAM) as held:
        assert held is not None
        revoke(held)
        written(log, taken(held))
    assert await revoked(repository)


async def test_one_command_at_a_time_holds_an_aggregate(log: MemoryLog, repository: StreamRepository) -> None:
    written(log, taken(token()))
    inside = most = 0

    async def command() -> None:
        nonlocal inside, most
        async with repository.hold(ApiToken, STREAM):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(command() for _ in range(10)))
    assert most == 1
    assert repository._locks == {}


async def test_others_are_held_meanwhile(repository: StreamRepository) -> None:
    another = stream_of("api_token", "acme", "other")
    async with asyncio.timeout(5), repository.hold(ApiToken, STREAM), repository.hold(ApiToken, another) as other:
        assert other is None


async def test_waiting_command_that_is_cancelled_leaves_no_lock(repository: StreamRepository) -> None:
    async def command() -> None:
        async with repository.hold(ApiToken, STREAM):
            await asyncio.sleep(60)

    tasks = [asyncio.create_task(command()) for _ in range(3)]
    await asyncio.sleep(0)
    for task in reversed(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert repository._locks == {}


async def test_most_recently_used_are_kept(log: MemoryLog) -> None:
    repository = StreamRepository(log, capacity=2)
    streams = {name: stream_of("api_token", "acme", name) for name in "abc"}
    for name in streams:
        written(log, taken(token(name)))
    for name in ("a", "b", "a", "c"):
        async with repository.hold(ApiToken, streams[name]):
            pass
    assert list(repository._kept) == [streams["a"], streams["c"]]


async def test_event_that_cannot_be_read_breaks_the_log(log: MemoryLog, repository: StreamRepository) -> None:
    written(log, taken(token()))
    log.connection.execute("DROP TRIGGER events_no_UPDATE")
    log.connection.execute("UPDATE events SET body = x'7b7d'")
    with pytest.raises(LogBroken):
        await revoked(repository)
    assert repository._locks == {}


async def test_many_are_read_at_once_as_they_are_now(log: MemoryLog, repository: StreamRepository) -> None:
    streams = [stream_of("api_token", "acme", name) for name in ("one", "two", "none")]
    for name in ("one", "two"):
        written(log, list(token(name).collect_events()))  # type: ignore[arg-type]  # the library types them as its own base
    found = await repository.unheld(ApiToken, streams)
    assert {stream: each.token_id for stream, each in found.items()} == {streams[0]: "one", streams[1]: "two"}
    revoke(found[streams[0]])
    written(log, list(found[streams[0]].collect_events()))  # type: ignore[arg-type]  # as above
    again = await repository.unheld(ApiToken, streams)
    assert [again[stream].revoked for stream in streams[:2]] == [True, False]
    assert await repository.unheld(ApiToken, []) == {}


async def test_what_somebody_holds_is_left_to_them(log: MemoryLog, repository: StreamRepository) -> None:
    written(log, list(token().collect_events()))  # type: ignore[arg-type]  # as above
    async with repository.hold(ApiToken, STREAM):
        assert await repository.unheld(ApiToken, [STREAM]) == {}
    assert set(await repository.unheld(ApiToken, [STREAM])) == {STREAM}


async def test_log_is_asked_only_if_the_newest_version_may_be_another(log: MemoryLog) -> None:
    newest: dict[str, int] = {}
    repository = StreamRepository(log, newest.get)
    issued = token()
    written(log, taken(issued))
    assert not await revoked(repository)
    revoke(issued)
    written(log, taken(issued))
    newest[str(STREAM)] = 1  # what a store must never say once there is a second event
    assert not await revoked(repository)
    newest[str(STREAM)] = 2
    assert await revoked(repository)
    newest.clear()
    assert await revoked(repository)
