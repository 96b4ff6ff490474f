"""/api/v1/secrets/providers: the backends that credentials are made in, and their roles."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, delete, get, post, put

from api.decoding import body_of, no_query
from api.lease_bodies import ProviderBody, RoleBody
from api.replies import answer
from api.requests import AnyRequest, call, rest, services
from domain.commands.providers import ProviderMeta, RoleMeta, Tried

PROVIDERS: Final = "/api/v1/secrets/providers"
_ONE: Final = f"{PROVIDERS}/{{name:str}}"
_ROLE: Final = f"{_ONE}/roles/{{role:str}}"


class ProviderList(msgspec.Struct, frozen=True):
    """Every provider that the tenant may use, in order of name."""

    items: list[ProviderMeta]


@get(PROVIDERS, operation_id="listProviders", tags=["providers"])
async def page(request: AnyRequest) -> Response[ProviderList]:
    """The configuration file's and the API's, without their credentials."""
    no_query(request)
    return answer(ProviderList(await services(request).providers.page(call(request))), 0)


@get(_ONE, operation_id="showProvider", tags=["providers"])
async def show(request: AnyRequest) -> Response[ProviderMeta]:
    """One provider, without its credentials."""
    no_query(request)
    return answer(await services(request).providers.show(call(request), _name(request)), 0)


@put(_ONE, operation_id="configureProvider", tags=["providers"])
async def configure(request: AnyRequest) -> Response[ProviderMeta]:
    """Configure a backend, or anew: its credentials are always given whole, and sealed."""
    no_query(request)
    body = body_of(request, ProviderBody)
    commands = services(request).providers
    return answer(
        *await commands.configure(call(request), _name(request), body.kind, body.connection, body.credentials)
    )


@delete(_ONE, operation_id="removeProvider", tags=["providers"], status_code=204)
async def remove(request: AnyRequest) -> Response[None]:
    """Use it no longer; refused while accounts of its leases are there."""
    no_query(request)
    done = await services(request).providers.remove(call(request, 204), _name(request))
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


@post(f"{_ONE}/test", operation_id="testProvider", tags=["providers"], status_code=200)
async def test(request: AnyRequest) -> Response[Tried]:
    """Connect to the backend and check, as far as it tells, that the privileges suffice."""
    no_query(request)
    return answer(await services(request).providers.test(call(request), _name(request).removesuffix("/test")), 0)


@put(_ROLE, operation_id="configureRole", tags=["providers"])
async def configure_role(request: AnyRequest) -> Response[RoleMeta]:
    """Configure what leases may ask for."""
    no_query(request)
    body = body_of(request, RoleBody)
    name, role = _role(request)
    ttls = (body.default_ttl_seconds, body.max_ttl_seconds)
    return answer(*await services(request).providers.configure_role(call(request), name, role, ttls, body.settings))


@delete(_ROLE, operation_id="removeRole", tags=["providers"], status_code=204)
async def remove_role(request: AnyRequest) -> Response[None]:
    """Issue no lease of it any more; those that live end as they would."""
    no_query(request)
    done = await services(request).providers.remove_role(call(request, 204), *_role(request))
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


def _name(request: AnyRequest) -> str:
    return rest(request, f"{PROVIDERS}/")


def _role(request: AnyRequest) -> tuple[str, str]:
    name, _, role = _name(request).partition("/roles/")
    return name, role


ROUTES = [page, show, configure, remove, test, configure_role, remove_role]
