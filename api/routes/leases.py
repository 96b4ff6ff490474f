"""/api/v1/secrets/leases: credentials that end by themselves."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, get, post

from api.decoding import body_of, no_query, one_line, query_of
from api.lease_bodies import LeaseBody, RenewBody, RevokeLeaseBody, RevokeLeasesBody
from api.queries import LeaseAuditQuery, LeasesQuery
from api.replies import answer
from api.requests import AnyRequest, call, rest, services
from domain.commands.lease_audit import Audited
from domain.commands.lease_terms import LeaseMeta
from domain.commands.leases import Revoking
from domain.views import LeaseFilter

LEASES: Final = "/api/v1/secrets/leases"
_ONE: Final = f"{LEASES}/{{lease_id:str}}"


class LeasePage(msgspec.Struct, frozen=True):
    """Leases in order of time; `next_cursor` is where to go on, None at the end."""

    items: list[LeaseMeta]
    next_cursor: str | None


class LeaseAuditReport(msgspec.Struct, frozen=True):
    """Each backend compared with the log."""

    items: list[Audited]


@post(LEASES, operation_id="issueLease", tags=["leases"])
async def issue(request: AnyRequest) -> Response[LeaseMeta]:
    """A new credential; `credential` is in this answer and never again."""
    no_query(request)
    body = body_of(request, LeaseBody)
    making = services(request).lease_making
    return answer(*await making.issue(call(request, 201), body.provider, body.role, body.ttl_seconds), status=201)


@get(LEASES, operation_id="listLeases", tags=["leases"])
async def page(request: AnyRequest) -> Response[LeasePage]:
    """Leases, without their credentials: of provider, role, subject or state, or all."""
    query = query_of(request, LeasesQuery)
    wanted = LeaseFilter(
        provider=query.provider, role=query.role, subject=query.subject, state=query.state, prefix=query.prefix
    )
    items, cursor = await services(request).leases.page(call(request), wanted, query.cursor, query.limit)
    return answer(LeasePage(items, cursor or None), 0)


@get(f"{LEASES}/audit", operation_id="auditLeases", tags=["leases"])
async def audit(request: AnyRequest) -> Response[LeaseAuditReport]:
    """The accounts at each backend compared with the log: orphans are there and not here, ghosts here and not there."""
    query = query_of(request, LeaseAuditQuery)
    return answer(LeaseAuditReport(await services(request).lease_audit.audit(call(request), query.provider)), 0)


@get(_ONE, operation_id="showLease", tags=["leases"])
async def show(request: AnyRequest) -> Response[LeaseMeta]:
    """One lease, without its credential."""
    no_query(request)
    return answer(await services(request).leases.show(call(request), rest(request, f"{LEASES}/")), 0)


@post(f"{_ONE}/renew", operation_id="renewLease", tags=["leases"], status_code=200)
async def renew(request: AnyRequest) -> Response[LeaseMeta]:
    """Let it live longer, at the backend too; at most to its role's longest life."""
    no_query(request)
    body = body_of(request, RenewBody)
    lease_id = rest(request, f"{LEASES}/").removesuffix("/renew")
    return answer(*await services(request).leases.renew(call(request), lease_id, body.extend_seconds))


@post(f"{_ONE}/revoke", operation_id="revokeLease", tags=["leases"], status_code=200)
async def revoke(request: AnyRequest) -> Response[LeaseMeta]:
    """Take the credential back now. `state` is `revoked` once the backend was seen not to have it any more."""
    no_query(request)
    reason = one_line(body_of(request, RevokeLeaseBody).reason, "reason")
    lease_id = rest(request, f"{LEASES}/").removesuffix("/revoke")
    return answer(*await services(request).leases.revoke(call(request), lease_id, reason))


@post(f"{LEASES}/revoke", operation_id="revokeLeases", tags=["leases"], status_code=200)
async def revoke_all(request: AnyRequest) -> Response[Revoking]:
    """Take back every credential of a provider, role, prefix of `provider/role`, or subject."""
    no_query(request)
    body = body_of(request, RevokeLeasesBody)
    wanted = LeaseFilter(
        provider=body.provider and one_line(body.provider, "provider"),
        role=body.role and one_line(body.role, "role"),
        subject=body.subject and one_line(body.subject, "subject"),
        prefix=body.prefix and one_line(body.prefix, "prefix"),
    )
    return answer(*await services(request).leases.revoke_all(call(request), wanted, one_line(body.reason, "reason")))


ROUTES = [issue, page, audit, show, renew, revoke, revoke_all]
