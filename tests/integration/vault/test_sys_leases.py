"""`sys/leases`: looked up, renewed and revoked, by body and by path, alone and by prefix."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from adapters.provider_table import KINDS
from tests.fakes.memory_backend import PLACES, Place
from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio
PROVIDERS = "/api/v1/secrets/providers"
_NUMBERS = count()


@pytest.fixture
async def place(acme: VaultTenant, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """A backend in memory that two providers of acme are, one of them under a mount of its own."""
    monkeypatch.setitem(KINDS, "memory", "tests.fakes.memory_backend")
    name = f"vault-place-{next(_NUMBERS)}"
    body = {"kind": "memory", "connection": {"place": name}, "credentials": {"password": "of-the-backend"}}
    role = {"default_ttl_seconds": 900, "max_ttl_seconds": 3600, "settings": {"may": "read"}}
    for provider in ("mem", "team--db--mem"):
        assert (await acme.native("PUT", f"{PROVIDERS}/{provider}", body)).status == 200
        for each in ("readonly", "other"):
            assert (await acme.native("PUT", f"{PROVIDERS}/{provider}/roles/{each}", role)).status == 200
    PLACES[name] = Place()
    yield PLACES[name]
    acme.system.clock.advance(days=2)
    await acme.system.process()
    del PLACES[name]


async def issued(acme: VaultTenant, provider: str = "mem", role: str = "readonly", ttl: int = 900) -> str:
    """The id that Vault's clients know a new lease by."""
    body = {"provider": provider, "role": role, "ttl_seconds": ttl}
    answer = await acme.native("POST", "/api/v1/secrets/leases", body)
    assert answer.status == 201, answer
    mount = "team/db/" if provider != "mem" else "database/"
    return f"{mount}creds/{role}/{answer.json()['id']}"


async def keys(acme: VaultTenant, prefix: str) -> Any:
    answer = await acme("LIST", f"sys/leases/lookup/{prefix}")
    return answer.json()["data"]["keys"] if answer.status == 200 else answer.status


@pytest.mark.usefixtures("place")
async def test_a_lease_is_looked_up_by_its_path_and_id(acme: VaultTenant) -> None:
    lease_id = await issued(acme)
    data = await acme.data("PUT", "sys/leases/lookup", {"lease_id": lease_id})
    assert (data["id"], data["path"], data["renewable"]) == (lease_id, "database/creds/readonly", True)
    assert 895 <= data["ttl"] <= 900
    assert data["issue_time"] < data["expire_time"]
    for wrong in ("database/creds/other/" + lease_id.rpartition("/")[2], "database/creds/readonly/x", "x"):
        answer = await acme("PUT", "sys/leases/lookup", {"lease_id": wrong})
        assert (answer.status, answer.json()) == (400, {"errors": ["invalid lease"]})


@pytest.mark.usefixtures("place")
async def test_leases_are_listed_a_level_at_a_time(acme: VaultTenant) -> None:
    one, two, three = await issued(acme), await issued(acme, role="other"), await issued(acme, "team--db--mem")
    assert await keys(acme, "") == ["database/", "team/"]
    assert await keys(acme, "database/creds/") == ["other/", "readonly/"]
    assert await keys(acme, "database/creds/readonly") == [one.rpartition("/")[2]]
    assert await keys(acme, "team/db/creds/readonly/") == [three.rpartition("/")[2]]
    assert await keys(acme, "database/creds/none/") == 404
    assert (await acme("PUT", "sys/leases/revoke", {"lease_id": two, "sync": True})).status == 204
    assert await keys(acme, "database/creds/other/") == 404


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("form", ["leases/renew", "renew"])
async def test_a_lease_is_renewed_to_so_many_seconds_from_now(acme: VaultTenant, form: str) -> None:
    lease_id = await issued(acme)
    answer = (await acme("PUT", f"sys/{form}", {"lease_id": lease_id, "increment": 1800})).json()
    assert (answer["lease_id"], answer["renewable"]) == (lease_id, True)
    assert 1795 <= answer["lease_duration"] <= 1800
    shorter = (await acme("PUT", f"sys/{form}/{lease_id}", {"increment": "10m"})).json()
    assert 1795 <= shorter["lease_duration"] <= 1800
    acme.system.clock.advance(minutes=25)
    usual = (await acme("PUT", f"sys/{form}/{lease_id}")).json()
    assert 895 <= usual["lease_duration"] <= 900


@pytest.mark.usefixtures("place")
async def test_a_renewal_stops_at_the_longest_life_and_says_so(acme: VaultTenant) -> None:
    lease_id = await issued(acme)
    answer = (await acme("PUT", "sys/leases/renew", {"lease_id": lease_id, "increment": 36000})).json()
    assert (3595 <= answer["lease_duration"] <= 3600, answer["renewable"]) == (True, False)
    answer = (await acme("PUT", "sys/leases/renew", {"lease_id": lease_id, "increment": 36000})).json()
    assert answer["warnings"] == ["the lease is at the end of its longest life"]
    unknown = await acme("PUT", "sys/leases/renew", {"lease_id": "database/creds/readonly/lse_" + "0" * 24})
    assert (unknown.status, unknown.json()) == (400, {"errors": ["lease not found"]})


@pytest.mark.parametrize("form", ["leases/revoke", "revoke"])
async def test_a_lease_is_revoked_by_body_and_by_path(acme: VaultTenant, place: Place, form: str) -> None:
    for by_path in (True, False):
        lease_id = await issued(acme)
        path, body = (f"{form}/{lease_id}", {}) if by_path else (form, {"lease_id": lease_id})
        answer = await acme("PUT", f"sys/{path}", body)
        assert answer.status == 202, answer
        assert place.there == {}
        assert (await acme("PUT", "sys/leases/lookup", {"lease_id": lease_id})).status == 400
        assert (await acme("PUT", f"sys/{path}", {**body, "sync": "true"})).status == 204
    assert (await acme("PUT", "sys/leases/revoke", {})).status == 400
    assert (await acme("PUT", "sys/leases/revoke/what")).status == 400


@pytest.mark.parametrize("form", ["leases/revoke-prefix", "leases/revoke-force", "revoke-prefix"])
async def test_all_under_a_prefix_are_revoked_and_no_others(acme: VaultTenant, place: Place, form: str) -> None:
    for _ in range(3):
        await issued(acme)
    await issued(acme, role="other")
    await issued(acme, "team--db--mem")
    assert (await acme("PUT", f"sys/{form}/database/creds/read")).status == 202
    assert len(place.there) == 5
    assert (await acme("PUT", f"sys/{form}/database/creds/readonly", {"sync": True})).status == 204
    assert len(place.there) == 2
    assert (await acme("PUT", f"sys/{form}/database")).status == 202
    assert len(place.there) == 1
    assert await keys(acme, "") == ["team/"]


@pytest.mark.usefixtures("place")
async def test_policies_say_who_does_what_to_leases(acme: VaultTenant) -> None:
    lease_id = await issued(acme)
    text = 'path "sys/leases/revoke/database/creds/readonly/*" { capabilities = ["update"] }'
    assert (await acme("PUT", "sys/policies/acl/p", {"policy": text})).status == 204
    tokens = [
        (await acme("POST", "auth/token/create", {"policies": [name]})).json()["auth"]["client_token"]
        for name in ("p", "none")
    ]
    revoker, nobody = map(acme.client, tokens)
    # With `default`, whoever knows an id may look it up and renew it, as in Vault.
    assert (await nobody("PUT", "sys/leases/lookup", {"lease_id": lease_id})).status == 200
    assert (await nobody("PUT", "sys/leases/renew", {"lease_id": lease_id})).status == 200
    for method, path in (
        ("PUT", f"sys/leases/revoke/{lease_id}"),
        ("PUT", "sys/leases/revoke-prefix/database"),
        ("LIST", "sys/leases/lookup/database"),
        ("PUT", "sys/leases/tidy"),
    ):
        assert (await nobody(method, path)).status == 403
    assert (await revoker("PUT", f"sys/leases/revoke/{lease_id}")).status == 202
    assert (await acme("PUT", "sys/leases/lookup", {"lease_id": lease_id})).status == 400
    assert (await acme("PUT", "sys/leases/tidy")).status == 202


@pytest.mark.usefixtures("place")
async def test_what_is_repeated_with_its_key_is_told_again(acme: VaultTenant) -> None:
    body = {"lease_id": await issued(acme), "increment": 1800}
    one, two = [(await acme("PUT", "sys/leases/renew", body, idempotency_key="r")).json() for _ in "12"]
    for name in ("lease_id", "renewable", "data"):
        assert one[name] == two[name]
    assert 1790 <= two["lease_duration"] <= 1800
    for name, status in (("a", 202), ("b", 204)):
        body = {"lease_id": await issued(acme), "sync": status == 204}
        answers = [await acme("PUT", "sys/leases/revoke", body, idempotency_key=name) for _ in "12"]
        assert [(each.status, b"provider" in each.body) for each in answers] == [(status, False)] * 2


@pytest.mark.parametrize("prefix", ["database/creds/readonly", "auth/token"])
async def test_a_prefix_is_revoked_once_with_a_key(acme: VaultTenant, place: Place, prefix: str) -> None:
    async def begun() -> None:
        await issued(acme)
        await acme("POST", "auth/token/create", {"policies": ["default"]})

    for name, body in (("a", {}), ("b", {"sync": True})):
        await begun()
        await begun()
        one = await acme("PUT", f"sys/leases/revoke-prefix/{prefix}", body, idempotency_key=name)
        await begun()
        left = len(place.there), len((await acme.data("LIST", "auth/token/accessors"))["keys"])
        two = await acme("PUT", f"sys/leases/revoke-prefix/{prefix}", body, idempotency_key=name)
        assert (one.status, two.status) == ((204, 204) if body else (202, 202))
        assert left == (len(place.there), len((await acme.data("LIST", "auth/token/accessors"))["keys"]))
