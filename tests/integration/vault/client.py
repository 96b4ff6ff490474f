"""Tenants as clients of Vault see them."""

from __future__ import annotations

from typing import Any

from api.asgi import ASGIApp
from tests.asgi_client import Answer, AsgiClient
from tests.assembly import Assembly


class VaultClient:
    """Sends requests to `/v1/` with a token of its own, as `X-Vault-Token`."""

    def __init__(self, app: ASGIApp, token: str | None, namespace: str = "") -> None:
        self.token = token
        self._client = AsgiClient(app)
        self._headers = {"x-vault-namespace": namespace} if namespace else {}

    async def __call__(self, method: str, path: str, json: object = None, **headers: str) -> Answer:
        """`path` without `/v1/`; headers with `_` for `-`. Bytes are sent as they are, as a body of JSON."""
        fields = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.token is not None:
            fields.setdefault("x-vault-token", self.token)
        if isinstance(json, bytes):
            sent = {"content-type": "application/json", **fields}
            return await self._client(method, f"/v1/{path}", content=json, headers=sent)
        return await self._client(method, f"/v1/{path}", json, headers=fields)

    async def data(self, method: str, path: str, json: object = None, **headers: str) -> Any:
        """The data of an answer that is expected to be a success."""
        answer = await self(method, path, json, **headers)
        assert answer.status in {200, 204}, answer
        return answer.json()["data"] if answer.body else None


class VaultTenant(VaultClient):
    """One tenant. Calling it asks as its operator."""

    def __init__(self, system: Assembly, app: ASGIApp, name: str, tenant_id: str, token: str) -> None:
        super().__init__(app, token)
        self.system = system
        self.app = app
        self.name = name
        self.id = tenant_id
        self.native = AsgiClient(app, token)

    @classmethod
    async def begin(cls, system: Assembly, app: ASGIApp, name: str) -> VaultTenant:
        """A new tenant with an operator's token."""
        tenant_id = await system.new_tenant(name)
        return cls(system, app, name, tenant_id, await system.new_token(tenant_id))

    def client(self, token: str | None) -> VaultClient:
        """A client with another token, or none; it names this tenant as its namespace."""
        return VaultClient(self.app, token, self.name)

    async def holding(self, *scopes: str, subject: str = "ci") -> VaultClient:
        """A client with these scopes."""
        return self.client(await self.system.new_token(self.id, subject, scopes))
