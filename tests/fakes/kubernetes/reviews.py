"""What is asked of the API server and not kept: tokens, and reviews of tokens and of rights."""

from __future__ import annotations

from typing import Any

from tests.fakes.kubernetes.answers import invalid, not_found
from tests.fakes.kubernetes.cluster import Cluster
from tests.fakes.kubernetes.rbac import Act, User
from tests.fakes.kubernetes.resources import BY_KIND
from tests.fakes.kubernetes.store import stamp
from tests.fakes.kubernetes.tokens import AUDIENCE

SHORTEST = 600


def token_request(cluster: Cluster, namespace: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """A token for the ServiceAccount; raises 422 for a life out of bounds, and shortens one that the cluster bounds."""
    account = cluster.store.find(BY_KIND["ServiceAccount"], namespace, name)
    if account is None:
        raise not_found("", "serviceaccounts", name)
    spec = dict(body.get("spec") or {})
    seconds = spec.get("expirationSeconds", 3600)
    audiences = spec.get("audiences") or [AUDIENCE]
    told = ""
    if seconds < SHORTEST:
        told = "may not specify a duration less than 10 minutes"
    elif seconds > 1 << 32:
        told = "may not specify a duration larger than 2^32 seconds"
    if told:
        cause = ("spec.expirationSeconds", f"Invalid value: {seconds}: {told}")
        raise invalid("authentication.k8s.io", "TokenRequest", "", [cause])
    seconds = min(seconds, cluster.longest_token or seconds)
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": stamp(cluster.now())},
        "spec": {**spec, "audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": None},
        "status": {
            "token": cluster.tokens.issue(account, audiences, seconds),
            "expirationTimestamp": stamp(cluster.now() + seconds),
        },
    }


def review(cluster: Cluster, user: User, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body, with the answer as its `status`."""
    spec = body.get("spec") or {}
    answers = {
        "TokenReview": _token,
        "SelfSubjectAccessReview": _access,
        "SelfSubjectRulesReview": _rules,
    }
    group = "authentication.k8s.io" if kind == "TokenReview" else "authorization.k8s.io"
    status = answers[kind](cluster, user, spec)
    meta = {"creationTimestamp": None, **(body.get("metadata") or {})}
    return {"kind": kind, "apiVersion": f"{group}/v1", "metadata": meta, "spec": spec, "status": status}


def _token(cluster: Cluster, user: User, spec: dict[str, Any]) -> dict[str, Any]:
    try:
        found, audiences = cluster.tokens.user(spec.get("token", ""), tuple(spec.get("audiences") or [AUDIENCE]))
    except ValueError as error:
        return {"user": {}, "error": f"[invalid bearer token, {error}]"}
    told = {"username": found.name, "uid": found.uid, "groups": list(found.groups)}
    return {"authenticated": True, "user": told, "audiences": audiences}


def _access(cluster: Cluster, user: User, spec: dict[str, Any]) -> dict[str, Any]:
    if asked := spec.get("resourceAttributes"):
        resource = "/".join(filter(None, (asked.get("resource", ""), asked.get("subresource"))))
        act = Act(
            verb=asked.get("verb", ""),
            group=asked.get("group") or "",
            resource=resource,
            namespace=asked.get("namespace") or "",
            name=asked.get("name") or "",
        )
    elif asked := spec.get("nonResourceAttributes"):
        act = Act(verb=asked.get("verb", ""), path=asked.get("path", ""))
    else:
        cause = ("spec.resourceAttributes", "Invalid value: exactly one of nonResourceAttributes or resourceAttributes")
        raise invalid("authorization.k8s.io", "SelfSubjectAccessReview", "", [cause])
    return {"allowed": cluster.rbac.allows(user, act), "reason": ""}


def _rules(cluster: Cluster, user: User, spec: dict[str, Any]) -> dict[str, Any]:
    if not spec.get("namespace"):
        cause = ("spec.namespace", "Required value: namespace is required")
        raise invalid("authorization.k8s.io", "SelfSubjectRulesReview", "", [cause])
    rules = list(cluster.rbac.rules(user, spec["namespace"]))
    return {
        "resourceRules": [rule for rule in rules if not rule.get("nonResourceURLs")],
        "nonResourceRules": [rule for rule in rules if rule.get("nonResourceURLs")],
        "incomplete": False,
    }
