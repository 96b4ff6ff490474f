"""A secret's versions: history, recovery, undelete, destruction."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Response, get, post

from api.bodies import DestroyBody, RecoverBody
from api.replies import SecretValue, answer, shown
from api.requests import AnyRequest, call, integer, rest, services
from api.routes.store import STORE
from domain.commands.secrets import Destroyed
from domain.errors import Invalid
from domain.results import SecretMeta
from domain.views import SecretVersion


class HistoryItem(msgspec.Struct, frozen=True, kw_only=True):
    """A version without its value. `state` is current, superseded, deleted or destroyed."""

    version: int
    created_at: datetime
    actor: str
    state: str
    cause: str
    recovered_from: int | None
    destroyed_at: datetime | None


class History(msgspec.Struct, frozen=True):
    """Versions, newest first; `next_cursor` is where to go on, None at the end."""

    name: str
    items: list[HistoryItem]
    next_cursor: str | None


@get(f"{STORE}/history/{{path:path}}", operation_id="secretHistory", tags=["versions"])
async def history(request: AnyRequest) -> Response[History] | Response[SecretValue]:
    """The versions without values; with `version=N` that one's value."""
    path = rest(request, f"{STORE}/history/")
    number = integer(request, "version", default=None, low=1, high=10**12)
    if number is not None:
        done = await services(request).reads.past(call(request), path, number)
        return answer(shown(done.result), done.position)
    before = integer(request, "cursor", default=None, low=1, high=10**18) or 10**18
    limit = integer(request, "limit", default=100, low=1, high=1000) or 100
    found = await services(request).reads.history(call(request), path, before, limit)
    cursor = str(found[-1].number) if len(found) == limit else None
    return answer(History(path, [_item(version) for version in found], cursor), 0)


def _item(version: SecretVersion) -> HistoryItem:
    return HistoryItem(
        version=version.number,
        created_at=version.created_at,
        actor=version.actor,
        state=_state(version),
        cause=version.cause,
        recovered_from=version.recovered_from,
        destroyed_at=version.destroyed_at,
    )


def _state(version: SecretVersion) -> str:
    if version.destroyed_at:
        return "destroyed"
    if not version.live:
        return "deleted"
    return "current" if version.number == version.current else "superseded"


@post(f"{STORE}/recover/{{path:path}}", operation_id="recoverSecret", tags=["versions"], status_code=200)
async def recover(request: AnyRequest, data: RecoverBody) -> Response[SecretMeta]:
    """Write what was current at `at` as the next version."""
    try:
        at = datetime.fromisoformat(data.at)
    except ValueError as error:
        raise Invalid("at is a point in time as in RFC 3339, such as 2026-06-25T12:00:00Z") from error
    return answer(*await services(request).secrets.recover(call(request), rest(request, f"{STORE}/recover/"), at))


@post(f"{STORE}/undelete/{{path:path}}", operation_id="undeleteSecret", tags=["versions"], status_code=200)
async def undelete(request: AnyRequest) -> Response[SecretMeta]:
    """Answer for a deleted name again."""
    return answer(*await services(request).secrets.undelete(call(request), rest(request, f"{STORE}/undelete/")))


@post(f"{STORE}/destroy/{{path:path}}", operation_id="destroySecret", tags=["versions"], status_code=200)
async def destroy(request: AnyRequest, data: DestroyBody) -> Response[Destroyed]:
    """Destroy the data keys of versions for good."""
    if isinstance(data.versions, list) == data.all:
        raise Invalid('say which: {"versions": [1, 2]} or {"all": true}')
    numbers = data.versions if isinstance(data.versions, list) else None
    if numbers is not None and not 1 <= len(numbers) <= 10_000:
        raise Invalid("versions names 1 to 10000 versions")
    return answer(*await services(request).secrets.destroy(call(request), rest(request, f"{STORE}/destroy/"), numbers))


ROUTES = [history, recover, undelete, destroy]
