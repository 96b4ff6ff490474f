"""The Python client hvac, unchanged, over TLS: every method it has for transit."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import hvac
import pytest
from hvac.exceptions import InvalidPath, InvalidRequest

from tests.e2e.server import dev_server


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with dev_server(tmp_path_factory.mktemp("hvac") / "data") as server:
        url, verify = f"https://127.0.0.1:{server.port}", str(server.folder / "tls.crt")
        yield hvac.Client(url=url, token=server.token, verify=verify)


@pytest.fixture
def transit(client: Any) -> Any:
    return client.secrets.transit


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_keys_are_made_read_listed_configured_rotated_trimmed_and_deleted(transit: Any) -> None:
    assert transit.create_key("life", key_type="chacha20-poly1305")["data"]["latest_version"] == 1
    assert transit.read_key("life")["data"]["type"] == "chacha20-poly1305"
    assert "life" in transit.list_keys()["data"]["keys"]
    assert [transit.rotate_key("life")["data"]["latest_version"] for _ in "12"] == [2, 3]
    changed = transit.update_key_configuration(
        "life", min_decryption_version=2, min_encryption_version=3, deletion_allowed=True
    )
    assert changed["data"]["min_decryption_version"] == 2
    assert transit.trim_key("life", min_version=2)["data"]["min_available_version"] == 2
    assert transit.delete_key("life").status_code == 204
    with pytest.raises(InvalidPath):
        transit.read_key("life")


def test_data_is_encrypted_decrypted_and_rewrapped(transit: Any) -> None:
    transit.create_key("data")
    ciphertext = transit.encrypt_data("data", plaintext=b64("x"))["data"]["ciphertext"]
    assert ciphertext.startswith("vault:v1:")
    transit.rotate_key("data")
    moved = transit.rewrap_data("data", ciphertext=ciphertext)["data"]["ciphertext"]
    assert moved.startswith("vault:v2:")
    assert transit.decrypt_data("data", ciphertext=moved)["data"]["plaintext"] == b64("x")
    with pytest.raises(InvalidRequest, match="no prefix"):
        transit.decrypt_data("data", ciphertext="x")


def test_batches_are_encrypted_and_decrypted(transit: Any) -> None:
    made = transit.encrypt_data("batch", batch_input=[{"plaintext": b64("1")}, {"plaintext": b64("2")}])
    results = made["data"]["batch_results"]
    told = transit.decrypt_data("batch", batch_input=[{"ciphertext": each["ciphertext"]} for each in results])
    assert [each["plaintext"] for each in told["data"]["batch_results"]] == [b64("1"), b64("2")]
    moved = transit.rewrap_data("batch", ciphertext="", batch_input=results)
    assert len(moved["data"]["batch_results"]) == 2


def test_a_derived_convergent_key_takes_a_context(transit: Any) -> None:
    transit.create_key("convergent", derived=True, convergent_encryption=True)
    one, two = (transit.encrypt_data("convergent", plaintext=b64("x"), context=b64("a")) for _ in "12")
    assert one["data"] == two["data"]
    with pytest.raises(InvalidRequest, match="missing 'context' for key derivation"):
        transit.encrypt_data("convergent", plaintext=b64("x"))


def test_data_keys_random_bytes_and_hashes(transit: Any) -> None:
    transit.create_key("datakey")
    made = transit.generate_data_key("datakey", key_type="plaintext", bits=128)["data"]
    told = transit.decrypt_data("datakey", ciphertext=made["ciphertext"])["data"]
    assert told["plaintext"] == made["plaintext"]
    assert "plaintext" not in transit.generate_data_key("datakey", key_type="wrapped")["data"]
    drawn = transit.generate_random_bytes(n_bytes=16, output_format="hex")["data"]["random_bytes"]
    assert len(bytes.fromhex(drawn)) == 16
    assert len(bytes.fromhex(transit.hash_data(b64("x"), algorithm="sha2-512")["data"]["sum"])) == 64


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-p256", "rsa-2048"])
def test_signatures_are_made_and_verified(transit: Any, kind: str) -> None:
    transit.create_key(f"sign-{kind}", key_type=kind)
    signature = transit.sign_data(f"sign-{kind}", hash_input=b64("x"))["data"]["signature"]
    for text, valid in (("x", True), ("y", False)):
        told = transit.verify_signed_data(f"sign-{kind}", hash_input=b64(text), signature=signature)
        assert told["data"]["valid"] is valid


def test_hmacs_are_made_and_verified(transit: Any) -> None:
    transit.create_key("mac")
    mac = transit.generate_hmac("mac", hash_input=b64("x"), algorithm="sha2-512")["data"]["hmac"]
    told = transit.verify_signed_data("mac", hash_input=b64("x"), hmac=mac, hash_algorithm="sha2-512")
    assert told["data"]["valid"] is True


def test_keys_are_exported_backed_up_and_restored(transit: Any) -> None:
    transit.create_key("copy", exportable=True, allow_plaintext_backup=True)
    assert set(transit.export_key("copy", key_type="encryption-key")["data"]["keys"]) == {"1"}
    ciphertext = transit.encrypt_data("copy", plaintext=b64("x"))["data"]["ciphertext"]
    backup = transit.backup_key("copy")["data"]["backup"]
    assert transit.restore_key(backup, name="copied").status_code == 204
    assert transit.decrypt_data("copied", ciphertext=ciphertext)["data"]["plaintext"] == b64("x")
    with pytest.raises(InvalidRequest, match="already exists"):
        transit.restore_key(backup)
    assert transit.restore_key(backup, force=True).status_code == 204


def test_a_mount_of_its_own_has_keys_of_its_own(client: Any, transit: Any) -> None:
    client.sys.enable_secrets_engine("transit", path="ts2")
    transit.create_key("own", mount_point="ts2")
    assert transit.list_keys(mount_point="ts2")["data"]["keys"] == ["own"]
    with pytest.raises(InvalidPath):
        transit.read_key("own")
