"""Hundreds of redeems at once, at two servers on one PostgreSQL database: exactly as many views as the share allows."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.e2e.https_client import Answer, HttpsClient
from tests.e2e.server import Server, serving, trstctl
from tests.postgres_server import PostgresServer

SHARES = "/api/v1/secrets/shares"
_AT_ONCE = 48
"""Connections that ask at the same moment, half of them at each server."""
_EACH = 10
"""How often each of them asks."""
Pair = tuple[Server, Server]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Pair]:
    """Two servers with folders of their own and the same KEK, that count no redeems by address."""
    dsn = postgres_server.fresh_database()
    folder = tmp_path_factory.mktemp("pair")
    unlimited = {"shares": {"redeems_per_second": 0}}
    one = serving(folder / "one", unlimited, store=dsn)
    (folder / "other").mkdir(mode=0o700)
    shutil.copy(folder / "one" / "kek", folder / "other" / "kek")
    other = serving(folder / "other", unlimited, store=dsn)
    with one, other:
        yield one, other
    postgres_server.drop_database(dsn)


def shared(server: Server, **more: object) -> dict[str, Any]:
    with server.client() as client:
        answer = client("POST", SHARES, {"value": "s3cret", **more})
    assert answer.status == 201, answer
    share: dict[str, Any] = answer.json()
    return share


def stormed(pair: Pair, *bodies: dict[str, object], each: int = _EACH) -> list[Answer]:
    """Every answer of many who ask at the same moment, without a token, at both servers, for one after the other."""
    gate = Barrier(_AT_ONCE)

    def ask(number: int) -> list[Answer]:
        server = pair[number % 2]
        with HttpsClient(server.port, server.folder / "tls.crt", None) as client:
            assert client("GET", "/healthz").status == 200
            gate.wait(30)
            return [client("POST", f"{SHARES}/redeem", bodies[turn % len(bodies)]) for turn in range(each)]

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return [answer for answers in threads.map(ask, range(_AT_ONCE)) for answer in answers]


def receipt(server: Server, share: dict[str, Any]) -> dict[str, Any]:
    with server.client() as client:
        found: dict[str, Any] = client("GET", f"{SHARES}/{share['id']}").json()
    return found


@pytest.mark.parametrize("views", [1, 3, 100])
def test_hundreds_at_once_at_two_servers_see_it_as_often_as_they_may(views: int, pair: Pair) -> None:
    share = shared(pair[0], max_views=views)
    answers = stormed(pair, {"token": share["token"]})
    given = [answer.json() for answer in answers if answer.status == 200]
    assert sorted(told["views_left"] for told in given) == list(range(views))
    assert {told["value"] for told in given} == {"s3cret"}
    assert Counter(answer.status for answer in answers) == {200: views, 410: _AT_ONCE * _EACH - views}
    told = receipt(pair[1], share)
    assert (told["share"]["state"], len(told["views"])) == ("consumed", views)
    positions = {int(answer.headers["x-trstctl-position"]) for answer in answers if answer.status == 200}
    assert {view["position"] for view in told["views"]} == positions


def test_each_of_many_shares_is_given_once(pair: Pair) -> None:
    shares = [shared(pair[number % 2], note=str(number)) for number in range(20)]
    answers = stormed(pair, *({"token": share["token"]} for share in shares), each=20)
    assert Counter(answer.status for answer in answers) == {200: 20, 410: _AT_ONCE * 20 - 20}


def test_guesses_at_two_servers_are_no_more_than_tries(pair: Pair) -> None:
    share = shared(pair[0], passphrase="right")
    answers = stormed(pair, {"token": share["token"], "passphrase": "wrong"}, each=1)
    assert Counter(answer.status for answer in answers) == {403: 5, 410: _AT_ONCE - 5}
    assert receipt(pair[1], share)["failed_passphrases"] == 5


def test_share_expires_though_the_server_that_made_it_is_dead(pair: Pair) -> None:
    one, other = pair
    share = shared(one, ttl_seconds=2)
    one.kill()
    try:
        with other.client() as client:
            for _ in range(100):
                events = client("GET", "/api/v1/audit/events?type=share.expired").json()["items"]
                if any(event["body"]["share_id"] == share["id"] for event in events):
                    break
                time.sleep(0.1)
            else:
                pytest.fail("the other server did not end it")
    finally:
        one.start()
        one.wait_until_ready()
    result = trstctl("audit", "verify", "--config", other.folder / "trstctl.yaml")
    assert result.returncode == 0, result.stdout
