"""The self-signed certificate, judged by the TLS library of the clients that will meet it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.crypto import self_signed_certificate

NOW = datetime.now(UTC).replace(microsecond=0)


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """A TLS handshake in memory; raises what the client objects to."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass


def server_with(folder: Path, certificate: bytes, key: bytearray) -> ssl.SSLContext:
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def strict_client(certificate: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    context.load_verify_locations(cadata=certificate.decode())
    return context


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "vault.example.net"])
def test_client_that_trusts_the_certificate_connects_to_each_of_its_names(tmp_path: Path, name: str) -> None:
    certificate, key = self_signed_certificate("vault.example.net", NOW, days=365)
    handshake(server_with(tmp_path, certificate, key), strict_client(certificate), name)


def test_client_refuses_another_name(tmp_path: Path) -> None:
    certificate, key = self_signed_certificate("vault.example.net", NOW, days=365)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(server_with(tmp_path, certificate, key), strict_client(certificate), "example.net")


def test_client_that_does_not_trust_the_certificate_refuses_it(tmp_path: Path) -> None:
    certificate, key = self_signed_certificate("localhost", NOW, days=365)
    other, _ = self_signed_certificate("localhost", NOW, days=365)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server_with(tmp_path, certificate, key), strict_client(other), "localhost")


def test_certificate_is_valid_for_the_days_asked_and_names_an_address_as_an_address(tmp_path: Path) -> None:
    certificate, _ = self_signed_certificate("10.1.2.3", NOW, days=2)
    context = strict_client(certificate)
    assert context.get_ca_certs() == []  # it is no certificate authority
    (tmp_path / "cert.pem").write_bytes(certificate)
    decoded = ssl._ssl._test_decode_cert(str(tmp_path / "cert.pem"))  # type: ignore[attr-defined]  # the one decoder in the library
    assert ("IP Address", "10.1.2.3") in decoded["subjectAltName"]
    lifetime = ssl.cert_time_to_seconds(decoded["notAfter"]) - ssl.cert_time_to_seconds(decoded["notBefore"])
    assert lifetime == 2 * 86400 + 3600
