"""Entra and Graph, played by `tests.fakes.azure_*` over HTTPS, behind a gate. azure-identity tries the credentials."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import requests
from azure.identity import ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.backends import pages
from tests.backends.gate import Gate
from tests.backends.world import Setup
from tests.fakes.azure_directory import OWNED_BY, Application, Directory
from tests.fakes.azure_graph import Graph
from tests.fakes.azure_login import Login
from tests.fakes.cloud_server import CloudServer, serving

PAGE: Final = "lease-from-azure.md"
_FAR: Final = timedelta(days=365)


class AzureWorld:
    """`maker` owns `target`, whose passwords the leases are, and which may read one resource."""

    def __init__(self, cloud: CloudServer, directory: Directory, gate: Gate, setup: Setup) -> None:
        self.cloud = cloud
        self.directory = directory
        self.setup = setup
        self.maker, self.target = directory.applications[:2]
        self._gate = gate
        self.freeze, self.thaw = gate.freeze, gate.thaw

    async def log_in(self, fields: dict[str, str | int]) -> None:
        await asyncio.to_thread(self._use, fields, "reports")

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        try:
            await asyncio.to_thread(self._use, fields, "payroll")
        except requests.HTTPError:
            return False
        return True

    async def names(self) -> set[str]:
        with self.directory.lock:
            return {each.display_name for each in self.target.passwords if each.display_name}

    async def plant(self, name: str) -> None:
        self.directory.add_password(self.target, name, datetime.now(UTC) + _FAR)

    async def stop(self) -> None:
        self._gate.shut()

    async def start(self) -> None:
        self._gate.reopen()

    def peak(self) -> int:
        gc.collect()  # urllib3 leaves a connection whose handshake timed out to it
        time.sleep(0.1)
        return self._gate.peak()

    def _use(self, fields: dict[str, str | int], resource: str) -> None:
        base = f"https://127.0.0.1:{self._gate.port}"
        credential = ClientSecretCredential(
            str(fields["tenant_id"]),
            str(fields["client_id"]),
            str(fields["client_secret"]),
            authority=str(fields["authority"]),
            disable_instance_discovery=True,
            connection_verify=str(self.cloud.ca_file),
            retry_total=0,
        )
        with credential, requests.Session() as session:
            session.trust_env, session.verify = False, str(self.cloud.ca_file)
            token = credential.get_token(f"{base}/.default").token
            session.get(f"{base}/resource/{resource}", headers={"authorization": f"Bearer {token}"}).raise_for_status()


def certificate_for(application: Application) -> str:
    """A certificate and its key in one text; the application is to know the certificate."""
    key = rsa.generate_private_key(65_537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trstctl")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(now - _FAR).not_valid_after(now + _FAR).sign(key, hashes.SHA256())
    application.certificates.append(made)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (made.public_bytes(serialization.Encoding.PEM) + secret).decode()


@contextmanager
def running() -> Iterator[AzureWorld]:
    """A directory with an application that is us, one that leases are of, and one that may do nothing.

    As the page configures it, but for the addresses.
    """
    directory = Directory()
    login, graph = Login(directory), Graph(directory)
    with tempfile.TemporaryDirectory() as folder, serving([*login.routes(), *graph.routes()], Path(folder)) as cloud:
        gate = Gate(cloud.port)
        login.base = graph.base = f"https://127.0.0.1:{gate.port}"
        yield AzureWorld(cloud, directory, gate, _setup(directory, login.base, str(cloud.ca_file)))
        gate.shut()


def _setup(directory: Directory, base: str, ca_file: str) -> Setup:
    described = pages.provider(PAGE)
    role = described["roles"][0]["settings"]
    maker = directory.add(client_id=described["connection"]["client_id"], roles={OWNED_BY})
    directory.add(object_id=role["application"], owners={maker.client_id}, resources={"reports"})
    nobody = directory.add()
    secret, powerless = (
        directory.add_password(each, "by hand", datetime.now(UTC) + _FAR).secret for each in (maker, nobody)
    )
    connection = {**described["connection"], "authority": base, "graph_endpoint": base, "ca_file": ca_file}
    return Setup(
        kind="azure-entra",
        connection=connection,
        secrets={"client_secret": secret},
        role=role,
        renewable=False,
        shortest_seconds=3,
        wrong_secrets={"client_secret": "not-the-one-that-it-has"},
        powerless={"connection": {"client_id": nobody.client_id}, "secrets": {"client_secret": powerless}},
    )
