"""Numbers come back as they were written, as Vault gives them: `1.10` is not `1.1`, and `1e3` not `1000.0`."""

from __future__ import annotations

import json

import pytest

from tests.integration.vault.client import VaultTenant
from tests.integration.vault.kv import PATCHED, mount

pytestmark = pytest.mark.anyio

NUMBERS = b"1.10,1e3,1E+3,-0.0,0.1000000000000000055511151231257827,1e400,123456789012345678901234567890"
WRITTEN = b'{"a":[%s],"b":{"c":1.10}}' % NUMBERS


async def test_version_two_of_kv_gives_them_back(acme: VaultTenant) -> None:
    assert (await acme("PUT", "secret/data/n", b'{"data":%s,"options":{"cas":0}}' % WRITTEN)).status == 200
    assert b'"data":%s,' % WRITTEN in (await acme("GET", "secret/data/n")).body
    native = (await acme.native("GET", "/api/v1/secrets/store/n")).json()
    assert native["value"].encode() == WRITTEN


async def test_data_as_json_text_keeps_them(acme: VaultTenant) -> None:
    await acme("PUT", "secret/data/n", {"data": '{"a":1.10}'})
    assert b'"data":{"a":1.10},' in (await acme("GET", "secret/data/n")).body


async def test_a_patch_keeps_those_that_were_there_and_those_it_brings(acme: VaultTenant) -> None:
    await acme("PUT", "secret/data/n", b'{"data":{"a":1.10,"d":1.0,"e":[2.50]}}')
    answer = await acme("PATCH", "secret/data/n", b'{"data":{"b":{"c":2e0},"d":7.70,"e":null}}', **PATCHED)
    assert answer.status == 200
    assert b'"data":{"a":1.10,"b":{"c":2e0},"d":7.70},' in (await acme("GET", "secret/data/n")).body


async def test_version_one_of_kv_and_the_cubbyhole_give_them_back(acme: VaultTenant) -> None:
    await mount(acme, "kv1", 1)
    for path in ("kv1/n", "cubbyhole/n"):
        assert (await acme("PUT", path, WRITTEN)).status == 204
        assert b'"data":%s,' % WRITTEN in (await acme("GET", path)).body


async def test_what_was_wrapped_has_them(acme: VaultTenant) -> None:
    info = (await acme("POST", "sys/wrapping/wrap", WRITTEN, x_vault_wrap_ttl="2m")).json()["wrap_info"]
    opened = await acme("POST", "sys/wrapping/unwrap", {"token": info["token"]})
    assert b'"data":%s,' % WRITTEN in opened.body
    await acme("PUT", "secret/data/n", b'{"data":%s}' % WRITTEN)
    info = (await acme("GET", "secret/data/n", x_vault_wrap_ttl="2m")).json()["wrap_info"]
    assert WRITTEN in (await acme("POST", "sys/wrapping/unwrap", {"token": info["token"]})).body


async def test_settings_are_read_as_numbers_all_the_same(acme: VaultTenant) -> None:
    settings = b'{"delete_version_after":90.0,"custom_metadata":{"release":1.10}}'
    assert (await acme("PUT", "secret/metadata/n", settings)).status == 204
    told = await acme.data("GET", "secret/metadata/n")
    assert (told["delete_version_after"], told["custom_metadata"]) == ("1m30s", {"release": "1.10"})
    for cas, status in ((b"0.5", 400), (b"1e400", 400), (b"0.0", 200), (b"1e0", 200)):
        assert (await acme("PUT", "secret/data/n", b'{"data":{},"options":{"cas":%s}}' % cas)).status == status


@pytest.mark.parametrize("number", [b"1.1", b"1.10", b"11e-1", b'"1.1"'])
@pytest.mark.parametrize("which,status", [("allowed_parameters", 204), ("denied_parameters", 403)])
async def test_policies_compare_them_as_numbers(acme: VaultTenant, number: bytes, which: str, status: int) -> None:
    await mount(acme, "kv1", 1)
    rule = {"capabilities": ["create", "update"], which: {"a": [1.1]}}
    await acme("PUT", "sys/policies/acl/n", {"policy": json.dumps({"path": {"kv1/n": rule}})})
    created = (await acme("POST", "auth/token/create", {"policies": ["n"]})).json()
    client = acme.client(created["auth"]["client_token"])
    assert (await client("PUT", "kv1/n", b'{"a":%s}' % number)).status == status
    assert (await client("PUT", "kv1/n", b'{"a":1.2}')).status == {204: 403, 403: 204}[status]


@pytest.mark.parametrize("body", [b'{"data":{"a":1.}}', b'{"data":{"a":.5}}', b'{"data":{"a":%s}}' % (b"9" * 5000)])
async def test_what_is_no_number_or_too_long_is_refused(acme: VaultTenant, body: bytes) -> None:
    assert (await acme("PUT", "secret/data/n", body)).status == 400
