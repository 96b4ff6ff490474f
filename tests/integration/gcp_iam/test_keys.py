"""Keys of service accounts: what is Google Cloud's own among backends."""

from __future__ import annotations

import base64
import json
import re

import pytest
from cryptography import x509

from domain.backends import Backend, BackendRefused
from tests.backends.gcp_iam import MAKER, PERMISSIONS, READER, GcpWorld, certificate
from tests.backends.opening import made, opened, planned

pytestmark = pytest.mark.anyio


async def test_the_certificate_names_the_account_and_ends_with_the_lease_and_no_private_key_is_sent(
    key_world: GcpWorld, backend: Backend
) -> None:
    key_world.cloud.seen.clear()
    account = planned(key_world.setup)
    credential = await backend.create(account)
    assert all(b"PRIVATE" not in asked.body for asked in key_world.cloud.seen)
    (upload,) = [asked for asked in key_world.cloud.seen if asked.path.endswith("keys:upload")]
    sent = x509.load_pem_x509_certificate(base64.b64decode(upload.json()["publicKeyData"]))
    assert sent.subject.rfc4514_string() == f"CN={account.name}"
    assert sent.not_valid_after_utc == account.expires_at.replace(microsecond=0)
    assert not list(sent.extensions), "it says no more than it has to: everybody can read it"
    assert set(credential.fields) == {"key_json", "client_email", "private_key_id", "project_id", "token_uri"}


async def test_the_key_file_has_what_every_client_wants_and_the_endpoint_of_the_connection(
    key_world: GcpWorld, backend: Backend
) -> None:
    credential = await backend.create(planned(key_world.setup))
    file = json.loads(str(credential.fields["key_json"]))
    assert file["type"] == "service_account"
    assert file["client_id"] == key_world.accounts.all[READER].unique_id
    assert file["private_key_id"] in key_world.accounts.all[READER].keys
    assert file["token_uri"] == key_world.setup.connection["token_uri"]


async def test_an_eleventh_key_is_refused_with_what_to_do(key_world: GcpWorld, backend: Backend) -> None:
    reader = key_world.accounts.all[READER]
    reader.most_keys = 10
    try:
        accounts = [planned(key_world.setup) for _ in range(10)]
        for account in accounts:
            await backend.create(account)
        with pytest.raises(BackendRefused, match=r"10 keys.*further service accounts.*access-token"):
            await backend.create(planned(key_world.setup))
        await backend.remove(accounts[0])
        await backend.create(planned(key_world.setup))
    finally:
        reader.most_keys = 100


async def test_the_certificate_of_a_key_is_read_once(key_world: GcpWorld, backend: Backend) -> None:
    for _ in range(3):
        await key_world.plant(planned(key_world.setup).name)
    assert len([name async for name in backend.accounts()]) == 3
    key_world.cloud.seen.clear()
    assert len([name async for name in backend.accounts()]) == 3
    assert len(key_world.cloud.seen) == 1


async def test_keys_of_others_are_neither_listed_nor_removed(key_world: GcpWorld, backend: Backend) -> None:
    theirs = key_world.accounts.upload(key_world.accounts.all[READER], certificate("terraform"))
    await backend.remove(planned(key_world.setup))
    assert [name async for name in backend.accounts()] == []
    assert theirs in key_world.accounts.all[READER].keys


async def test_a_service_account_that_is_gone_has_none_of_our_keys(key_world: GcpWorld, backend: Backend) -> None:
    account = planned(key_world.setup)
    credential = await backend.create(account)
    reader = key_world.accounts.all.pop(READER)
    try:
        for known in (account, made(account, credential.handle)):
            await backend.remove(known)
            assert not await backend.present(known)
        with pytest.raises(BackendRefused, match="no service account"):
            await backend.check()
    finally:
        key_world.accounts.all[READER] = reader


@pytest.mark.parametrize("permission", PERMISSIONS[0])
async def test_check_names_the_permission_that_lacks(key_world: GcpWorld, backend: Backend, permission: str) -> None:
    key_world.accounts.grants.remove((MAKER, permission, READER))
    try:
        with pytest.raises(BackendRefused, match=f"{re.escape(MAKER)} lacks {re.escape(permission)} on"):
            await backend.check()
    finally:
        key_world.accounts.grant(MAKER, READER, permission)


async def test_a_role_for_a_service_account_that_is_not_listed_is_refused_unasked(key_world: GcpWorld) -> None:
    backend = opened(key_world.setup)
    other = {**key_world.setup.role, "service_account": MAKER}
    key_world.cloud.seen.clear()
    with pytest.raises(BackendRefused, match="add it to key_accounts"):
        await backend.create(planned(key_world.setup, settings=other))
    role = {"method": "access-token", "service_account": READER}
    with pytest.raises(BackendRefused, match="add it to token_accounts"):
        await backend.create(planned(key_world.setup, settings=role))
    assert not key_world.cloud.seen
    await backend.close()
