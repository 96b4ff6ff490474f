"""Who may do what: RBAC, and its rule that nobody gives away more than they have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from tests.fakes.kubernetes.answers import RBAC, forbidden, not_found
from tests.fakes.kubernetes.resources import BY_KIND, Resource
from tests.fakes.kubernetes.store import Store

Rule = dict[str, Any]


class User(NamedTuple):
    name: str
    groups: tuple[str, ...]
    uid: str = ""

    def described(self) -> str:
        listed = " ".join(f'"{group}"' for group in self.groups)
        return f'user "{self.name}" (groups=[{listed}])'


class Act(NamedTuple):
    """What somebody wants to do; `path` instead of the rest where it is no resource."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Rbac:
    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(self, user: User, act: Act) -> bool:
        return any(_permits(rule, act) for rule in self.rules(user, act.namespace))

    def require(self, user: User, act: Act) -> None:
        """Raises 403."""
        if self.allows(user, act):
            return
        if act.path:
            raise forbidden("", "", "", f'User "{user.name}" cannot {act.verb} path "{act.path}"')
        where = f'in the namespace "{act.namespace}"' if act.namespace else "at the cluster scope"
        what = f'resource "{act.resource}" in API group "{act.group}" {where}'
        raise forbidden(
            act.group, act.resource.partition("/")[0], act.name, f'User "{user.name}" cannot {act.verb} {what}'
        )

    def rules(self, user: User, namespace: str) -> Iterator[Rule]:
        """Every rule that holds for the user there."""
        for binding in self._store.all(BY_KIND["ClusterRoleBinding"]):
            if any(_is(subject, user, "") for subject in binding.get("subjects") or []):
                yield from self._of(binding["roleRef"], "")
        if namespace:
            for binding in self._store.all(BY_KIND["RoleBinding"], namespace):
                if any(_is(subject, user, namespace) for subject in binding.get("subjects") or []):
                    yield from self._of(binding["roleRef"], namespace)

    def _of(self, ref: dict[str, str], namespace: str) -> list[Rule]:
        resource = BY_KIND[ref["kind"]]
        found = self._store.find(resource, namespace if resource.namespaced else "", ref["name"])
        return (found or {}).get("rules") or []

    def check_grant(self, user: User, resource: Resource, namespace: str, body: dict[str, Any]) -> None:
        """Raises 403 if a Role has, or a binding gives, what the user does not have, unless it may do that."""
        name = body["metadata"]["name"]
        if resource.kind in {"Role", "ClusterRole"}:
            if self.allows(user, Act("escalate", RBAC, resource.plural, namespace, name)):
                return
            given = body.get("rules") or []
        else:
            ref = body["roleRef"]
            referred = BY_KIND[ref["kind"]]
            if self.allows(user, Act("bind", RBAC, referred.plural, namespace, ref["name"])):
                return
            where = namespace if referred.namespaced else ""
            if self._store.find(referred, where, ref["name"]) is None:
                raise not_found(RBAC, referred.plural, ref["name"])
            given = self._of(ref, namespace)
        held = list(self.rules(user, namespace))
        missing = [rule for rule in given if not all(any(_covers(own, one) for own in held) for one in _atoms(rule))]
        if missing:
            told = f"{user.described()} is attempting to grant RBAC permissions not currently held:\n"
            raise forbidden(RBAC, resource.plural, name, told + "\n".join(_compact(rule) for rule in missing))


def _is(subject: dict[str, str], user: User, namespace: str) -> bool:
    match subject["kind"]:
        case "User":
            return user.name == subject["name"]
        case "Group":
            return subject["name"] in user.groups
        case _:
            return user.name == f"system:serviceaccount:{subject.get('namespace') or namespace}:{subject['name']}"


def _permits(rule: Rule, act: Act) -> bool:
    if not _any(rule.get("verbs"), act.verb):
        return False
    if act.path:
        urls = rule.get("nonResourceURLs") or []
        return any(url in {"*", act.path} or (url.endswith("*") and act.path.startswith(url[:-1])) for url in urls)
    names = rule.get("resourceNames") or []
    return (
        _any(rule.get("apiGroups"), act.group)
        and _resource(rule.get("resources") or [], act.resource)
        and (not names or act.name in names)
    )


def _any(values: list[str] | None, wanted: str) -> bool:
    return "*" in (values or []) or wanted in (values or [])


def _resource(values: list[str], wanted: str) -> bool:
    _, slash, subresource = wanted.partition("/")
    return _any(values, wanted) or (bool(slash) and f"*/{subresource}" in values)


def _atoms(rule: Rule) -> Iterator[Rule]:
    """The rule as rules of one verb, one resource, one name each."""
    for verb, url in product(rule.get("verbs") or [], rule.get("nonResourceURLs") or []):
        yield {"verbs": [verb], "nonResourceURLs": [url]}
    groups, resources = rule.get("apiGroups") or [], rule.get("resources") or []
    names: list[str | None] = [*(rule.get("resourceNames") or [])] or [None]
    for verb, group, resource, name in product(rule.get("verbs") or [], groups, resources, names):
        one: Rule = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
        yield one if name is None else {**one, "resourceNames": [name]}


def _covers(own: Rule, one: Rule) -> bool:
    if not _any(own.get("verbs"), one["verbs"][0]):
        return False
    if "nonResourceURLs" in one:
        url = one["nonResourceURLs"][0]
        urls = own.get("nonResourceURLs") or []
        return any(each == url or (each.endswith("*") and url.startswith(each[:-1])) for each in urls)
    names = own.get("resourceNames") or []
    return (
        _any(own.get("apiGroups"), one["apiGroups"][0])
        and _resource(own.get("resources") or [], one["resources"][0])
        and (not names or (bool(one.get("resourceNames")) and one["resourceNames"][0] in names))
    )


def _compact(rule: Rule) -> str:
    shown = (("apiGroups", "APIGroups"), ("resources", "Resources"), ("resourceNames", "ResourceNames"))
    parts = []
    for field, label in (*shown, ("nonResourceURLs", "NonResourceURLs"), ("verbs", "Verbs")):
        if rule.get(field):
            parts.append(f"{label}:[{' '.join(chr(34) + value + chr(34) for value in rule[field])}]")
    return f"{{{', '.join(parts)}}}"
