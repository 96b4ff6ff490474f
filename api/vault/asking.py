"""What a request to the Vault surface asks, told from method, path, headers and body."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from api.asgi import Scope, header
from api.vault.durations import seconds_of
from api.vault.failures import VaultError
from api.vault.fields import Fields, truth
from api.vault.request import DELETE, LIST, PATCH, READ, UPDATE
from domain.kv_values import EXACT

_OPERATIONS: Final = {
    "GET": READ, "HEAD": READ, "PUT": UPDATE, "POST": UPDATE, "PATCH": PATCH, "DELETE": DELETE, "LIST": LIST,
    "SEARCH": LIST,
}  # fmt: skip
"""LIST is no method of HTTP's; the connection hands it on as SEARCH."""
_MERGE_PATCH: Final = "application/merge-patch+json"
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_PARAMETERS: Final = 100
_PLAIN: Final = msgspec.json.Decoder()


class Asked(NamedTuple):
    """A request before anything is looked up for it."""

    operation: str
    path: str
    """Without `/v1/`, and without the slash at the end that lists have."""
    token: str
    namespace: str
    wrap_seconds: int | None
    address: str
    query: dict[str, Any]
    content_type: str


def asked(scope: Scope) -> Asked:
    """What `scope` asks; raises `VaultError` for what Vault refuses whatever lies under the path."""
    query = _query(scope) if scope["query_string"] else {}
    operation = _operation(scope, query)
    return Asked(
        operation=operation,
        path=_path(scope["path"].removeprefix("/v1/"), operation),
        token=_token(scope),
        namespace=(header(scope, b"x-vault-namespace") or "").strip("/"),
        wrap_seconds=_wrap(header(scope, b"x-vault-wrap-ttl")),
        address=scope["client"][0] if scope["client"] else "",
        query=query,
        content_type=_media_type(header(scope, b"content-type") or ""),
    )


@lru_cache(maxsize=64)
def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def fields_of(wanted: Asked, body: bytes, *, exact: bool = False) -> Fields:
    """The fields: of the body where there may be one, else of the query. Raises `VaultError` 400 or 415.

    With `exact`, numbers of the body know how they are written.
    """
    if wanted.operation == PATCH and wanted.content_type != _MERGE_PATCH:
        raise VaultError(415, f"PATCH requires Content-Type of {_MERGE_PATCH}, provided {wanted.content_type}")
    if wanted.operation in {UPDATE, PATCH}:
        return Fields(_body(wanted, body, EXACT if exact else _PLAIN))
    return Fields(wanted.query)


def _operation(scope: Scope, query: dict[str, Any]) -> str:
    operation = _OPERATIONS.get(scope["method"])
    if operation is None:
        raise VaultError(405)
    if scope["method"] == "GET" and "list" in query and truth(query.pop("list"), "list"):
        return LIST
    return operation


def _path(path: str, operation: str) -> str:
    if not path.isprintable():
        raise VaultError(400, "the path holds characters that cannot be printed")
    if path.endswith("/") and operation in {UPDATE, PATCH}:
        raise VaultError(400, "cannot write to a path ending in '/'")
    trimmed = path.rstrip("/") if operation == LIST else path
    if "//" in trimmed or trimmed.startswith("/"):
        raise VaultError(400, "the path has an empty segment: write folder/name without doubled slashes")
    return trimmed


def _token(scope: Scope) -> str:
    token = header(scope, b"x-vault-token")
    if token:
        return token.strip()
    scheme, _, bearer = (header(scope, b"authorization") or "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def _wrap(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    seconds = seconds_of(text, "X-Vault-Wrap-TTL")
    if seconds < 0:
        raise VaultError(400, "requested wrap ttl cannot be negative")
    return seconds or None


def _query(scope: Scope) -> dict[str, Any]:
    try:
        pairs = parse_qsl(scope["query_string"].decode(), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise VaultError(400, f"the query is not UTF-8, or has more than {_MOST_PARAMETERS} parameters") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = value if name not in found else [*_many(found[name]), value]
    return found


def _many(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _body(wanted: Asked, body: bytes, decoder: msgspec.json.Decoder[Any]) -> dict[str, Any]:
    text = body.lstrip()
    if not text:
        return {}
    if wanted.content_type == _FORM and text[:1] not in {b"{", b"["}:
        return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
    try:
        decoded = decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise VaultError(400, "error parsing JSON: the body is to be one JSON object") from None
    if decoded is None:
        return {}
    if not isinstance(decoded, dict):
        raise VaultError(400, "error parsing JSON: the body is to be one JSON object")
    return decoded
