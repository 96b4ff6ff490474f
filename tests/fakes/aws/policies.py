"""What policies allow, after AWS's "policy evaluation logic": a denial wins, and every layer has to allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """May this be done? `context` has the values of condition keys, which are told apart in lower case."""

    action: str
    resource: str
    context: Mapping[str, list[str]] = field(default_factory=dict)

    def values(self, key: str) -> list[str]:
        return next((values for name, values in self.context.items() if name.lower() == key.lower()), [])


def allowed(layers: Iterable[Iterable[Document]], question: Question) -> bool:
    """Each layer, such as a user's policies, or its boundary, has to allow it, and none may deny it."""
    effects = [{_effect(document, question) for document in layer} for layer in layers]
    return bool(effects) and all("Deny" not in each and "Allow" in each for each in effects)


def _effect(document: Document, question: Question) -> str:
    effects = {each["Effect"] for each in _several(document["Statement"]) if concerns(each, question)}
    return next((effect for effect in ("Deny", "Allow") if effect in effects), "")


def concerns(statement: Mapping[str, Any], question: Question) -> bool:
    return (
        _is_named(statement, "Action", question.action, str.lower)
        and ("Principal" in statement or _is_named(statement, "Resource", question.resource, str))
        and all(
            _holds(operator, key, _several(values), question)
            for operator, pairs in statement.get("Condition", {}).items()
            for key, values in pairs.items()
        )
    )


def _is_named(statement: Mapping[str, Any], what: str, value: str, folded: Callable[[str], str]) -> bool:
    if f"Not{what}" in statement:
        return not _is_like(folded(value), map(folded, _several(statement[f"Not{what}"])))
    return _is_like(folded(value), map(folded, _several(statement[what])))


def _is_like(value: str, patterns: Iterable[str]) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value, re.DOTALL)
        for pattern in patterns
    )


def _holds(operator: str, key: str, wanted: list[str], question: Question) -> bool:
    quantity, _, name = operator.rpartition(":")
    found = question.values(key)
    if name == "Null":
        return wanted == [str(not found).lower()]
    test, optional = _TESTS[name.removesuffix("IfExists")], name.endswith("IfExists")
    if not found:
        return optional or quantity == "ForAllValues" or "Not" in name
    every = all if quantity == "ForAllValues" else any
    return every(test(value, wanted) for value in found)


def _is_date(compare: Callable[[datetime, datetime], bool]) -> Callable[[str, list[str]], bool]:
    return lambda value, wanted: any(
        compare(datetime.fromisoformat(value), datetime.fromisoformat(each)) for each in wanted
    )


_TESTS: dict[str, Callable[[str, list[str]], bool]] = {
    "ArnEquals": _is_like,
    "ArnLike": _is_like,
    "Bool": lambda value, wanted: value in wanted,
    "DateGreaterThan": _is_date(datetime.__gt__),
    "DateGreaterThanEquals": _is_date(datetime.__ge__),
    "DateLessThan": _is_date(datetime.__lt__),
    "StringEquals": lambda value, wanted: value in wanted,
    "StringLike": _is_like,
    "StringNotEquals": lambda value, wanted: value not in wanted,
}


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
