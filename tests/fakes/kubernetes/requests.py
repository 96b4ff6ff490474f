"""From a request to its answer: who, whether allowed, whether valid, then the change."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes.kubernetes.answers import (
    RBAC,
    ApiError,
    bad_request,
    forbidden,
    invalid,
    no_such_path,
    not_found,
    unauthorized,
)
from tests.fakes.kubernetes.cluster import Cluster
from tests.fakes.kubernetes.rbac import Act, User
from tests.fakes.kubernetes.resources import ASKED, BY_KIND, STORED, Resource
from tests.fakes.kubernetes.reviews import review, token_request
from tests.fakes.kubernetes.validation import check_types, validate

_ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_MERGES = ("application/merge-patch+json", "application/strategic-merge-patch+json")

Object = dict[str, Any]


class Request(NamedTuple):
    """As it came; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Target(NamedTuple):
    """What of the API a path names."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def answer(cluster: Cluster, request: Request) -> tuple[int, Object]:
    """Status and body; errors as `Status`."""
    try:
        return _answered(cluster, request)
    except ApiError as error:
        return error.code, error.body()


def _answered(cluster: Cluster, request: Request) -> tuple[int, Object]:
    user = _caller(cluster, request.headers.get("authorization", ""))
    url = urlsplit(request.target)
    verb = _VERBS.get(request.method, request.method.lower())
    if url.path in {"/version", "/healthz"}:
        _require_path(cluster, user, verb, url.path)
        return 200, {"major": "1", "minor": "34", "gitVersion": "v1.34.0-fake"}
    target = _target(url.path)
    query = dict(parse_qsl(url.query))
    if not target.name and verb in {"get", "delete"}:
        verb = {"get": "list", "delete": "deletecollection"}[verb]
    # As the authorizer is asked: on a collection there is no name yet, so rules by resourceNames do not hold.
    what = "/".join(filter(None, (target.resource.plural, target.subresource)))
    scope = target.name if target.resource.kind == "Namespace" else target.namespace
    cluster.rbac.require(user, Act(verb, target.resource.group, what, scope, target.name))
    return _done(cluster, user, verb, target, query, request)


def _caller(cluster: Cluster, header: str) -> User:
    """Raises 401 for a token that is not good; without a token it is nobody, who may do little."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return _ANONYMOUS
    try:
        return cluster.tokens.user(token.strip())[0]
    except ValueError:
        raise unauthorized() from None


def _require_path(cluster: Cluster, user: User, verb: str, path: str) -> None:
    if not cluster.rbac.allows(user, Act(verb, path=path)):
        raise ApiError(403, "Forbidden", f'forbidden: User "{user.name}" cannot {verb} path "{path}"')


def _target(path: str) -> Target:
    """Raises 404 for what is no resource."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    match parts:
        case ["api", "v1", *rest]:
            group = ""
        case ["apis", group, "v1", *rest]:
            pass
        case _:
            raise no_such_path()
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    resource = {**STORED, **ASKED}.get((group, rest[0] if rest else ""))
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise no_such_path()
    name, subresource, *_ = [*rest[1:], "", ""]
    if subresource and (resource.plural, subresource) != ("serviceaccounts", "token"):
        raise no_such_path()
    return Target(resource, namespace, name, subresource)


def _done(
    cluster: Cluster, user: User, verb: str, target: Target, query: dict[str, str], request: Request
) -> tuple[int, Object]:
    resource, namespace, name, _ = target
    match verb:
        case "list":
            return 200, cluster.store.page(resource, namespace, query)
        case "get":
            return 200, cluster.store.get(resource, namespace, name)
        case "create":
            return 201, _created(cluster, user, target, _decoded(request.body))
        case "update":
            body = _decoded(request.body)
            return 200, _replaced(cluster, user, target, body)
        case "patch":
            if request.headers.get("content-type", "").partition(";")[0] not in _MERGES:
                raise ApiError(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
            old = cluster.store.get(resource, namespace, name)
            return 200, _replaced(cluster, user, target, _merged(old, _decoded(request.body)))
        case "delete":
            return _deleted(cluster, target, request.body)
        case _:
            raise ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def _decoded(body: bytes) -> Object:
    try:
        decoded = json.loads(body)
    except ValueError:
        raise bad_request("the object provided is unrecognized (must be of type Object): invalid character") from None
    if not isinstance(decoded, dict):
        raise bad_request("the object provided is unrecognized (must be of type Object)")
    return decoded


def _created(cluster: Cluster, user: User, target: Target, body: Object) -> Object:
    resource, namespace, name, subresource = target
    if subresource:
        return token_request(cluster, namespace, name, body)
    if resource in ASKED.values():
        return review(cluster, user, resource.kind, body)
    meta = _metadata(target, body)
    if resource.namespaced and cluster.store.find(BY_KIND["Namespace"], "", namespace) is None:
        raise not_found("", "namespaces", namespace)
    validate(resource, body)
    if resource.group == RBAC:
        cluster.rbac.check_grant(user, resource, namespace, body)
    if resource.kind == "Namespace":
        cluster.apply({**body, "kind": "Namespace"})
        return cluster.store.get(resource, "", meta["name"])
    return cluster.store.create(resource, namespace, body)


def _metadata(target: Target, body: Object) -> Object:
    """Raises 400 for a body that is of something else than its path."""
    meta = body.setdefault("metadata", {})
    check_types(meta)
    resource = target.resource
    told = (body.get("apiVersion", resource.api_version), body.get("kind", resource.kind))
    if told != (resource.api_version, resource.kind):
        raise bad_request(f"{told[1]} in version {told[0]} cannot be handled as a {resource.kind}")
    if meta.get("namespace", target.namespace) != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    return dict(meta)


def _replaced(cluster: Cluster, user: User, target: Target, body: Object) -> Object:
    resource, namespace, name, _ = target
    if _metadata(target, body).get("name") != name:
        raise bad_request("the name of the object does not match the name on the URL")
    validate(resource, body)
    old = cluster.store.get(resource, namespace, name)
    if old.get("roleRef") != body.get("roleRef"):
        raise invalid(RBAC, resource.kind, name, [("roleRef", "Invalid value: cannot change roleRef")])
    if resource.group == RBAC:
        cluster.rbac.check_grant(user, resource, namespace, body)
    if resource.kind == "Namespace":
        raise forbidden("", "namespaces", name, "the fake changes none")
    return cluster.store.replace(resource, namespace, body)


def _merged(old: Object, patch: Object) -> Object:
    """RFC 7396; a strategic merge is the same for objects without lists."""
    merged = dict(old)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key) or {}, value) if isinstance(value, dict) else value
    return merged


def _deleted(cluster: Cluster, target: Target, body: bytes) -> tuple[int, Object]:
    """ServiceAccounts and the like are told as they were; roles and bindings as a `Status`."""
    resource, namespace, name, _ = target
    options = _decoded(body) if body else {}
    found = cluster.store.delete(resource, namespace, name, options.get("preconditions") or {})
    if found["metadata"].get("deletionTimestamp"):
        return 202, found
    if resource.group != RBAC:
        return 200, found
    details = {"name": name, "group": RBAC, "kind": resource.plural, "uid": found["metadata"]["uid"]}
    return 200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
