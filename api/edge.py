"""The outermost layer of the API: what holds for every request, whatever its route.

Request id, body bound, slow-client timeout, authentication, rate, the secrets surface's switch, idempotent replay,
`no-store`, metrics and the log line. It authenticates every path that is not named public, so that no route can forget
to.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from api.asgi import DIRECT, ASGIApp, Direct, Message, Receive, Scope, Send, header
from api.hosts import must_name_a_host
from api.hot.door import HotDoor
from api.problems import MEDIA_TYPE, of_error
from api.rates import Rates, network_of
from api.services import Services
from api.vault.door import PREFIX, Door
from api.vault.services import VaultServices
from domain.call import Call, IdempotencyKey, Principal
from domain.errors import BadName, Disabled, Gone, Invalid, TooLarge, TrstctlError, Unauthenticated
from domain.random_text import RandomText

PUBLIC: Final = frozenset(
    {"/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/audit/key", "/s"}
)
"""Paths that answer without a token."""
OPEN: Final = frozenset({"/api/v1/secrets/shares/redeem"})
"""Paths that answer with a token and without: one that is sent has to be good. Callers are counted by address."""

_IMPORT: Final = "/api/v1/secrets/store/import"
_SECRETS: Final = ("/api/v1/secrets/", "/api/v1/transit/")
_STORE: Final = "/api/v1/secrets/store/"
_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_HEADERS: Final = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"strict-transport-security", b"max-age=31536000"),
]
_LINES: Final = b"".join(b"%b: %b\r\n" % line for line in _HEADERS)
_NOTHING: Final = ("", "0")
"""What Content-Length says of no body."""
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_KEY = re.compile(r"[ -~]{1,200}\Z")
_log = logging.getLogger("trstctl.access")


class Edge:
    """Wraps the application. The `Call` it makes is found in `scope["state"]["call"]`.

    Without `hot` every request goes through the application, which answers the same, only later.
    """

    def __init__(self, app: ASGIApp, services: Services, vault: VaultServices, hot: HotDoor | None = None) -> None:
        self._app = app
        self._hot = hot
        self._services = services
        self._fresh_id = RandomText(os.urandom, 8)
        self._rates = Rates(services.limits.requests_per_second)
        self._visitors = Rates(services.limits.redeems_per_second, "from this address")
        self._vault = Door(vault, self._body, _idempotency, self._rates)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._fresh_id(), scope.get(DIRECT))
        state = scope.setdefault("state", {})
        state["request_id"] = answer.request_id
        started = time.perf_counter()
        try:
            await self._serve(scope, receive, answer)
        except TrstctlError as error:
            await answer.problem(error, scope["path"])
        finally:
            self._account(scope, answer, time.perf_counter() - started)
            # The server keeps the scope of a connection's last request, and Litestar has put the body into it.
            state.clear()
            scope.pop(DIRECT, None)

    async def _serve(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if scope["path"].startswith(PREFIX):
            await self._vault(scope, receive, answer)
            return
        must_name_a_host(scope)
        if scope["path"] not in PUBLIC:
            principal = await self._caller(scope)
            self._must_be_open(scope["path"])
            _must_be_plain(scope["path"])
            body = await self._body(scope, receive)
            scope["state"].update(body=body)
            if principal and await self._replayed(scope, answer, principal, body):
                return
            if self._hot and principal and (hot := self._hot.find(scope)):
                await self._hot.answer(hot, scope, answer)
                return
            receive = _replayed(body, receive)
        await self._app(scope, receive, answer)

    async def _replayed(self, scope: Scope, answer: _Answer, principal: Principal, body: bytes) -> bool:
        """Make the call known to the route; whether it was answered before, and is by now again."""
        call = Call(
            principal=principal,
            request_id=answer.request_id,
            idempotency=_idempotency(scope, body),
            break_glass=_break_glass(scope),
        )
        scope["state"].update(call=call)
        reply = await self._services.replies.find(call) if call.idempotency else None
        if reply is None:
            return False
        if reply.status == HTTPStatus.GONE:
            raise Gone  # what was redeemed with this key is kept nowhere
        await answer.replay(reply.status, reply.body)
        return True

    async def _caller(self, scope: Scope) -> Principal | None:
        """Who calls; None for somebody without a token, where that is enough. Raises `TooManyRequests`."""
        if scope["path"] in OPEN:
            self._visitors.take(network_of(scope["client"][0] if scope["client"] else ""))
            if header(scope, b"authorization") is None:
                return None
        principal = await self._principal(scope)
        self._rates.take(principal.token_id)
        return principal

    async def _principal(self, scope: Scope) -> Principal:
        scheme, _, token = (header(scope, b"authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("send a token as 'Authorization: Bearer trst_…'")
        return await self._services.tokens.authenticate(token.strip())

    def _must_be_open(self, path: str) -> None:
        if self._services.secrets_disabled and path.startswith(_SECRETS):
            raise Disabled(self._services.secrets_disabled)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limits = self._services.limits
        bound = limits.import_bytes if scope["path"] == _IMPORT else limits.body_bytes
        declared = header(scope, b"content-length") or ""
        if _LENGTH.match(declared) and int(declared) > bound:
            raise TooLarge(f"a request's body may have {bound} bytes; this one has {declared}")
        if declared in _NOTHING and not header(scope, b"transfer-encoding"):
            return b""
        direct: Direct | None = scope.get(DIRECT)
        if direct and (body := direct.body(bound)) is not None:
            return body
        try:
            async with asyncio.timeout(limits.client_timeout_seconds):
                return await _collected(receive, bound)
        except TimeoutError as error:
            raise Invalid(f"the body did not arrive within {limits.client_timeout_seconds} seconds") from error

    def _account(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        route = str(scope.get("path_template") or "(none)")
        self._services.metrics.request(route, scope["method"], answer.status, seconds)
        if _log.isEnabledFor(logging.INFO):
            call = scope["state"].get("call")
            extra = {
                "request_id": answer.request_id,
                "method": scope["method"],
                "route": route,
                "status": answer.status,
                "milliseconds": round(seconds * 1000, 2),
                "subject": call.principal.subject if call else None,
                "tenant": call.tenant if call else None,
            }
            _log.info("request", extra=extra)


class _Answer:
    """Sends, with the headers that every answer has; remembers the status."""

    def __init__(self, send: Send, request_id: str, direct: Direct | None) -> None:
        self._send = send
        self._direct = direct
        self.request_id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], *_HEADERS, (b"x-request-id", self.request_id.encode())]
            message = {"type": "http.response.start", "status": self.status, "headers": headers}
        await self._send(message)

    async def complete(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """A complete answer whose headers are as they will be sent. Not for HEAD."""
        self.status = status
        if self._direct:
            own = b"".join([b"%b: %b\r\n" % line for line in headers])
            if own.count(b"\n") == len(headers) and self._direct.answer(status, self._head(own), body):
                return
        lines = [*headers, *_HEADERS, (b"x-request-id", self.request_id.encode())]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def _head(self, own: bytes) -> bytes:
        return b"%b%bx-request-id: %b\r\n" % (own, _LINES, self.request_id.encode())

    async def whole(self, status: int, media_type: str, body: bytes, headers: dict[str, str]) -> None:
        """A complete answer, if none has begun."""
        if self.status:
            return
        fields = {"content-type": media_type, "content-length": str(len(body)), **headers}
        if status == HTTPStatus.NO_CONTENT:  # RFC 9110 section 8.6: no Content-Length then
            fields = headers
        lines = [(name.encode(), value.encode()) for name, value in fields.items()]
        await self({"type": "http.response.start", "status": status, "headers": lines})
        await self({"type": "http.response.body", "body": body, "more_body": False})

    async def problem(self, error: TrstctlError, path: str) -> None:
        """The answer that tells of `error`."""
        status, headers, body = of_error(error, path, self.request_id)
        await self.whole(status, MEDIA_TYPE, body, headers)

    async def replay(self, status: int, body: bytes) -> None:
        """What was answered the first time."""
        await self.whole(status, "application/json", body, {"idempotent-replayed": "true"})


def _must_be_plain(path: str) -> None:
    """The router folds doubled and trailing slashes, by which one secret could be asked for and another answered."""
    if "//" in path or (path.startswith(_STORE) and path != _STORE and path.endswith("/")):
        raise BadName(
            f"{path!r}: empty segments are not allowed; write folder/name without doubled or trailing slashes"
        )


async def _collected(receive: Receive, bound: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Invalid("the client went away before its request was whole")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > bound:
            raise TooLarge(f"a request's body may have {bound} bytes")
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _break_glass(scope: Scope) -> str | None:
    """The reason to go without an approval: UTF-8, which HTTP carries as bytes (RFC 9110 section 5.5)."""
    text = header(scope, b"trstctl-break-glass")
    if text is None:
        return None
    try:
        reason = text.encode("latin-1").decode().strip()
    except UnicodeDecodeError as error:
        raise Invalid("Trstctl-Break-Glass is not UTF-8") from error
    if not 1 <= len(reason) <= 500 or not reason.isprintable():
        raise Invalid("Trstctl-Break-Glass says why, in 1 to 500 characters on one line")
    return reason


def _idempotency(scope: Scope, body: bytes) -> IdempotencyKey | None:
    if scope["method"] not in _CHANGING:
        return None
    key = header(scope, b"idempotency-key")
    if key is None:
        return None
    if not _KEY.match(key):
        raise Invalid("an Idempotency-Key has 1 to 200 printable ASCII characters")
    asked = b"\n".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"], sha256(body).digest()))
    return IdempotencyKey(key, sha256(asked).hexdigest())
