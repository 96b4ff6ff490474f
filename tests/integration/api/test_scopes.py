"""Which scope each route asks for: with it alone the request is let through, with all others it is not."""

from __future__ import annotations

import re

import pytest

from domain.scopes import BOUNDABLE, VERBS
from tests.integration.api.tenants import (
    APPROVALS,
    ATTENTION,
    EVENTS,
    INJECTIONS,
    KEYS,
    STORE,
    TOKENS,
    Tenant,
    asked,
    refused,
)
from tests.integration.api.test_tenants import routes
from tests.integration.api.transit_routes import TRANSIT_NEEDS

pytestmark = pytest.mark.anyio

SHARES = "/api/v1/secrets/shares"
LEASES = "/api/v1/secrets/leases"
PROVIDERS = "/api/v1/secrets/providers"
ROTATIONS = "/api/v1/secrets/rotations"
SCHEDULES = "/api/v1/secrets/rotation-schedules"
LEASE = {"provider": "p", "role": "r"}
ROTATION = {"provider": "p", "key": "a", "old_ref": "o"}
AT = {"at": "2020-01-01T00:00:00Z"}
WHY = {"reason": "settled"}
TOKEN = {"subject": "ci", "scopes": ["access:write"]}

# Route, request, scopes that are needed and suffice.
NEEDS: list[tuple[tuple[str, str], str, object, set[str]]] = [
    (("POST", STORE), STORE, {"name": "new", "value": "x"}, {"secrets:write"}),
    (("GET", STORE), STORE, None, {"secrets:list"}),
    (("GET", STORE), f"{STORE}?delimiter=/&deleted=true", None, {"secrets:list"}),
    (("POST", f"{STORE}/{{path:path}}"), f"{STORE}/new", {"value": "x"}, {"secrets:write"}),
    (("GET", f"{STORE}/{{path:path}}"), f"{STORE}/a", None, {"secrets:read"}),
    (("GET", f"{STORE}/{{path:path}}"), f"{STORE}/a?version=1", None, {"secrets:read"}),
    (("GET", f"{STORE}/{{path:path}}"), f"{STORE}/a?resolve=true", None, {"secrets:read"}),
    (("PUT", f"{STORE}/{{path:path}}"), f"{STORE}/a", {"value": "x"}, {"secrets:write"}),
    (("DELETE", f"{STORE}/{{path:path}}"), f"{STORE}/a", None, {"secrets:delete"}),
    (("GET", f"{STORE}/history/{{path:path}}"), f"{STORE}/history/a", None, {"secrets:list"}),
    (("GET", f"{STORE}/history/{{path:path}}"), f"{STORE}/history/a?version=1", None, {"secrets:read"}),
    (("POST", f"{STORE}/recover/{{path:path}}"), f"{STORE}/recover/a", AT, {"secrets:write"}),
    (("POST", f"{STORE}/undelete/{{path:path}}"), f"{STORE}/undelete/gone", None, {"secrets:write"}),
    (("POST", f"{STORE}/destroy/{{path:path}}"), f"{STORE}/destroy/a", {"all": True}, {"secrets:destroy"}),
    (("POST", f"{STORE}/import"), f"{STORE}/import", {"values": {"i": "x"}}, {"secrets:write"}),
    (("GET", f"{STORE}/export"), f"{STORE}/export", None, {"secrets:export", "secrets:read"}),
    (("GET", f"{STORE}/diff"), f"{STORE}/diff?left=l&right=r", None, {"secrets:list"}),
    (("GET", f"{STORE}/diff"), f"{STORE}/diff?left=l&right=r&reveal=true", None, {"secrets:list", "secrets:read"}),
    (("GET", f"{STORE}/diff/{{path:path}}"), f"{STORE}/diff/a?from=1&to=2", None, {"secrets:list"}),
    (
        ("GET", f"{STORE}/diff/{{path:path}}"),
        f"{STORE}/diff/a?from=1&to=2&reveal=true",
        None,
        {"secrets:list", "secrets:read"},
    ),
    (("GET", f"{STORE}/references/{{path:path}}"), f"{STORE}/references/a", None, {"secrets:list"}),
    (("POST", INJECTIONS), INJECTIONS, {"variables": {"A": "a"}}, {"secrets:read"}),
    (("POST", INJECTIONS), INJECTIONS, {"prefix": "l/", "resolve": True}, {"secrets:read"}),
    (
        ("POST", f"{STORE}/approvals/{{path:path}}"),
        f"{STORE}/approvals/guarded/a",
        {"action": "rotate"},
        {"approvals:decide"},
    ),
    (
        ("POST", f"{APPROVALS}/{{approval_id:str}}/approve"),
        f"{APPROVALS}/{{approval}}/approve",
        None,
        {"approvals:decide"},
    ),
    (
        ("POST", f"{APPROVALS}/{{approval_id:str}}/deny"),
        f"{APPROVALS}/{{approval}}/deny",
        {"reason": "no"},
        {"approvals:decide"},
    ),
    (("POST", TOKENS), TOKENS, TOKEN, {"access:write"}),
    (("POST", KEYS), KEYS, {**TOKEN, "ttl_seconds": 60}, {"access:write"}),
    (("GET", TOKENS), TOKENS, None, {"access:read"}),
    (("DELETE", f"{TOKENS}/{{token_id:str}}"), f"{TOKENS}/tok_0", None, {"access:write"}),
    (("GET", ATTENTION), ATTENTION, None, {"operations:read"}),
    (("POST", f"{ATTENTION}/{{work_id:str}}/retry"), f"{ATTENTION}/w/retry", None, {"operations:write"}),
    (("POST", f"{ATTENTION}/{{work_id:str}}/resolve"), f"{ATTENTION}/w/resolve", WHY, {"operations:write"}),
    (("POST", SHARES), SHARES, {"value": "x"}, {"shares:create"}),
    (("POST", LEASES), LEASES, LEASE, {"leases:issue"}),
    (("GET", f"{LEASES}/audit"), f"{LEASES}/audit", None, {"leases:read"}),
    (("GET", PROVIDERS), PROVIDERS, None, {"providers:read"}),
    (("GET", f"{PROVIDERS}/{{name:str}}"), f"{PROVIDERS}/p", None, {"providers:read"}),
    (("PUT", f"{PROVIDERS}/{{name:str}}"), f"{PROVIDERS}/p", {"kind": "redis"}, {"providers:write"}),
    (("DELETE", f"{PROVIDERS}/{{name:str}}"), f"{PROVIDERS}/p", None, {"providers:write"}),
    (("POST", f"{PROVIDERS}/{{name:str}}/test"), f"{PROVIDERS}/p/test", None, {"providers:read"}),
    (("PUT", f"{PROVIDERS}/{{name:str}}/roles/{{role:str}}"), f"{PROVIDERS}/p/roles/r", {}, {"providers:write"}),
    (("DELETE", f"{PROVIDERS}/{{name:str}}/roles/{{role:str}}"), f"{PROVIDERS}/p/roles/r", None, {"providers:write"}),
    (("POST", ROTATIONS), ROTATIONS, ROTATION, {"rotations:run", "secrets:write"}),
    (("GET", ROTATIONS), ROTATIONS, None, {"rotations:read"}),
    (("GET", f"{ROTATIONS}/{{rotation_id:str}}"), f"{ROTATIONS}/rot_0", None, {"rotations:read"}),
    (
        ("POST", SCHEDULES),
        SCHEDULES,
        {**ROTATION, "name": "n", "interval_seconds": 60},
        {"rotations:write", "rotations:run", "secrets:write"},
    ),
    (("GET", SCHEDULES), SCHEDULES, None, {"rotations:read"}),
    (("GET", f"{SCHEDULES}/{{schedule_id:str}}"), f"{SCHEDULES}/rsc_0", None, {"rotations:read"}),
    *TRANSIT_NEEDS,
    (("GET", EVENTS), EVENTS, None, {"audit:read"}),
    (("GET", "/api/v1/audit/export"), "/api/v1/audit/export", None, {"audit:read"}),
    (("POST", "/api/v1/audit/verify"), "/api/v1/audit/verify", None, {"audit:verify"}),
    (("GET", "/api/v1/audit/checkpoints"), "/api/v1/audit/checkpoints", None, {"audit:read"}),
    (("POST", "/api/v1/audit/checkpoints"), "/api/v1/audit/checkpoints", None, {"audit:verify"}),
]
WITHOUT_SCOPE = {
    ("GET", path)
    for path in (
        "/api/v1/access/whoami", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/docs",
        "/api/v1/audit/key", "/s",
    )
}  # fmt: skip

OF_ONES_OWN = {
    ("GET", SHARES),
    ("GET", f"{SHARES}/{{share_id:str}}"),
    ("DELETE", f"{SHARES}/{{share_id:str}}"),
    ("POST", f"{SHARES}/redeem"),
    ("GET", APPROVALS),
    ("GET", f"{APPROVALS}/{{approval_id:str}}"),
    ("POST", f"{APPROVALS}/{{approval_id:str}}/withdraw"),
    ("GET", LEASES),
    ("GET", f"{LEASES}/{{lease_id:str}}"),
    ("POST", f"{LEASES}/{{lease_id:str}}/renew"),
    ("POST", f"{LEASES}/{{lease_id:str}}/revoke"),
    ("POST", f"{LEASES}/revoke"),
    ("PATCH", f"{SCHEDULES}/{{schedule_id:str}}"),
    ("DELETE", f"{SCHEDULES}/{{schedule_id:str}}"),
    ("POST", f"{SCHEDULES}/{{schedule_id:str}}/run"),
}
"""Routes on which everybody finds what is their own, or whose scope is that of the thing itself.

`test_approvals.py`, `test_leases.py` and `test_rotations.py` test who finds more.
"""


def test_every_route_says_which_scope_it_needs() -> None:
    assert {route for route, *_ in NEEDS} | WITHOUT_SCOPE | OF_ONES_OWN == routes()


@pytest.fixture
async def filled(acme: Tenant) -> Tenant:
    """A tenant in which each request finds something."""
    await acme.put("a", "one", "two")
    await acme.put("gone", "x")
    await acme("DELETE", f"{STORE}/gone")
    for name in ("l/x", "r/x"):
        await acme.put(name, name)
    acme.approval = (await asked(acme, "a"))[1]
    return acme


IDS = [f"{number} {route[0]} {target}" for number, (route, target, *_) in enumerate(NEEDS)]


@pytest.mark.parametrize("route,target,body,needed", NEEDS, ids=IDS)
async def test_route_asks_for_its_scopes_and_no_other(
    route: tuple[str, str], target: str, body: object, needed: set[str], filled: Tenant
) -> None:
    target = target.replace("{approval}", filled.approval)
    for lacking in needed:
        client = await filled.holding(*(VERBS - {lacking}))
        before = await filled.system.head()
        problem = refused(await client(route[0], target, body), 403, "forbidden")
        assert lacking in problem["detail"]
        assert await filled.system.head() == before
    answer = await (await filled.holding(*needed))(route[0], target, body)
    assert answer.status not in {401, 403}, answer


BOUNDED = [
    need for need in NEEDS if need[3] <= BOUNDABLE and re.search(r"/a($|\?)|'A': 'a'", f"{need[1]}{need[2] or ''}")
]


@pytest.mark.parametrize("route,target,body,needed", BOUNDED, ids=[IDS[NEEDS.index(need)] for need in BOUNDED])
async def test_scope_may_be_bounded_to_the_path(
    route: tuple[str, str], target: str, body: object, needed: set[str], filled: Tenant
) -> None:
    outside = await filled.holding(*(f"{scope}:b*" for scope in needed), *(f"{scope}:a/*" for scope in needed))
    refused(await outside(route[0], target, body), 403, "forbidden")
    answer = await (await filled.holding(*(f"{scope}:a" for scope in needed)))(route[0], target, body)
    assert answer.status not in {401, 403}, answer
