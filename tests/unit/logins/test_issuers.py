"""Keys of issuers: fetched over TLS, kept, fetched anew, and never in a storm."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters import jwks
from adapters.jwks import FRESH, PAUSE, STALE, KeySets
from adapters.login_https import LONGEST_ANSWER
from domain.backends import BackendUnavailable
from domain.errors import Invalid
from domain.logins.jwt import ALGORITHMS, KeySource, NotSigned
from tests.fakes.cloud_server import Asked, Told
from tests.fakes.issuer import Issuer, SigningKey, issuing

pytestmark = pytest.mark.anyio


class Moments:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with issuing(tmp_path, SigningKey("first", "ES256")) as found:
        yield found


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
def keys(moments: Moments) -> Iterator[KeySets]:
    found = KeySets(moments)
    yield found
    found.close()


def source(issuer: Issuer, **changes: Any) -> KeySource:
    return KeySource(**{"jwks_url": f"{issuer.url}/keys", "ca_pem": issuer.ca_pem, **changes})


async def claims(keys: KeySets, issuer: Issuer, token: str | None = None) -> dict[str, Any]:
    return await keys.claims(source(issuer), token or issuer.key.sign({"sub": "x"}), ALGORITHMS)


async def test_keys_are_fetched_once_while_they_are_fresh(issuer: Issuer, keys: KeySets, moments: Moments) -> None:
    await asyncio.gather(*(claims(keys, issuer) for _ in range(20)))
    moments.now += FRESH
    await claims(keys, issuer)
    assert issuer.fetches == 1
    moments.now += 1
    await claims(keys, issuer)
    assert issuer.fetches == 2


async def test_a_new_key_is_found_at_once_and_a_withdrawn_one_with_it(
    issuer: Issuer, keys: KeySets, moments: Moments
) -> None:
    await claims(keys, issuer)
    old = issuer.key.sign({})
    issuer.key = SigningKey("second", "ES256")
    issuer.keys = [issuer.key.jwk()]
    moments.now += PAUSE
    assert await claims(keys, issuer) == {"sub": "x"}
    with pytest.raises(NotSigned):
        await claims(keys, issuer, old)


async def test_a_withdrawn_key_ends_though_nobody_shows_a_new_one(
    issuer: Issuer, keys: KeySets, moments: Moments
) -> None:
    await claims(keys, issuer)
    issuer.keys = []
    await claims(keys, issuer)
    moments.now += FRESH + 1
    with pytest.raises(NotSigned):
        await claims(keys, issuer)


async def test_unknown_keys_make_no_storm(issuer: Issuer, keys: KeySets, moments: Moments) -> None:
    strangers = [SigningKey(f"k{number}", "ES256").sign({}) for number in range(30)]
    results = await asyncio.gather(*(claims(keys, issuer, token) for token in strangers), return_exceptions=True)
    assert all(isinstance(result, NotSigned) for result in results)
    assert issuer.fetches == 1
    moments.now += PAUSE
    await asyncio.gather(*(claims(keys, issuer, token) for token in strangers), return_exceptions=True)
    assert issuer.fetches == 2


async def test_an_issuer_that_is_gone_is_borne_for_a_while_and_not_for_ever(
    issuer: Issuer, keys: KeySets, moments: Moments
) -> None:
    await claims(keys, issuer)
    issuer.server.intercept = lambda _: Told(500, {})
    moments.now += STALE
    assert await claims(keys, issuer) == {"sub": "x"}
    moments.now += PAUSE
    with pytest.raises(BackendUnavailable, match="500"):
        await claims(keys, issuer)


async def test_a_failure_is_remembered_for_a_moment(issuer: Issuer, keys: KeySets, moments: Moments) -> None:
    issuer.server.intercept = lambda _: Told(500, {})
    for _ in range(5):
        with pytest.raises(BackendUnavailable):
            await claims(keys, issuer)
    assert len(issuer.server.seen) == 1
    issuer.server.intercept = lambda _: None
    moments.now += PAUSE
    await claims(keys, issuer)


async def test_an_issuer_that_hangs_keeps_no_other_waiting(
    issuer: Issuer, keys: KeySets, tmp_path_factory: pytest.TempPathFactory
) -> None:
    let_go = threading.Event()

    def hang(_: Asked) -> Told | None:
        let_go.wait(30)
        return None

    with issuing(tmp_path_factory.mktemp("hangs"), SigningKey("h", "ES256")) as hanging:
        hanging.server.intercept = hang
        waiting = [asyncio.create_task(claims(keys, hanging)) for _ in range(30)]
        try:
            assert await claims(keys, issuer) == {"sub": "x"}
            assert not any(task.done() for task in waiting)
        finally:
            let_go.set()
        assert await asyncio.gather(*waiting) == [{"sub": "x"}] * 30
        assert hanging.fetches == 1


async def test_whoever_gives_up_waiting_ends_the_fetch_for_nobody(issuer: Issuer, keys: KeySets) -> None:
    asked, let_go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hang(_: Asked) -> Told | None:
        loop.call_soon_threadsafe(asked.set)
        let_go.wait(30)
        return None

    issuer.server.intercept = hang
    first, second = (asyncio.create_task(claims(keys, issuer)) for _ in range(2))
    await asked.wait()
    first.cancel()
    await asyncio.wait([first])
    let_go.set()
    assert await second == {"sub": "x"}


@pytest.mark.parametrize(
    "told,word",
    [
        (Told(200, b"x" * (LONGEST_ANSWER + 1)), "more than"),
        (Told(200, b"no JSON"), "no JSON"),
        (Told(200, {"keys": "x"}), "no JWK Set"),
        (Told(404, {}), "answers 404"),
        (Told(302, {}, {"location": "http://127.0.0.2/keys"}), "redirects to what is not https"),
        (Told(302, {}, {"location": "file:///etc/passwd"}), "redirects to what is not https"),
        (Told(302, {}, {"location": "/keys"}), "redirects more than 3 times"),
    ],
)
async def test_an_answer_that_will_not_do_is_told(issuer: Issuer, keys: KeySets, told: Told, word: str) -> None:
    issuer.server.intercept = lambda _: told
    with pytest.raises(Invalid, match=word):
        await keys.check(source(issuer))


async def test_a_redirect_to_https_is_followed(issuer: Issuer, keys: KeySets) -> None:
    def moved(asked: Asked) -> Told | None:
        return Told(301, {}, {"location": f"{issuer.url}/keys"}) if asked.path == "/old" else None

    issuer.server.intercept = moved
    await keys.check(source(issuer, jwks_url=f"{issuer.url}/old"))


@pytest.mark.parametrize(
    "changes,word",
    [
        ({"issuer": "https://other.example"}, "of another issuer"),
        ({"jwks_uri": "http://other.example/keys"}, "not https"),
        ({"jwks_uri": 7}, "names no issuer"),
    ],
)
async def test_a_discovery_document_that_will_not_do_is_told(
    issuer: Issuer, keys: KeySets, changes: dict[str, Any], word: str
) -> None:
    issuer.document |= changes
    with pytest.raises(Invalid, match=word):
        await keys.check(KeySource(discovery_url=issuer.url, ca_pem=issuer.ca_pem))


async def test_only_the_certificates_that_were_named_vouch(
    issuer: Issuer, keys: KeySets, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with issuing(tmp_path_factory.mktemp("other"), SigningKey("o", "ES256")) as other:
        stranger = other.ca_pem
    with pytest.raises(Invalid, match="certificate"):
        await keys.check(source(issuer, ca_pem=stranger))


@pytest.mark.parametrize(
    "url",
    ["http://issuer.example/k", "ftp://issuer.example", "https://u:p@issuer.example", "https:///k", "https://a:x/", ""],
)
async def test_an_address_that_will_not_do_is_told_without_asking(keys: KeySets, url: str) -> None:
    if url:
        with pytest.raises(Invalid, match="https://host"):
            await keys.check(KeySource(jwks_url=url))


async def test_the_issuers_used_least_are_let_go(
    issuer: Issuer, keys: KeySets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "MAX_ISSUERS", 1)
    await claims(keys, issuer)
    await keys.check(KeySource(discovery_url=issuer.url, ca_pem=issuer.ca_pem))
    await claims(keys, issuer)
    assert issuer.fetches == 3
