"""Whatever a write changes, sent again with its Idempotency-Key it changes nothing, and is answered as at first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio
Request = tuple[str, str, dict[str, Any] | None]
_ROLE = {"bind_secret_id": True, "token_policies": ["default"]}

WRITES: list[list[Request]] = [
    [("POST", "auth/token/create", {"policies": ["default"]})],
    [("POST", "auth/token/create-orphan", {"policies": ["default"]})],
    [("POST", "auth/token/roles/ci", {"orphan": True}), ("POST", "auth/token/create/ci", {"policies": ["default"]})],
    [("POST", "auth/token/roles/ci", {"orphan": True})],
    [("POST", "cubbyhole/a", {"x": "1"})],
    [("POST", "cubbyhole/a", {"x": "1"}), ("DELETE", "cubbyhole/a", None)],
    [("POST", "sys/auth/approle", {"type": "approle"})],
    [("POST", "sys/mounts/kv", {"type": "kv"}), ("DELETE", "sys/mounts/kv", None)],
    [("POST", "sys/policies/acl/p", {"policy": 'path "secret/data/*" { capabilities = ["read"] }'})],
    [("POST", "sys/auth/approle", {"type": "approle"}), ("POST", "auth/approle/role/ci", _ROLE)],
    [
        ("POST", "sys/auth/approle", {"type": "approle"}),
        ("POST", "auth/approle/role/ci", _ROLE),
        ("POST", "auth/approle/role/ci/custom-secret-id", {"secret_id": "0123456789abcdef0123456789abcdef"}),
    ],
    [
        ("POST", "sys/auth/approle", {"type": "approle"}),
        ("POST", "auth/approle/role/ci", _ROLE),
        ("POST", "auth/approle/role/ci/secret-id", {}),
    ],
    [
        ("POST", "sys/auth/userpass", {"type": "userpass"}),
        ("POST", "auth/userpass/users/ada", {"password": "correct horse battery"}),
    ],
    [("POST", "secret/data/a", {"data": {"a": "1"}}), ("DELETE", "secret/metadata/a", None)],
    [("POST", "secret/metadata/a", {"max_versions": 3})],
]


@pytest.mark.parametrize("writes", WRITES, ids=lambda writes: "-".join(writes[-1][:2]).replace("/", "."))
async def test_a_write_that_is_repeated_with_its_key_is_done_once(acme: VaultTenant, writes: list[Request]) -> None:
    *before, (method, path, fields) = writes
    for request in before:
        await acme.data(*request)
    first = await acme(method, path, fields, idempotency_key="k")
    assert first.status in {200, 204}, first
    told, events = _told(first), await _events(acme)
    again = await acme(method, path, fields, idempotency_key="k")
    assert (again.status, _told(again), await _events(acme)) == (first.status, told, events), again


async def test_a_renewal_that_is_repeated_with_its_key_is_done_once(acme: VaultTenant) -> None:
    made = (await acme("POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})).json()["auth"]
    for path, fields in (
        ("renew", {"token": made["client_token"]}),
        ("renew-accessor", {"accessor": made["accessor"]}),
    ):
        first = await acme("POST", f"auth/token/{path}", fields, idempotency_key=path)
        events = await _events(acme)
        again = await acme("POST", f"auth/token/{path}", fields, idempotency_key=path)
        assert (again.status, again.json()["auth"]) == (200, first.json()["auth"]), again
        assert await _events(acme) == events


async def test_who_repeats_the_creation_of_a_token_is_told_which_it_was_but_not_its_text(acme: VaultTenant) -> None:
    first, again = [
        await acme("POST", "auth/token/create", {"policies": ["default"]}, idempotency_key="k") for _ in "12"
    ]
    assert again.json()["auth"]["accessor"] == first.json()["auth"]["accessor"]
    assert again.json()["auth"]["client_token"] == ""
    assert "told then" in again.json()["warnings"][0]
    assert first.json()["auth"]["client_token"] not in again.body.decode()


def _told(answer: Any) -> object:
    """What is told again: all but what is told once."""
    if not answer.body:
        return None
    body = answer.json()
    told = {**(body["auth"] or {}), **(body["data"] or {})}
    return {name: value for name, value in told.items() if name not in {"client_token", "secret_id"}}


async def _events(acme: VaultTenant) -> int:
    ((count,),) = await acme.system.rows(
        "SELECT count(*) FROM events WHERE tenant = ? AND type NOT LIKE '%.used'", acme.id
    )
    return int(count)
