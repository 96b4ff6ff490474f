"""How the routes of providers, leases and rotations keep tenants apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from adapters.provider_table import KINDS
from tests.fakes.memory_backend import PLACES, Place
from tests.integration.api.tenants import STORE, refused

if TYPE_CHECKING:
    from tests.integration.api.test_tenants import Pair

LEASES = "/api/v1/secrets/leases"
PROVIDERS = "/api/v1/secrets/providers"
ROTATIONS = "/api/v1/secrets/rotations"
SCHEDULES = "/api/v1/secrets/rotation-schedules"
MARKER = "marker-of-acme"
WANTED = {"provider": MARKER, "role": MARKER}
WISH = {"provider": MARKER, "key": f"{MARKER}/db", "old_ref": MARKER}
PLAN = {**WISH, "name": MARKER, "interval_seconds": 3600}
NOTHING: dict[str, object] = {"items": [], "next_cursor": None}


async def provided(pair: Pair) -> Place:
    """A provider of the one, with a role and a standing account whose credential is stored."""
    KINDS["memory"] = "tests.fakes.memory_backend"  # a kind of the tests alone
    place = PLACES[MARKER] = Place()
    place.there[MARKER] = pair.acme.system.clock()
    place.passwords[MARKER] = "p"
    body = {"kind": "memory", "connection": {"place": MARKER}}
    assert (await pair.acme("PUT", f"{PROVIDERS}/{MARKER}", body)).status == 200
    assert (await pair.acme("PUT", f"{PROVIDERS}/{MARKER}/roles/{MARKER}", {})).status == 200
    await pair.acme("PUT", f"{STORE}/{MARKER}/db", {"value": f"pg://{MARKER}:p@host/db"})
    return place


async def lease(pair: Pair) -> dict[str, Any]:
    await provided(pair)
    answer = await pair.acme("POST", LEASES, WANTED)
    assert answer.status == 201, answer
    told: dict[str, Any] = answer.json()
    return told


async def issued(pair: Pair) -> None:
    await provided(pair)
    await pair.missing("POST", LEASES, WANTED)


async def leases(pair: Pair) -> None:
    await lease(pair)
    await pair.empty(LEASES, NOTHING)
    await pair.empty(f"{LEASES}?provider={MARKER}", NOTHING)


async def lease_shown(pair: Pair) -> None:
    await pair.missing("GET", f"{LEASES}/{(await lease(pair))['id']}")


async def lease_renewed(pair: Pair) -> None:
    await pair.missing("POST", f"{LEASES}/{(await lease(pair))['id']}/renew", {"extend_seconds": 60})


async def lease_revoked(pair: Pair) -> None:
    await pair.missing("POST", f"{LEASES}/{(await lease(pair))['id']}/revoke")


async def all_revoked(pair: Pair) -> None:
    told = await lease(pair)
    answer = await pair.other("POST", f"{LEASES}/revoke", {"provider": MARKER})
    assert answer.json() == {"revoking": 0}
    assert told["account"] in PLACES[MARKER].there


async def audited(pair: Pair) -> None:
    await lease(pair)
    assert (await pair.silent("GET", f"{LEASES}/audit")).json() == {"items": []}
    assert MARKER.encode() in (await pair.acme("GET", f"{LEASES}/audit")).body


async def providers(pair: Pair) -> None:
    await provided(pair)
    await pair.empty(PROVIDERS, {"items": []})


async def provider_configured(pair: Pair) -> None:
    """The same name is another provider."""
    await provided(pair)
    body = {"kind": "memory", "connection": {"place": "elsewhere"}}
    assert (await pair.other("PUT", f"{PROVIDERS}/{MARKER}", body)).status == 200
    assert (await pair.other("GET", f"{PROVIDERS}/{MARKER}")).json()["roles"] == []
    assert (await pair.acme("GET", f"{PROVIDERS}/{MARKER}")).json()["connection"] == {"place": MARKER}


async def rotation(pair: Pair) -> dict[str, Any]:
    await provided(pair)
    answer = await pair.acme("POST", ROTATIONS, WISH)
    assert answer.status == 200, answer
    told: dict[str, Any] = answer.json()
    return told


async def rotated(pair: Pair) -> None:
    await provided(pair)
    await pair.missing("POST", ROTATIONS, WISH)


async def rotations(pair: Pair) -> None:
    await rotation(pair)
    await pair.empty(ROTATIONS, NOTHING)
    await pair.empty(f"{ROTATIONS}?key={MARKER}/db", NOTHING)


async def rotation_shown(pair: Pair) -> None:
    await pair.missing("GET", f"{ROTATIONS}/{(await rotation(pair))['id']}")


async def schedule(pair: Pair) -> str:
    await provided(pair)
    answer = await pair.acme("POST", SCHEDULES, PLAN)
    assert answer.status == 201, answer
    return str(answer.json()["id"])


async def scheduled(pair: Pair) -> None:
    await provided(pair)
    await pair.missing("POST", SCHEDULES, PLAN)


async def schedules(pair: Pair) -> None:
    await schedule(pair)
    await pair.empty(SCHEDULES, NOTHING)


async def schedule_run(pair: Pair) -> None:
    target = f"{SCHEDULES}/{await schedule(pair)}/run"
    refused(await pair.other("POST", target), 404, "not-found")
    assert (await pair.acme("POST", target)).status == 202


def one(method: str, body: object = None) -> Callable[[Pair], Awaitable[None]]:
    """A request about one schedule."""

    async def check(pair: Pair) -> None:
        await pair.missing(method, f"{SCHEDULES}/{await schedule(pair)}", body)

    return check


def of_provider(method: str, rest: str = "", body: object = None) -> Callable[[Pair], Awaitable[None]]:
    """A request about one provider."""

    async def check(pair: Pair) -> None:
        await provided(pair)
        await pair.missing(method, f"{PROVIDERS}/{MARKER}{rest}", body)

    return check


_LEASE = f"{LEASES}/{{lease_id:str}}"
_PROVIDER = f"{PROVIDERS}/{{name:str}}"
_SCHEDULE = f"{SCHEDULES}/{{schedule_id:str}}"

LEASES_APART: dict[tuple[str, str], Callable[[Pair], Awaitable[None]]] = {
    ("POST", LEASES): issued,
    ("GET", LEASES): leases,
    ("GET", f"{LEASES}/audit"): audited,
    ("GET", _LEASE): lease_shown,
    ("POST", f"{_LEASE}/renew"): lease_renewed,
    ("POST", f"{_LEASE}/revoke"): lease_revoked,
    ("POST", f"{LEASES}/revoke"): all_revoked,
    ("GET", PROVIDERS): providers,
    ("GET", _PROVIDER): of_provider("GET"),
    ("PUT", _PROVIDER): provider_configured,
    ("DELETE", _PROVIDER): of_provider("DELETE"),
    ("POST", f"{_PROVIDER}/test"): of_provider("POST", "/test"),
    ("PUT", f"{_PROVIDER}/roles/{{role:str}}"): of_provider("PUT", "/roles/r", {}),
    ("DELETE", f"{_PROVIDER}/roles/{{role:str}}"): of_provider("DELETE", f"/roles/{MARKER}"),
    ("POST", ROTATIONS): rotated,
    ("GET", ROTATIONS): rotations,
    ("GET", f"{ROTATIONS}/{{rotation_id:str}}"): rotation_shown,
    ("POST", SCHEDULES): scheduled,
    ("GET", SCHEDULES): schedules,
    ("GET", _SCHEDULE): one("GET"),
    ("PATCH", _SCHEDULE): one("PATCH", {"grace_seconds": 60}),
    ("DELETE", _SCHEDULE): one("DELETE"),
    ("POST", f"{_SCHEDULE}/run"): schedule_run,
}
