"""/api/v1/secrets/rotations: standing accounts behind stored secrets, replaced or left as they were."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, get, post

from api.decoding import body_of, no_query, one_line, query_of
from api.queries import RotationsQuery
from api.replies import answer
from api.requests import AnyRequest, call, rest, services
from api.rotation_bodies import RotationBody
from domain.commands.rotation_terms import RotationMeta
from domain.commands.rotations import RotationWish

ROTATIONS: Final = "/api/v1/secrets/rotations"


class RotationPage(msgspec.Struct, frozen=True):
    """Rotations, newest first; `next_cursor` is where to go on, None at the end."""

    items: list[RotationMeta]
    next_cursor: str | None


@post(ROTATIONS, operation_id="runRotation", tags=["rotations"], status_code=200)
async def run(request: AnyRequest) -> Response[RotationMeta]:
    """Make a new account, cut the stored secret over to it, log in with what is stored, end the old; or undo it all."""
    no_query(request)
    body = body_of(request, RotationBody)
    wish = RotationWish(
        provider=body.provider,
        key=body.key,
        old_ref=one_line(body.old_ref, "old_ref"),
        grace_seconds=body.grace_seconds,
    )
    return answer(*await services(request).rotations.run(call(request), wish))


@get(ROTATIONS, operation_id="listRotations", tags=["rotations"])
async def page(request: AnyRequest) -> Response[RotationPage]:
    """Rotations, newest first: of a key, of a schedule, or all."""
    query = query_of(request, RotationsQuery)
    items = await services(request).rotations.page(
        call(request), query.key, query.schedule_id, query.cursor, query.limit
    )
    return answer(RotationPage(items, items[-1].id if len(items) == query.limit else None), 0)


@get(f"{ROTATIONS}/{{rotation_id:str}}", operation_id="showRotation", tags=["rotations"])
async def show(request: AnyRequest) -> Response[RotationMeta]:
    """One rotation, and how far it is."""
    no_query(request)
    return answer(await services(request).rotations.show(call(request), rest(request, f"{ROTATIONS}/")), 0)


ROUTES = [run, page, show]
