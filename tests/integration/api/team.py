"""A tenant some of whose secrets are guarded, and the people who approve."""

from __future__ import annotations

from cli.server.config.approvals import Approval
from cli.server.config.settings import Secrets
from tests.asgi_client import Answer, AsgiClient
from tests.integration.api.tenants import STORE, Tenant, refused

APPROVALS = "/api/v1/approvals"
EVERY = Secrets(
    approvals=[
        Approval(
            name="all", paths=["db/*"], actions=["create", "rotate", "recover", "delete", "destroy"], ttl_seconds=600
        ),
        Approval(name="two", paths=["db/two*"], actions=["rotate"], approvers_needed=2),
        Approval(name="listed", paths=["db/listed"], actions=["rotate"], approvers=["ada", "grace"]),
        Approval(name="vault", paths=["vault/*"], actions=["read"]),
        Approval(name="only-rotate", paths=["rot/*"], actions=["rotate"]),
        Approval(name="only-delete", paths=["del/*"], actions=["delete"]),
        Approval(name="impossible", paths=["imp/*"], actions=["create"], approvers=["ci"]),
        Approval(name="others", paths=["db/*"], actions=["rotate"], approvers_needed=9, tenants=["somebody-else"]),
    ]
)


class Team:
    """A tenant: `ci` changes things, `ada` and `grace` approve, by tokens that the operator issued."""

    def __init__(self, tenant: Tenant, ci: AsgiClient, ada: AsgiClient, grace: AsgiClient) -> None:
        self.tenant = tenant
        self.ci = ci
        self.ada = ada
        self.grace = grace

    async def put(self, path: str, *values: str) -> None:
        """A secret with these versions, past the gate by breaking the glass."""
        for number, value in enumerate(values):
            answer = await self.tenant(
                "PUT" if number else "POST", f"{STORE}/{path}", {"value": value}, headers={"trstctl-break-glass": "t"}
            )
            assert answer.status in {200, 201}, answer

    async def rotate(
        self, path: str, value: str, client: AsgiClient | None = None, *, key: str = "", glass: str | None = None
    ) -> Answer:
        headers = ({"idempotency-key": key} if key else {}) | ({} if glass is None else {"trstctl-break-glass": glass})
        return await (client or self.ci)("PUT", f"{STORE}/{path}", {"value": value}, headers=headers)

    async def asked(self, path: str, value: str) -> str:
        """The id of a new request."""
        return str(refused(await self.rotate(path, value), 403, "approval-required")["approval_id"])

    async def approve(self, client: AsgiClient, path: str, action: str = "rotate", **more: str) -> Answer:
        return await client("POST", f"{STORE}/approvals/{path}", {"action": action, **more})

    async def approved(self, client: AsgiClient, path: str, action: str = "rotate", **more: str) -> dict[str, object]:
        answer = await self.approve(client, path, action, **more)
        assert answer.status == 200, answer
        told: dict[str, object] = answer.json()
        return told

    async def state(self, approval_id: str) -> str:
        answer = await self.ada("GET", f"{APPROVALS}/{approval_id}")
        assert answer.status == 200, answer
        return str(answer.json()["state"])

    async def topics(self) -> list[str]:
        return [event["type"] for event in await self.tenant.events() if event["type"].startswith("approval.")]
