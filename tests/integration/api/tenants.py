"""Tenants as their clients see them, with the requests that most tests begin with."""

from __future__ import annotations

from typing import Any

from api.asgi import ASGIApp
from tests.asgi_client import Answer, AsgiClient
from tests.assembly import Assembly

STORE = "/api/v1/secrets/store"
INJECTIONS = "/api/v1/secrets/injections"
TOKENS = "/api/v1/access/api-tokens"
KEYS = "/api/v1/ephemeral/api-keys"
ATTENTION = "/api/v1/operations/attention"
WHOAMI = "/api/v1/access/whoami"
APPROVALS = "/api/v1/approvals"
EVENTS = "/api/v1/audit/events"


class Tenant:
    """One tenant's clients. Calling it asks as its operator."""

    def __init__(self, system: Assembly, app: ASGIApp, tenant_id: str, token: str) -> None:
        self.system = system
        self.app = app
        self.id = tenant_id
        self.client = AsgiClient(app, token)
        self.approval = ""
        """The id of a request for approval, where a test has made one."""

    @classmethod
    async def begin(cls, system: Assembly, app: ASGIApp, name: str) -> Tenant:
        """A new tenant with an operator's token."""
        tenant_id = await system.new_tenant(name)
        return cls(system, app, tenant_id, await system.new_token(tenant_id))

    async def __call__(self, method: str, target: str, json: object = None, **options: Any) -> Answer:
        return await self.client(method, target, json, **options)

    async def holding(self, *scopes: str, subject: str = "ci", ttl_seconds: int | None = None) -> AsgiClient:
        """A client with these scopes."""
        return AsgiClient(self.app, await self.system.new_token(self.id, subject, scopes, ttl_seconds))

    async def put(self, path: str, *values: str, **more: object) -> None:
        """A secret with these versions."""
        for number, value in enumerate(values):
            method = "PUT" if number else "POST"
            answer = await self(method, f"{STORE}/{path}", {"value": value, **more})
            assert answer.status in {200, 201}, answer

    async def value(self, path: str, query: str = "") -> str:
        """The value, which must be readable."""
        answer = await self("GET", f"{STORE}/{path}{query}")
        assert answer.status == 200, answer
        return str(answer.json()["value"])

    async def events(self, topic: str | None = None) -> list[dict[str, Any]]:
        """What the log holds of this tenant, as header and body, oldest first."""
        rows = await self.system.rows(
            "SELECT position, type, actor, request_id, body FROM events WHERE tenant = ? ORDER BY position", self.id
        )
        found = [
            {"position": position, "type": kind, "actor": actor, "request_id": request_id, **decoded(body)}
            for position, kind, actor, request_id, body in rows
        ]
        return [event for event in found if topic in {None, event["type"]}]


async def asked(tenant: Tenant, name: str) -> tuple[AsgiClient, str]:
    """A client whose request to rotate the secret `guarded/<name>` waits for approval, and the request's id."""
    await tenant.put(f"guarded/{name}", "x")
    client = await tenant.holding("secrets:write", subject=f"asks-for-{name}")
    answer = await client("PUT", f"{STORE}/guarded/{name}", {"value": name})
    return client, str(refused(answer, 403, "approval-required")["approval_id"])


def decoded(body: bytes) -> dict[str, Any]:
    """A body without its salt."""
    fields: dict[str, Any] = Answer(200, {}, body).json()
    del fields["salt"]
    return fields


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The problem that the answer tells of, which must be whole and of this status and code."""
    assert (answer.status, answer.json().get("code")) == (status, code), answer
    problem: dict[str, Any] = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["type"] == f"urn:trstctl:problem:{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["instance"].startswith("/")
    assert answer.headers["cache-control"] == "no-store"
    assert "x-trstctl-position" not in answer.headers
    return problem
