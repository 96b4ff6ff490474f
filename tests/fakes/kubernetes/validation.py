"""What an object must be like, as `k8s.io/apimachinery` and the kinds' own validation have it; refusals are 422."""

from __future__ import annotations

import re
from typing import Any, Final

from tests.fakes.kubernetes.answers import RBAC, bad_request, invalid
from tests.fakes.kubernetes.resources import Resource

_LABEL_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")
_ANNOTATIONS: Final = 256 * 1024

_SUBDOMAIN_TEXT: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    r" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_VALUE_TEXT: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)

Causes = list[tuple[str, str]]


def validate(resource: Resource, body: dict[str, Any]) -> None:
    """Raises 422 with every cause."""
    meta = body["metadata"]
    causes = _name(resource, meta.get("name")) + _labels(meta.get("labels") or {})
    causes += _annotations(meta.get("annotations") or {}) + _owners(meta.get("ownerReferences") or [])
    causes += (
        _rules(body.get("rules") or [], namespaced=resource.namespaced) if "oleBinding" not in resource.kind else []
    )
    causes += _binding(resource, body) if resource.kind.endswith("RoleBinding") else []
    if causes:
        raise invalid(resource.group, resource.kind, meta.get("name") or "", causes)


def check_types(meta: dict[str, Any]) -> None:
    """Raises 400 where Go's decoder would."""
    for field in ("labels", "annotations"):
        found = meta.get(field) or {}
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise bad_request(f"json: cannot unmarshal into Go struct field ObjectMeta.metadata.{field} of type string")


def _name(resource: Resource, name: object) -> Causes:
    if not isinstance(name, str) or not name:
        return [("metadata.name", "Required value: name or generateName is required")]
    if resource.group == RBAC:  # path.ValidatePathSegmentName
        bad = name in {".", ".."} or "/" in name or "%" in name
        return [("metadata.name", f"Invalid value: \"{name}\": may not be '.' or contain '/'")] if bad else []
    if resource.kind == "Namespace":
        good = len(name) <= 63 and _LABEL_NAME.match(name)
    else:
        good = len(name) <= 253 and _SUBDOMAIN.match(name)
    return [] if good else [("metadata.name", f'Invalid value: "{name}": {_SUBDOMAIN_TEXT}')]


def _key(field: str, key: str) -> Causes:
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not _SUBDOMAIN.match(prefix)):
        return [(field, f'Invalid value: "{key}": prefix part {_SUBDOMAIN_TEXT}')]
    if len(name) > 63 or not _QUALIFIED.match(name):
        return [
            (field, f"Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.'")
        ]
    return []


def _labels(labels: dict[str, str]) -> Causes:
    causes: Causes = []
    for key, value in labels.items():
        causes += _key("metadata.labels", key)
        if len(value) > 63:
            causes.append(("metadata.labels", f'Invalid value: "{value}": must be no more than 63 bytes'))
        elif value and not _QUALIFIED.match(value):
            causes.append(("metadata.labels", f'Invalid value: "{value}": {_VALUE_TEXT}'))
    return causes


def _annotations(annotations: dict[str, str]) -> Causes:
    causes = [cause for key in annotations for cause in _key("metadata.annotations", key.lower())]
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _ANNOTATIONS:
        causes.append(("metadata.annotations", f"Too long: may not be more than {_ANNOTATIONS} bytes"))
    return causes


def _owners(owners: list[dict[str, Any]]) -> Causes:
    return [
        (f"metadata.ownerReferences.{field}", 'Invalid value: "": must not be empty')
        for owner in owners
        for field in ("apiVersion", "kind", "name", "uid")
        if not owner.get(field)
    ]


def _rules(rules: list[dict[str, Any]], *, namespaced: bool) -> Causes:
    causes: Causes = []
    for number, rule in enumerate(rules):
        field = f"rules[{number}]"
        if not rule.get("verbs"):
            causes.append((f"{field}.verbs", "Required value: verbs must contain at least one value"))
        if rule.get("nonResourceURLs"):
            if namespaced:
                causes.append(
                    (f"{field}.nonResourceURLs", "Invalid value: namespaced rules cannot apply to non-resource URLs")
                )
            continue
        if not rule.get("apiGroups"):
            causes.append((f"{field}.apiGroups", "Required value: resource rules must supply at least one api group"))
        if not rule.get("resources"):
            causes.append((f"{field}.resources", "Required value: resource rules must supply at least one resource"))
    return causes


def _binding(resource: Resource, body: dict[str, Any]) -> Causes:
    ref, causes = body.get("roleRef") or {}, []
    kinds = ("Role", "ClusterRole") if resource.namespaced else ("ClusterRole",)
    if ref.get("apiGroup") != RBAC:
        causes.append(
            ("roleRef.apiGroup", f'Unsupported value: "{ref.get("apiGroup", "")}": supported values: "{RBAC}"')
        )
    if ref.get("kind") not in kinds:
        supported = ", ".join(f'"{kind}"' for kind in kinds)
        causes.append(("roleRef.kind", f'Unsupported value: "{ref.get("kind", "")}": supported values: {supported}'))
    if not ref.get("name"):
        causes.append(("roleRef.name", "Required value"))
    for number, subject in enumerate(body.get("subjects") or []):
        causes += _subject(f"subjects[{number}]", subject)
    return causes


def _subject(field: str, subject: dict[str, Any]) -> Causes:
    causes = [] if subject.get("name") else [(f"{field}.name", "Required value")]
    if subject.get("kind") not in {"ServiceAccount", "User", "Group"}:
        causes.append((f"{field}.kind", f'Unsupported value: "{subject.get("kind", "")}"'))
    if subject.get("kind") == "ServiceAccount":
        if not _SUBDOMAIN.match(subject.get("name") or ""):
            causes.append((f"{field}.name", f'Invalid value: "{subject.get("name")}": {_SUBDOMAIN_TEXT}'))
        if subject.get("apiGroup"):
            causes.append((f"{field}.apiGroup", f'Unsupported value: "{subject["apiGroup"]}": supported values: ""'))
        if not subject.get("namespace"):
            causes.append((f"{field}.namespace", "Required value"))
    return causes
