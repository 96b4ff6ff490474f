"""Asks a Kubernetes cluster whether a service account's token is good: TokenReview, authentication.k8s.io/v1."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from adapters.login_https import Answer, Client, context_of, is_safe
from domain.backends import BackendUnavailable
from domain.errors import Invalid
from domain.logins.kubernetes import Cluster, NotReviewed, ServiceAccount
from domain.plaintext import Plaintext

AT_ONCE: Final = 8
"""How many reviews of one cluster run at once."""
MAX_CLUSTERS: Final = 64
"""How many clusters connections are kept to."""
_PATH: Final = "/apis/authentication.k8s.io/v1/tokenreviews"
_SECONDS: Final = 10.0
_USER: Final = "system:serviceaccount:"


class _User(msgspec.Struct):
    username: str = ""
    uid: str = ""


class _Status(msgspec.Struct):
    authenticated: bool = False
    user: _User = msgspec.field(default_factory=_User)
    audiences: list[str] = []
    error: str = ""


class _Review(msgspec.Struct):
    status: _Status


class ClusterReviews:
    """The `TokenReviews`."""

    def __init__(self) -> None:
        self._clients: OrderedDict[Cluster, Client] = OrderedDict()

    def check(self, cluster: Cluster) -> None:
        """See `domain.logins.kubernetes.TokenReviews`."""
        if not is_safe(cluster.host):
            raise Invalid("kubernetes_host is to be https://host[:port], without user and fragment")
        context_of(cluster.ca_pem)

    async def review(
        self, cluster: Cluster, token: str, bearer: Plaintext | None, audiences: list[str]
    ) -> ServiceAccount:
        """See `domain.logins.kubernetes.TokenReviews`."""
        spec = {"token": token, **({"audiences": audiences} if audiences else {})}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
        shown = bearer.buffer.decode("latin-1") if bearer else token
        headers = {"Authorization": f"Bearer {shown}", "Content-Type": "application/json", "Accept": "application/json"}
        url = f"{cluster.host.rstrip('/')}{_PATH}"
        answer = await self._client(cluster).post(url, msgspec.json.encode(body), headers)
        return _account(_status(answer), audiences)

    def close(self) -> None:
        """Ask nobody any more."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _client(self, cluster: Cluster) -> Client:
        client = self._clients.get(cluster)
        if client is None:
            client = self._clients[cluster] = Client(
                f"the cluster at {cluster.host}", cluster.ca_pem, AT_ONCE, _SECONDS
            )
        self._clients.move_to_end(cluster)
        if len(self._clients) > MAX_CLUSTERS:
            self._clients.popitem(last=False)[1].close()
        return client


def _status(answer: Answer) -> _Status:
    if answer.status == 401:
        raise NotReviewed("the cluster does not know who asks: the reviewer's token, or the service account, is gone")
    if answer.status == 403:
        raise NotReviewed("whoever asks may not create tokenreviews: bind it to the ClusterRole system:auth-delegator")
    if answer.status not in {200, 201}:
        raise BackendUnavailable(f"the cluster answers {answer.status} to a TokenReview")
    try:
        return msgspec.json.decode(answer.body, type=_Review).status
    except msgspec.DecodeError:
        raise BackendUnavailable("the cluster's answer is no TokenReview") from None


def _account(status: _Status, audiences: list[str]) -> ServiceAccount:
    if status.error or not status.authenticated:
        raise NotReviewed("the cluster does not take the token for good")
    if audiences and not set(audiences) & set(status.audiences):
        raise NotReviewed("the token is good for another audience")
    namespace, colon, name = status.user.username.removeprefix(_USER).partition(":")
    if not status.user.username.startswith(_USER) or not colon or not namespace or not name or ":" in name:
        raise NotReviewed("the token is of somebody who is no service account")
    return ServiceAccount(namespace, name, status.user.uid)
