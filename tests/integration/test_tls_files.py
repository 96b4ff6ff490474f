"""Certificates that can be served, and those that cannot, with the reason."""

from __future__ import annotations

import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.crypto import self_signed_certificate
from cli.server.config.settings import Tls
from cli.server.tls import load_certificate, server_context
from domain.errors import Misconfigured


def made(folder: Path, name: str = "tls") -> Tls:
    certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 30)
    tls = Tls(cert_file=str(folder / f"{name}.crt"), key_file=str(folder / f"{name}.key"))
    Path(tls.cert_file).write_bytes(certificate)
    Path(tls.key_file).touch(mode=0o600)
    Path(tls.key_file).write_bytes(key)
    return tls


def refusal(tls: Tls) -> str:
    with pytest.raises(Misconfigured) as refused:
        server_context(tls)
    return refused.value.message


def test_a_good_pair_is_served_from_tls_1_2_on(tmp_path: Path) -> None:
    context = server_context(made(tmp_path))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_NONE


def test_a_renewed_pair_is_read_into_the_same_context(tmp_path: Path) -> None:
    tls = made(tmp_path)
    context = server_context(tls)
    load_certificate(context, made(tmp_path))


def test_no_certificate_is_refused_naming_the_keys() -> None:
    assert "set tls.cert_file and tls.key_file" in refusal(Tls())


def test_a_file_that_is_not_there_is_named_with_its_key(tmp_path: Path) -> None:
    tls = made(tmp_path)
    Path(tls.key_file).unlink()
    assert refusal(tls).startswith(f"tls.key_file: {tls.key_file}: No such file")


def test_a_key_that_every_user_may_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    tls = made(tmp_path)
    Path(tls.key_file).chmod(0o644)
    assert "has mode 0644" in refusal(tls)
    assert f"chmod o= {tls.key_file}" in refusal(tls)


def test_a_key_for_a_group_of_services_is_served(tmp_path: Path) -> None:
    tls = made(tmp_path)
    Path(tls.key_file).chmod(0o640)
    server_context(tls)


def test_another_certificate_s_key_is_refused(tmp_path: Path) -> None:
    mixed = Tls(cert_file=made(tmp_path, "one").cert_file, key_file=made(tmp_path, "two").key_file)
    assert "are not a certificate and its private key" in refusal(mixed)


def test_what_is_no_pem_is_refused(tmp_path: Path) -> None:
    tls = made(tmp_path)
    Path(tls.cert_file).write_bytes(b"nothing\n")
    assert "are not a certificate and its private key in PEM" in refusal(tls)


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_a_password(tmp_path: Path) -> None:
    tls = made(tmp_path)
    encrypt = ["openssl", "pkey", "-in", tls.key_file, "-aes256", "-passout", "pass:x", "-out", f"{tls.key_file}.new"]
    subprocess.run(encrypt, check=True, capture_output=True)
    Path(f"{tls.key_file}.new").replace(tls.key_file)
    assert "the key is encrypted" in refusal(tls)
