"""The objects, with uid and resourceVersion, and the collection of those that lost their owner."""

from __future__ import annotations

import base64
import copy
import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.fakes.kubernetes.answers import ApiError, bad_request, conflict, exists, not_found
from tests.fakes.kubernetes.resources import BY_KIND, STORED, Resource
from tests.fakes.kubernetes.selectors import matching

Object = dict[str, Any]


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """`now` is the cluster's clock. Everything under one lock, as one etcd would serve it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.lock = threading.RLock()
        self._now = now
        self._version = 1
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Object]] = {key: {} for key in STORED}
        self._pages: dict[str, list[Object]] = {}

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        with self.lock:
            return copy.deepcopy(self._objects[resource[:2]].get((namespace, name)))

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        found = self.find(resource, namespace, name)
        if found is None:
            raise not_found(resource.group, resource.plural, name)
        return found

    def all(self, resource: Resource, namespace: str = "") -> list[Object]:
        with self.lock:
            kept = sorted(self._objects[resource[:2]].items())
            return [copy.deepcopy(each) for (where, _), each in kept if not namespace or where == namespace]

    def create(self, resource: Resource, namespace: str, body: Object) -> Object:
        name = body["metadata"]["name"]
        with self.lock:
            if (namespace, name) in self._objects[resource[:2]]:
                raise exists(resource.group, resource.plural, name)
            if body["metadata"].get("resourceVersion"):
                raise bad_request("resourceVersion should not be set on objects to be created")
            meta = {**body["metadata"], "uid": str(uuid.uuid4()), "creationTimestamp": stamp(self._now())}
            if namespace:
                meta["namespace"] = namespace
            made = {"kind": resource.kind, "apiVersion": resource.api_version, **body, "metadata": meta}
            return self._keep(resource, namespace, made)

    def replace(self, resource: Resource, namespace: str, body: Object) -> Object:
        name = body["metadata"]["name"]
        with self.lock:
            old = self.get(resource, namespace, name)
            told = body["metadata"].get("resourceVersion")
            if told and told != old["metadata"]["resourceVersion"]:
                why = "the object has been modified; please apply your changes to the latest version and try again"
                raise conflict(resource.group, resource.plural, name, why)
            kept = {field: old["metadata"][field] for field in ("uid", "creationTimestamp")}
            changed = {**body, "metadata": {**body["metadata"], **kept}}
            if namespace:
                changed["metadata"]["namespace"] = namespace
            return self._keep(resource, namespace, changed)

    def _keep(self, resource: Resource, namespace: str, made: Object) -> Object:
        self._version += 1
        made["metadata"]["resourceVersion"] = str(self._version)
        self._objects[resource[:2]][namespace, made["metadata"]["name"]] = copy.deepcopy(made)
        return made

    def delete(self, resource: Resource, namespace: str, name: str, preconditions: Object) -> Object:
        """The object as it was; with a finalizer it stays, marked."""
        with self.lock:
            found = self.get(resource, namespace, name)
            uid = found["metadata"]["uid"]
            if preconditions.get("uid", uid) != uid:
                why = f"Precondition failed: UID in precondition: {preconditions['uid']}, UID in object meta: {uid}"
                raise conflict(resource.group, resource.plural, name, why)
            if found["metadata"].get("finalizers"):
                found["metadata"].setdefault("deletionTimestamp", stamp(self._now()))
                return self._keep(resource, namespace, found)
            del self._objects[resource[:2]][namespace, name]
            self._version += 1
            if resource.kind == "Namespace":
                self._empty(name)
            return found

    def _empty(self, namespace: str) -> None:
        for kept in self._objects.values():
            for key in [key for key in kept if key[0] == namespace]:
                del kept[key]

    def collect(self) -> None:
        """Delete what has owners of which none is there; they are looked for in the object's own namespace alone."""
        with self.lock:
            for resource in STORED.values():
                for (namespace, name), each in list(self._objects[resource[:2]].items()):
                    owners = each["metadata"].get("ownerReferences") or []
                    if owners and not any(self._there(namespace, owner) for owner in owners):
                        del self._objects[resource[:2]][namespace, name]

    def _there(self, namespace: str, owner: Object) -> bool:
        resource = BY_KIND.get(owner["kind"])
        if resource is None or (resource.namespaced and not namespace):
            return True  # an owner that cannot be looked for is an event for the administrator, not a reason to delete
        found = self._objects[resource[:2]].get((namespace if resource.namespaced else "", owner["name"]))
        return found is not None and found["metadata"]["uid"] == owner["uid"]

    def page(self, resource: Resource, namespace: str, query: dict[str, str]) -> Object:
        """A list, of `limit` from where `continue` says; the rest is as it was at the first page."""
        limit = int(query.get("limit") or 0)
        with self.lock:
            version, start, items = self._from(resource, namespace, query)
            shown, rest = (items[start : start + limit], items[start + limit :]) if limit else (items[start:], [])
            meta: Object = {"resourceVersion": version}
            if rest:
                self._pages[version] = items
                meta["continue"] = base64.urlsafe_b64encode(json.dumps([version, start + limit]).encode()).decode()
            if rest and not query.get("labelSelector"):
                meta["remainingItemCount"] = len(rest)
        return {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": meta, "items": shown}

    def _from(self, resource: Resource, namespace: str, query: dict[str, str]) -> tuple[str, int, list[Object]]:
        if not (token := query.get("continue")):
            items = [each for each in self.all(resource, namespace) if matching(each, query)]
            return str(self._version), 0, items
        try:
            version, start = json.loads(base64.urlsafe_b64decode(token))
        except ValueError:
            raise bad_request("continue key is not valid") from None
        if version not in self._pages:
            raise ApiError(
                410, "Expired", "The provided continue parameter is too old to display a consistent list result."
            )
        return version, start, self._pages[version]

    def compact(self) -> None:
        """Forget the past, as etcd does every five minutes: lists under way cannot be continued."""
        with self.lock:
            self._pages.clear()
