"""What becomes of a cluster's answer to a TokenReview."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.login_https import LONGEST_ANSWER
from adapters.token_review import ClusterReviews
from domain.backends import BackendUnavailable
from domain.errors import Invalid
from domain.logins.kubernetes import Cluster, NotReviewed, ServiceAccount, account_of
from domain.plaintext import Plaintext
from tests.fakes.cloud_server import CloudServer, Told, serving

pytestmark = pytest.mark.anyio
USER = {"username": "system:serviceaccount:prod:app", "uid": "u1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CloudServer]:
    with serving([], tmp_path) as found:
        yield found


@pytest.fixture
def reviews() -> Iterator[ClusterReviews]:
    found = ClusterReviews()
    yield found
    found.close()


async def asked(
    reviews: ClusterReviews, server: CloudServer, answer: Told, audiences: list[str] | None = None
) -> ServiceAccount:
    server.intercept = lambda _: answer
    cluster = Cluster(f"https://localhost:{server.port}/", server.ca_file.read_text())
    with Plaintext(bytearray(b"reviewer")) as bearer:
        return await reviews.review(cluster, "a.b.c", bearer, audiences or [])


def told(**status: Any) -> Told:
    return Told(201, {"kind": "TokenReview", "status": {"authenticated": True, "user": USER, **status}})


async def test_the_reviewer_asks_about_the_token(reviews: ClusterReviews, server: CloudServer) -> None:
    found = await asked(reviews, server, told(audiences=["a"]), ["a", "b"])
    assert found == ServiceAccount("prod", "app", "u1")
    (request,) = server.seen
    assert (request.method, request.path) == ("POST", "/apis/authentication.k8s.io/v1/tokenreviews")
    assert request.bearer() == "reviewer"
    assert request.json()["spec"] == {"token": "a.b.c", "audiences": ["a", "b"]}


@pytest.mark.parametrize(
    "status",
    [
        {"authenticated": False}, {"error": "expired"}, {"user": {"username": "admin", "uid": "u"}},
        {"user": {"username": "system:serviceaccount:prod", "uid": "u"}}, {"user": {}},
        {"user": {"username": "system:serviceaccount:prod:app:x", "uid": "u"}},
        {"user": {"username": "system:serviceaccount::app", "uid": "u"}}, {"audiences": ["other"]}, {"audiences": []},
    ],
)  # fmt: skip
async def test_what_the_cluster_does_not_take_for_good_is_not(
    reviews: ClusterReviews, server: CloudServer, status: dict[str, Any]
) -> None:
    with pytest.raises(NotReviewed):
        await asked(reviews, server, told(**{"audiences": ["a"], **status}), ["a"])


@pytest.mark.parametrize("status", [401, 403])
async def test_a_reviewer_that_may_not_ask_is_told(reviews: ClusterReviews, server: CloudServer, status: int) -> None:
    with pytest.raises(NotReviewed):
        await asked(reviews, server, Told(status, {"kind": "Status", "status": "Failure"}))


@pytest.mark.parametrize(
    "answer",
    [
        Told(500, {}), Told(200, b"no JSON"), Told(200, {"status": "Failure"}), Told(200, []), Told(404, {}),
        Told(307, {}, {"location": "https://evil.example"}), Told(200, b" " * (LONGEST_ANSWER + 1)),
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_review_is_no_answer(
    reviews: ClusterReviews, server: CloudServer, answer: Told
) -> None:
    with pytest.raises(BackendUnavailable):
        await asked(reviews, server, answer)
    assert len(server.seen) == 1


@pytest.mark.parametrize("cluster", [Cluster("http://10.0.0.1", ""), Cluster("x", ""), Cluster("https://k", "no PEM")])
def test_a_cluster_that_makes_no_sense_is_refused(reviews: ClusterReviews, cluster: Cluster) -> None:
    with pytest.raises(Invalid):
        reviews.check(cluster)


def test_an_account_is_told_by_projected_tokens_and_by_old_ones() -> None:
    projected = {"kubernetes.io": {"namespace": "n", "serviceaccount": {"name": "a", "uid": "u"}, "pod": {"name": "p"}}}
    assert account_of(projected) == ServiceAccount("n", "a", "u")
    old = {
        "kubernetes.io/serviceaccount/namespace": "n",
        "kubernetes.io/serviceaccount/service-account.name": "a",
        "kubernetes.io/serviceaccount/service-account.uid": "u",
        "kubernetes.io/serviceaccount/secret.name": "s",
    }
    assert account_of(old) == ServiceAccount("n", "a", "u", "s")


@pytest.mark.parametrize(
    "claims",
    [
        {}, {"kubernetes.io": {}}, {"kubernetes.io": {"namespace": "n", "serviceaccount": {"name": "a"}}},
        {"kubernetes.io": {"namespace": "n", "serviceaccount": "x"}}, {"kubernetes.io": 7},
        {"kubernetes.io": {"namespace": "", "serviceaccount": {"name": "a", "uid": "u"}}},
        {"kubernetes.io": {"namespace": ["n"], "serviceaccount": {"name": "a", "uid": "u"}}},
        {"kubernetes.io": {"namespace": "n" * 254, "serviceaccount": {"name": "a", "uid": "u"}}},
    ],
)  # fmt: skip
def test_a_token_that_tells_no_account_whole_tells_none(claims: dict[str, Any]) -> None:
    assert account_of(claims) is None
