"""The token itself: what it says, how long it is good, and that it is good for nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import msgspec
import pytest

from domain.backends import Account, Backend, BackendRefused
from tests.backends.kubernetes import LEASES, KubernetesWorld, running
from tests.backends.opening import made, opened, planned
from tests.fakes.kubernetes.tokens import AUDIENCE

pytestmark = pytest.mark.anyio

SETTINGS = "/api/v1/namespaces/shop/configmaps/settings"


def claims_of(world: KubernetesWorld, token: object) -> dict[str, Any]:
    return jwt.decode(str(token), world.cluster.tokens.public_key, algorithms=["RS256"], options={"verify_aud": False})


def review(world: KubernetesWorld, token: object, *audiences: str) -> dict[str, Any]:
    spec = {"token": str(token), "audiences": list(audiences)}
    answer = world.ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews", json={"spec": spec})
    assert answer.status == 201
    found: dict[str, Any] = answer.json()["status"]
    return found


def unrenewable(world: KubernetesWorld, seconds: float) -> Account:
    return planned(world.setup, seconds=seconds, settings=world.setup.other_roles["unrenewable"])


async def test_the_token_is_bound_to_the_account_and_ends_with_the_lease(
    world: KubernetesWorld, backend: Backend
) -> None:
    account = unrenewable(world, 1200)
    credential = await backend.create(account)
    claims = claims_of(world, credential.fields["token"])
    assert claims["aud"] == [AUDIENCE]
    assert claims["sub"] == credential.fields["username"]
    told = claims["kubernetes.io"]
    assert told == {"namespace": LEASES, "serviceaccount": {"name": account.name, "uid": credential.handle["uid"]}}
    assert 0 <= claims["exp"] - account.expires_at.timestamp() <= 3
    await backend.remove(account)


async def test_a_lease_shorter_than_any_token_has_the_shortest_there_is(
    world: KubernetesWorld, backend: Backend
) -> None:
    account = unrenewable(world, 5)
    credential = await backend.create(account)
    claims = claims_of(world, credential.fields["token"])
    assert claims["exp"] - claims["iat"] == 600
    await backend.remove(account)


async def test_a_token_ends_without_us() -> None:
    with running() as world:
        backend = opened(world.setup)
        credential = await backend.create(unrenewable(world, 700))
        await backend.close()
        world.cluster.advance(600)
        await world.log_in(credential.fields)
        world.cluster.advance(101 + 60)  # the leeway of the API server
        assert world.ask("GET", SETTINGS, str(credential.fields["token"])).status == 401


async def test_renewal_ends_where_the_token_does(world: KubernetesWorld, backend: Backend) -> None:
    account = unrenewable(world, 60)
    credential = await backend.create(account)
    known = made(account, credential.handle)
    later = datetime.now(UTC) + timedelta(seconds=500)
    await backend.renew(msgspec.structs.replace(known, expires_at=later))
    found = world.ask("GET", f"/api/v1/namespaces/{LEASES}/serviceaccounts/{account.name}").json()["metadata"]
    assert found["annotations"]["trstctl.io/expires-at"] == later.isoformat(timespec="seconds")
    assert found["annotations"]["trstctl.io/subject"] == account.subject
    too_late = datetime.now(UTC) + timedelta(seconds=700)
    with pytest.raises(BackendRefused, match="no token's end can be moved"):
        await backend.renew(msgspec.structs.replace(known, expires_at=too_late))
    await backend.remove(account)
    with pytest.raises(BackendRefused, match="not found"):
        await backend.renew(msgspec.structs.replace(known, expires_at=later))


async def test_a_lease_that_may_be_renewed_has_a_token_of_the_least_life_it_asks_for(
    world: KubernetesWorld, backend: Backend
) -> None:
    account = planned(world.setup, seconds=60)
    credential = await backend.create(account)
    claims = claims_of(world, credential.fields["token"])
    assert claims["exp"] - claims["iat"] == 3600
    await backend.remove(account)


async def test_a_cluster_that_shortens_tokens_is_told_of_and_nothing_stays() -> None:
    with running(longest_token=900) as world:
        backend, account = opened(world.setup), unrenewable(world, 1200)
        with pytest.raises(BackendRefused, match="tokens live 900 seconds at most"):
            await backend.create(account)
        await backend.remove(account)
        assert not await backend.present(account)
        short = unrenewable(world, 900)
        await backend.create(short)
        await backend.remove(short)
        await backend.close()


async def test_no_review_takes_a_token_whose_account_is_gone_even_if_one_of_its_name_comes() -> None:
    with running() as world:
        backend = opened(world.setup)
        account = planned(world.setup, settings=world.setup.other_roles["identity"])
        credential = await backend.create(account)
        token, audience = credential.fields["token"], "https://vault.example.com"
        assert review(world, token, audience)["user"]["username"] == credential.fields["username"]
        await backend.remove(account)
        assert review(world, token, audience)["authenticated"], "remembered for ten seconds"
        world.cluster.advance(11)
        assert not review(world, token, audience).get("authenticated")
        await world.plant(account.name)
        told = review(world, token, audience)
        assert not told.get("authenticated")
        assert "does not match claim" in told["error"]
        await backend.close()


async def test_a_token_for_others_is_none_for_the_cluster(world: KubernetesWorld, backend: Backend) -> None:
    account = planned(world.setup, settings=world.setup.other_roles["identity"])
    credential = await backend.create(account)
    assert not review(world, credential.fields["token"]).get("authenticated")
    assert world.ask("GET", "/version", str(credential.fields["token"])).status == 401
    assert "kubeconfig" not in credential.fields
    await backend.remove(account)


async def test_the_right_goes_at_once_although_the_server_remembers_the_token() -> None:
    with running() as world:
        backend, account = opened(world.setup), unrenewable(world, 600)
        credential = await backend.create(account)
        await world.log_in(credential.fields)
        await backend.remove(account)
        assert world.ask("GET", SETTINGS, str(credential.fields["token"])).status == 403
        world.cluster.advance(11)
        assert world.ask("GET", SETTINGS, str(credential.fields["token"])).status == 401
        await backend.close()


async def test_a_lease_is_not_renewed_beyond_its_token_where_the_clocks_differ() -> None:
    with running() as world:
        world.cluster.advance(3600)
        backend, account = opened(world.setup), unrenewable(world, 60)
        known = made(account, (await backend.create(account)).handle)
        with pytest.raises(BackendRefused, match="no token's end can be moved"):
            await backend.renew(msgspec.structs.replace(known, expires_at=datetime.now(UTC) + timedelta(seconds=700)))
        await backend.close()
