"""/api/v1/approvals, and approving by path: requests for what needs approval."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post

from api.approval_bodies import ApproveBody, DenyBody
from api.decoding import body_of, no_query, one_line, query_of
from api.queries import ApprovalsQuery
from api.replies import answer
from api.requests import AnyRequest, call, rest, services
from api.routes.store import STORE
from domain.commands.approvals import Decision
from domain.commands.inbox import Approval, ApprovalFilter, ApprovalPage

APPROVALS: Final = "/api/v1/approvals"
_ONE: Final = f"{APPROVALS}/{{approval_id:str}}"


@post(f"{STORE}/approvals/{{path:path}}", operation_id="approveOnPath", tags=["approvals"], status_code=200)
async def approve_on(request: AnyRequest) -> Response[Decision]:
    """Approve the request that waits for this action on this path; never one's own."""
    no_query(request)
    body = body_of(request, ApproveBody)
    path = rest(request, f"{STORE}/approvals/")
    named = body.id if isinstance(body.id, str) else None
    return answer(*await services(request).approvals.approve_on(call(request), path, body.action, named))


@get(APPROVALS, operation_id="listApprovals", tags=["approvals"])
async def page(request: AnyRequest) -> Response[ApprovalPage]:
    """Requests that the caller may see, newest first. `state=pending` is what waits for approvers."""
    query = query_of(request, ApprovalsQuery)
    wanted = ApprovalFilter(state=query.state, path=query.path, requester=query.requester)
    return answer(await services(request).approval_inbox.page(call(request), wanted, query.cursor, query.limit), 0)


@get(_ONE, operation_id="showApproval", tags=["approvals"])
async def show(request: AnyRequest) -> Response[Approval]:
    """One request, with who has approved it."""
    no_query(request)
    return answer(await services(request).approval_inbox.show(call(request), rest(request, f"{APPROVALS}/")), 0)


@post(f"{_ONE}/approve", operation_id="approve", tags=["approvals"], status_code=200)
async def approve(request: AnyRequest) -> Response[Decision]:
    """Approve one request by its id; never one's own."""
    no_query(request)
    return answer(*await services(request).approvals.approve(call(request), _id(request)))


@post(f"{_ONE}/deny", operation_id="denyApproval", tags=["approvals"], status_code=204)
async def deny(request: AnyRequest) -> Response[None]:
    """Refuse a request for good."""
    no_query(request)
    body = body_of(request, DenyBody)
    reason = one_line(body.reason, "reason")
    return _done((await services(request).approvals.deny(call(request, 204), _id(request), reason)).position)


@post(f"{_ONE}/withdraw", operation_id="withdrawApproval", tags=["approvals"], status_code=204)
async def withdraw(request: AnyRequest) -> Response[None]:
    """Give up one's own request."""
    no_query(request)
    return _done((await services(request).approvals.withdraw(call(request, 204), _id(request))).position)


def _id(request: AnyRequest) -> str:
    return rest(request, f"{APPROVALS}/").rpartition("/")[0]


def _done(position: int) -> Response[None]:
    return Response(None, status_code=204, headers={"x-trstctl-position": str(position)})


ROUTES = [approve_on, page, show, approve, deny, withdraw]
