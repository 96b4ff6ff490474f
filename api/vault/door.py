"""The way in to the Vault surface: from an ASGI request to a handler of an engine, and back.

In the order of Vault: token, mount, route, policies, handler, wrapping. Nobody without a token learns which mounts and
routes there are.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec

from api.asgi import Receive, Scope, header
from api.hosts import must_name_a_host
from api.problems import headers_of
from api.rates import Rates, network_of
from api.services import StoredReply
from api.vault.asking import Asked, asked, fields_of
from api.vault.engines import ENGINES
from api.vault.failures import SEALED, VaultError, denied, no_handler, of_error
from api.vault.namespaces import must_be_own, tenant_of
from api.vault.reply import JSON, Reply
from api.vault.request import LIST, UPDATE, VaultRequest
from api.vault.services import VaultServices
from api.vault.table import Match
from api.vault.wrapped import wrapped
from domain.acl.holder import Permitted
from domain.call import Call, IdempotencyKey, Policies, Principal
from domain.errors import TrstctlError, Unauthenticated
from domain.mounts import MountEntry, Mounts

PREFIX: Final = "/v1/"
_WITHOUT_SEAL: Final = frozenset({"sys/health", "sys/seal-status", "sys/leader", "sys/init"})
"""What answers also while the secrets surface is closed."""

_log = logging.getLogger("trstctl.api")


class Answering(Protocol):
    """What the edge gives the door to answer with."""

    request_id: str

    async def complete(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """A complete answer with just these headers of its own."""
        ...

    async def whole(self, status: int, media_type: str, body: bytes, headers: dict[str, str]) -> None:
        """A complete answer."""
        ...


Body = Callable[[Scope, Receive], Awaitable[bytes]]
Keyed = Callable[[Scope, bytes], IdempotencyKey | None]


class Door:
    """Answers every request whose path begins with `/v1/`."""

    def __init__(self, services: VaultServices, body: Body, keyed: Keyed, rates: Rates) -> None:
        self._services = services
        self._body = body
        self._keyed = keyed
        self._rates = rates
        self._visitors = Rates(services.logins_per_second, "from this address")

    async def __call__(self, scope: Scope, receive: Receive, answer: Answering) -> None:
        """Answer one request; errors in Vault's shape."""
        namespace = header(scope, b"x-vault-namespace")
        headers = {} if namespace is None else {"x-vault-namespace": namespace}
        request_id = _uuid_of(answer.request_id)
        try:
            reply = await self._answered(scope, receive, answer, request_id)
            await _send(answer, scope, reply, headers, request_id)
        except VaultError as error:
            await answer.whole(error.status, JSON, error.encoded(), headers)
        except TrstctlError as error:
            told = of_error(error)
            await answer.whole(told.status, JSON, told.encoded(), {**headers, **headers_of(error)})
        except Exception as error:  # noqa: BLE001 - a fault of ours: logged whole, told in no detail
            _log.error("unexpected error", exc_info=error)
            await answer.whole(500, JSON, VaultError(500, "internal error").encoded(), headers)

    async def _answered(self, scope: Scope, receive: Receive, answer: Answering, request_id: str) -> Reply | None:
        must_name_a_host(scope)
        wanted = asked(scope)
        if not self._services.enabled:
            raise no_handler(wanted.path)
        if self._services.native.secrets_disabled and wanted.path not in _WITHOUT_SEAL:
            raise VaultError(503, SEALED)
        principal = await self._principal(wanted)
        tenant = await self._tenant(wanted, principal)
        mounts = await self._services.config.mounts(tenant, principal.generation if principal else None)
        mount, rest, match = _routed(mounts, wanted, principal)
        scope["path_template"] = f"{PREFIX}<{mount.engine}>/{match.route.pattern}"
        body = await self._body(scope, receive)
        call = self._call(scope, answer, principal, body)
        request = VaultRequest(
            id=request_id,
            operation=wanted.operation,
            path=wanted.path,
            mount=mount,
            mounts=mounts,
            rest=rest,
            values=match.values,
            fields=fields_of(wanted, body, exact=match.route.exact),
            services=self._services,
            tenant=tenant,
            caller=call,
            address=wanted.address,
            wrap_seconds=wanted.wrap_seconds,
            token=wanted.token,
        )
        scope["state"]["call"] = call
        if call is None or call.principal.policies is None or match.route.open:
            return await self._handled(request, match)
        return await self._handled(await _permitted(request, match, call.principal.policies), match)

    async def _principal(self, wanted: Asked) -> Principal | None:
        """Who calls; None for a token that is no good, which some routes do not mind."""
        if wanted.token:
            try:
                principal = await self._services.native.tokens.authenticate(wanted.token, wanted.address)
            except Unauthenticated:
                principal = None
            if principal:
                self._rates.take(principal.token_id)
                return principal
        self._visitors.take(network_of(wanted.address))
        return None

    async def _tenant(self, wanted: Asked, principal: Principal | None) -> str:
        if principal is None:
            of_wrapping = await self._services.wrapping.tenant_of(wanted.token)
            return of_wrapping or await tenant_of(wanted.namespace, self._services)
        if wanted.namespace:
            await must_be_own(wanted.namespace, principal.tenant, self._services)
        return principal.tenant

    def _call(self, scope: Scope, answer: Answering, principal: Principal | None, body: bytes) -> Call | None:
        if principal is None:
            return None
        return Call(principal=principal, request_id=answer.request_id, idempotency=self._keyed(scope, body))

    async def _handled(self, request: VaultRequest, match: Match) -> Reply | None:
        stored = await self._stored(request) if request.caller and request.caller.idempotency else None
        if stored is None:
            reply = await match.handler(request.operation)(request)
        elif stored.body and match.route.again:
            reply = await match.route.again(request)
        else:
            reply = _again(stored.status, stored.body)
        return await wrapped(request, reply) if reply and request.wrap_seconds else reply

    async def _stored(self, request: VaultRequest) -> StoredReply | None:
        """What is kept of the answer to a request with the same idempotency key."""
        return await self._services.native.replies.find(request.call)


def _again(status: int, body: bytes) -> Reply:
    data = msgspec.json.decode(body) if body else None
    if data is None:
        return Reply(status=204 if status == 200 else status)
    return Reply(data=data, status=status)


def _routed(mounts: Mounts, wanted: Asked, principal: Principal | None) -> tuple[MountEntry, str, Match]:
    """Mount, rest and route; who has no good token is told of none that is not open."""
    try:
        found = mounts.find(wanted.path)
        if found is None:
            raise no_handler(wanted.path)
        match = ENGINES[found.mount.engine].match(found.rest, wanted.path)
    except VaultError:
        if principal is None:
            raise VaultError(403, "permission denied") from None
        raise
    if principal is None and not match.route.open:
        raise VaultError(403, "permission denied")
    return found.mount, found.rest, match


async def _permitted(request: VaultRequest, match: Match, policies: Policies) -> VaultRequest:
    """The request, once the caller's policies permit it: raises `VaultError` 403. Scopes are the commands' to ask for.

    What policies have permitted nobody asks for again.
    """
    capability = request.operation
    if capability == UPDATE and match.route.exists and not await match.route.exists(request):
        capability = "create"
    # A slash at the end is passed over by some engines: nobody gets by it what a rule without it denies.
    paths = [f"{request.path}/"] if request.operation == LIST else {request.path, request.path.rstrip("/")}
    asked_for = [capability, "sudo"] if match.route.sudo else [capability]
    for path, each in itertools.product(paths, asked_for):
        if not policies.permits(path, each, request.fields, request.wrap_seconds):
            raise denied()
    permitted = Permitted(policies, request.mount.engine)
    principal = msgspec.structs.replace(request.call.principal, policies=permitted)
    return msgspec.structs.replace(request, caller=msgspec.structs.replace(request.call, principal=principal))


def _uuid_of(request_id: str) -> str:
    """The request's id, 16 hexadecimal digits, in the form that clients of Vault expect."""
    return f"00000000-0000-0000-{request_id[:4]}-{request_id[4:]}"


async def _send(answer: Answering, scope: Scope, reply: Reply | None, headers: dict[str, str], request_id: str) -> None:
    if reply is None:
        await answer.whole(204, JSON, b"", headers)
        return
    if reply.status == 200 and scope["method"] != "HEAD":
        await answer.complete(200, _lines(reply, body := reply.encoded(request_id), headers), body)
        return
    if reply.position:
        headers = {**headers, "x-trstctl-position": str(reply.position)}
    if reply.status == 404 and reply.data is None and reply.warnings is None:
        await answer.whole(404, JSON, b'{"errors":[]}', headers)
        return
    body = b"" if reply.status == 204 else reply.encoded(request_id)
    await answer.whole(reply.status, reply.media_type, b"" if scope["method"] == "HEAD" else body, headers)


def _lines(reply: Reply, body: bytes, headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    lines = [(b"content-type", reply.media_type.encode()), (b"content-length", b"%d" % len(body))]
    if reply.position:
        lines.append((b"x-trstctl-position", b"%d" % reply.position))
    lines += [(name.encode(), value.encode()) for name, value in headers.items()]
    return lines
