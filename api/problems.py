"""Errors as RFC 9457 problem+json: the one table from the domain's errors to HTTP statuses."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from domain import errors
from domain.errors import TrstctlError
from domain.names import RESERVED

STATUS: Final[dict[type[TrstctlError], int]] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Refused: 403,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.IdempotencyMismatch: 422,
    errors.Invalid: 400,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.CheckAndSetFailed: 412,
    errors.CheckAndSetRequired: 428,
    errors.Conflict: 409,
    errors.TooManyRequests: 429,
    errors.BackendUnavailable: 503,
    errors.BackendError: 502,
    errors.Unavailable: 503,
    TrstctlError: 500,
}
"""The status of the nearest class up the tree."""

_STORE: Final = "/api/v1/secrets/store/"
MEDIA_TYPE: Final = "application/problem+json"
_log = logging.getLogger("trstctl.api")


def status_of(error: TrstctlError) -> int:
    """The HTTP status that tells of `error`."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(status: int, code: str, detail: str, path: str, request_id: str, **extensions: object) -> dict[str, object]:
    """The members of RFC 9457 section 3.1, and `code` and `request_id` besides."""
    return {
        "type": f"urn:trstctl:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": quote(path, safe="/:@!$&'()*+,;=~"),
        "code": code,
        "request_id": request_id,
        **extensions,
    }


def of_error(error: TrstctlError, path: str, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that tell of a domain error."""
    status = status_of(error)
    body = problem(status, error.code, error.message, path, request_id, **error.extensions)
    return status, headers_of(error), msgspec.json.encode(body)


def headers_of(error: TrstctlError) -> dict[str, str]:
    """The headers that tell of `error` besides."""
    if isinstance(error, errors.Unauthenticated):
        return {"www-authenticate": 'Bearer realm="trstctl"'}
    if isinstance(error, errors.TooManyRequests):
        return {"retry-after": str(error.retry_after)}
    if isinstance(error, errors.Unavailable | errors.AlreadyReplied | errors.BackendUnavailable):
        return {"retry-after": "1"}
    return {}


def domain_error(request: Request[Any, Any, Any], error: TrstctlError) -> Response[bytes]:
    """Litestar's handler for every error raised on purpose."""
    noted(error)
    status, headers, body = of_error(error, request.scope["path"], _request_id(request))
    return Response(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def noted(error: TrstctlError) -> None:
    """Log an error that somebody who runs the server should hear of."""
    if isinstance(error, errors.Unavailable):
        _log.error("request failed", exc_info=error, extra={"code": error.code})


def http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Litestar's handler for what the framework itself refuses: no such route, no such method, no right Host."""
    path, status = request.scope["path"], error.status_code
    code = errors.Invalid.code if status == 400 else HTTPStatus(status).phrase.lower().replace(" ", "-")
    body = problem(status, code, _detail(error, path), path, _request_id(request))
    headers = dict(error.headers or {})
    return Response(msgspec.json.encode(body), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def _detail(error: HTTPException, path: str) -> str:
    first = path.removeprefix(_STORE).partition("/")[0]
    if error.status_code in {404, 405} and path.startswith(_STORE) and first in RESERVED:
        return f"{first!r} is a route of the API, so it cannot begin a secret's name; see /api/v1/docs for its form"
    if error.status_code == 404:
        return "there is no such route; the routes are described at /api/v1/docs"
    if error.status_code == 405:
        return f"this path answers to {dict(error.headers or {}).get('allow', 'other methods')}"
    return error.detail


def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's handler for a fault of ours."""
    body = fault(error, request.scope["path"], _request_id(request))
    return Response(body, status_code=500, media_type=MEDIA_TYPE)


def fault(error: Exception, path: str, request_id: str) -> bytes:
    """The body that tells of a fault of ours: logged whole, told in no detail."""
    _log.error("unexpected error", exc_info=error)
    detail = "something went wrong here; the request id leads to it in the server's log"
    return msgspec.json.encode(problem(500, "internal", detail, path, request_id))


def _request_id(request: Request[Any, Any, Any]) -> str:
    return str(request.scope["state"].get("request_id", ""))
