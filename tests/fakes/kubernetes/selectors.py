"""Which objects a list is of: `labelSelector` and `fieldSelector`."""

from __future__ import annotations

import re
from typing import Any, Final

from tests.fakes.kubernetes.answers import bad_request

_SET: Final = re.compile(r"(?P<key>[^\s,=!()]+)\s+(?P<operator>in|notin)\s+\((?P<values>[^)]*)\)\Z")
_EQUAL: Final = re.compile(r"(?P<key>[^\s,=!()]+)\s*(?P<operator>==?|!=)\s*(?P<value>[^\s,=!()]*)\Z")
_THERE: Final = re.compile(r"(?P<not>!?)\s*(?P<key>[^\s,=!()]+)\Z")


def matching(found: dict[str, Any], query: dict[str, str]) -> bool:
    labels = found["metadata"].get("labels") or {}
    wanted = _split(query.get("labelSelector", ""))
    fields = {
        "metadata.name": found["metadata"]["name"],
        "metadata.namespace": found["metadata"].get("namespace", ""),
    }
    for requirement in _split(query.get("fieldSelector", "")):
        if requirement.partition("=")[0].rstrip("!") not in fields:
            raise bad_request(f"field label not supported: {requirement}")
    return all(_meets(labels, each) for each in wanted) and all(
        _meets(fields, each) for each in _split(query.get("fieldSelector", ""))
    )


def _split(selector: str) -> list[str]:
    return [each.strip() for each in re.split(r",(?![^(]*\))", selector) if each.strip()]


def _meets(labels: dict[str, str], requirement: str) -> bool:
    if among := _SET.match(requirement):
        values = {value.strip() for value in among["values"].split(",")}
        return (labels.get(among["key"]) in values) == (among["operator"] == "in")
    if equal := _EQUAL.match(requirement):
        return (labels.get(equal["key"]) == equal["value"]) == (equal["operator"] != "!=")
    if there := _THERE.match(requirement):
        return (there["key"] in labels) != bool(there["not"])
    raise bad_request(f"unable to parse requirement: {requirement}")
