"""Google Cloud, played by `tests.fakes.gcp_*` over HTTPS, behind a gate. Google's own SDK tries the credentials."""

from __future__ import annotations

import asyncio
import gc
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from tests.backends import pages
from tests.backends.gate import Gate
from tests.backends.world import Setup
from tests.fakes.cloud_server import CloudServer, serving
from tests.fakes.gcp_accounts import Accounts
from tests.fakes.gcp_iam import STORAGE, Iam
from tests.fakes.gcp_login import Login

PROJECT: Final = "acme-prod"
MAKER: Final = f"trstctl@{PROJECT}.iam.gserviceaccount.com"
READER: Final = f"reader@{PROJECT}.iam.gserviceaccount.com"
POWERLESS: Final = f"nobody@{PROJECT}.iam.gserviceaccount.com"
PAGE: Final = "lease-from-gcp.md"
PERMISSIONS: Final = [document["includedPermissions"] for document in pages.documents(PAGE, "A role for trstctl")]
"""Those for keys, and those for tokens."""


class GcpWorld:
    """One project: we may make credentials of the reader, who may list one bucket."""

    def __init__(self, cloud: CloudServer, accounts: Accounts, gate: Gate, setup: Setup) -> None:
        self.cloud = cloud
        self.accounts = accounts
        self.setup = setup
        self._gate = gate
        self.freeze, self.thaw = gate.freeze, gate.thaw

    async def log_in(self, fields: dict[str, str | int]) -> None:
        await self._use(fields, "GET", "/storage/v1/b/reports/o")

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        for method, path in (("GET", "/storage/v1/b/payroll/o"), ("POST", "/upload/storage/v1/b/reports/o")):
            try:
                await self._use(fields, method, path)
            except requests.HTTPError:
                continue
            return True
        return False

    async def names(self) -> set[str]:
        with self.accounts.lock:
            keys = [key.certificate for account in self.accounts.all.values() for key in account.keys.values()]
        return {_common_name(certificate) for certificate in keys if certificate}

    async def plant(self, name: str) -> None:
        with self.accounts.lock:
            self.accounts.upload(self.accounts.all[READER], certificate(name))

    async def stop(self) -> None:
        self._gate.shut()

    async def start(self) -> None:
        self._gate.reopen()

    def peak(self) -> int:
        gc.collect()  # urllib3 leaves a connection whose handshake timed out to it
        time.sleep(0.1)
        return self._gate.peak()

    async def _use(self, fields: dict[str, str | int], method: str, path: str) -> None:
        await asyncio.to_thread(self._used, fields, method, path)

    def _used(self, fields: dict[str, str | int], method: str, path: str) -> None:
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(self.cloud.ca_file)
            token = fields.get("token") or self.token(session, str(fields["key_json"]))
            address = f"https://127.0.0.1:{self._gate.port}{path}"
            session.request(method, address, headers={"authorization": f"Bearer {token}"}).raise_for_status()

    def token(self, session: requests.Session, key_json: str) -> str:
        """As an application gets one from a key file."""
        made = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            json.loads(key_json), scopes=[f"{STORAGE}read_write"]
        )
        made.refresh(Request(session))
        return str(made.token)


def certificate(name: str, *, seconds: float = 3600) -> bytes:
    """A self-signed certificate of a key that nobody keeps, made without the code under test."""
    key = rsa.generate_private_key(65_537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(seconds=seconds))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def key_file(accounts: Accounts, email: str, *, known: bool = True) -> str:
    """A key file as Google gives it; one whose key Google does not know, if asked for."""
    key = rsa.generate_private_key(65_537, 2048)
    key_id = accounts.new_key(email, key.public_key()) if known else "0" * 40
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return json.dumps(
        {
            "type": "service_account",
            "project_id": accounts.project,
            "private_key_id": key_id,
            "private_key": pem.decode(),
            "client_email": email,
            "token_uri": "https://elsewhere.example/token",
        }
    )


def _common_name(pem: bytes) -> str:
    return str(x509.load_pem_x509_certificate(pem).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@contextmanager
def keys() -> Iterator[GcpWorld]:
    """The method `service-account-key`."""
    with _running(0, renewable=False, shortest_seconds=5, expiry_seconds=1.5) as world:
        yield world


@contextmanager
def tokens() -> Iterator[GcpWorld]:
    """The method `access-token`, with a scope that is less than the service account may do."""
    with _running(1, renewable=False, revocable=False, shortest_seconds=3) as world:
        world.accounts.grant(READER, "reports", "storage.objects.create")
        yield world


@contextmanager
def _running(which: int, **more: Any) -> Iterator[GcpWorld]:
    """As the page configures it, but for the addresses; `which` of its roles, with the permissions for it alone."""
    accounts = Accounts(PROJECT)
    routes = [("POST", "/token", Login(accounts).token), *Iam(accounts).routes()]
    with tempfile.TemporaryDirectory() as folder, serving(routes, Path(folder)) as cloud:
        gate = Gate(cloud.port)
        connection = _connection(f"https://127.0.0.1:{gate.port}", str(cloud.ca_file), which)
        yield GcpWorld(cloud, accounts, gate, _setup(accounts, connection, which, **more))
        gate.shut()


def _connection(base: str, ca_file: str, which: int) -> dict[str, Any]:
    described = pages.provider(PAGE)["connection"]
    unneeded = ("token_accounts", "key_accounts")[which]
    return {
        **{name: value for name, value in described.items() if name != unneeded},
        "token_uri": f"{base}/token",
        "iam_endpoint": base,
        "credentials_endpoint": base,
        "ca_file": ca_file,
    }


def _setup(accounts: Accounts, connection: dict[str, Any], which: int, **more: Any) -> Setup:
    for email in (MAKER, POWERLESS):
        accounts.add(email)
    # Google's bound of ten is tested beside the contract, which makes more at once than that.
    accounts.add(READER, most_keys=100)
    accounts.grant(MAKER, READER, *PERMISSIONS[which])
    accounts.grant(READER, "reports", "storage.objects.list")
    return Setup(
        kind="gcp-iam",
        connection=connection,
        secrets={"key_json": key_file(accounts, MAKER)},
        role=pages.provider(PAGE)["roles"][which]["settings"],
        wrong_secrets={"key_json": key_file(accounts, MAKER, known=False)},
        powerless={"secrets": {"key_json": key_file(accounts, POWERLESS)}},
        **more,
    )
