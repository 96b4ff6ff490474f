"""A secret's versions: history, recovery, undelete, destruction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from litestar import Response, get, post

from api.bodies import DestroyBody, RecoverBody
from api.decoding import body_of, in_utc, no_query, query_of
from api.queries import HistoryQuery
from api.replies import SecretValue, answer, shown
from api.requests import AnyRequest, call, rest, services
from api.routes.store import STORE
from domain.commands.secrets import Destroyed
from domain.errors import Invalid
from domain.results import SecretMeta
from domain.secret_view import SecretVersion

_NEWEST: Final = 10**18


class HistoryItem(msgspec.Struct, frozen=True, kw_only=True):
    """A version without its value. `state` is current, superseded, deleted or destroyed."""

    version: int
    created_at: datetime
    actor: str
    state: str
    cause: str
    recovered_from: int | None
    destroyed_at: datetime | None
    content_type: str
    metadata: dict[str, str]


class History(msgspec.Struct, frozen=True):
    """Versions, newest first; `next_cursor` is where to go on, None at the end."""

    name: str
    items: list[HistoryItem]
    next_cursor: str | None


@get(f"{STORE}/history/{{path:path}}", operation_id="secretHistory", tags=["versions"])
async def history(request: AnyRequest) -> Response[History] | Response[SecretValue]:
    """The versions without values; with `version=N` that one's value."""
    query = query_of(request, HistoryQuery)
    path = rest(request, f"{STORE}/history/")
    if query.version is not None:
        done = await services(request).reads.past(call(request), path, query.version)
        return answer(shown(done.result), done.position)
    found = await services(request).reads.history(call(request), path, query.cursor or _NEWEST, query.limit)
    cursor = str(found[-1].number) if len(found) == query.limit else None
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
        content_type=version.content_type,
        metadata=version.metadata,
    )


def _state(version: SecretVersion) -> str:
    if version.destroyed_at:
        return "destroyed"
    if not version.live:
        return "deleted"
    return "current" if version.number == version.current else "superseded"


@post(f"{STORE}/recover/{{path:path}}", operation_id="recoverSecret", tags=["versions"], status_code=200)
async def recover(request: AnyRequest) -> Response[SecretMeta]:
    """Write what was current at `at` as the next version."""
    no_query(request)
    body = body_of(request, RecoverBody)
    path = rest(request, f"{STORE}/recover/")
    return answer(*await services(request).secrets.recover(call(request), path, in_utc(body.at)))


@post(f"{STORE}/undelete/{{path:path}}", operation_id="undeleteSecret", tags=["versions"], status_code=200)
async def undelete(request: AnyRequest) -> Response[SecretMeta]:
    """Answer for a deleted name again."""
    no_query(request)
    return answer(*await services(request).secrets.undelete(call(request), rest(request, f"{STORE}/undelete/")))


@post(f"{STORE}/destroy/{{path:path}}", operation_id="destroySecret", tags=["versions"], status_code=200)
async def destroy(request: AnyRequest) -> Response[Destroyed]:
    """Destroy the data keys of versions for good."""
    no_query(request)
    body = body_of(request, DestroyBody)
    numbers = body.versions if isinstance(body.versions, list) else None
    if (numbers is not None) == body.all:
        raise Invalid('say which: {"versions": [1, 2]} or {"all": true}')
    return answer(*await services(request).secrets.destroy(call(request), rest(request, f"{STORE}/destroy/"), numbers))


ROUTES = [history, recover, undelete, destroy]
