"""What is made here, OpenSSL's command line opens and verifies; and what it makes, is opened and verified here."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.call import Call
from domain.commands.transit import TransitCommands
from domain.commands.transit_items import Decrypted, Signed, ToDecrypt, ToEncrypt, ToSign, ToVerify
from domain.plaintext import Plaintext
from domain.transit.cryptography import Part, SignatureForm
from domain.transit.format import NATIVE, decoded, encoded, written
from domain.transit.key_types import TYPES
from domain.transit.plans import KeyPlan
from tests.assembly import assembled, call

pytestmark = pytest.mark.anyio

MESSAGE = b"release 1.0"
PSS = ("-sigopt", "rsa_padding_mode:pss")
HASHES = {"sha2-256": "sha256", "sha2-512": "sha512", "sha3-256": "sha3-256"}


def openssl(*words: str | Path, succeeds: bool = True) -> bytes:
    result = subprocess.run(["openssl", *words], capture_output=True, check=False, timeout=60)
    assert (result.returncode == 0) == succeeds, result
    return result.stdout


class Keys:
    """Keys here, and their parts in files for OpenSSL."""

    def __init__(self, commands: TransitCommands, asking: Call, folder: Path) -> None:
        self.commands = commands
        self.call = asking
        self.folder = folder
        self.message = folder / "message"
        self.message.write_bytes(MESSAGE)

    async def make(self, name: str) -> None:
        await self.commands.keys.create(self.call, name, KeyPlan(type=TYPES[name], exportable=True))

    async def exported(self, name: str, part: Part) -> str:
        return (await self.commands.copies.export(self.call, name, part)).result.parts[1]

    async def public(self, name: str) -> Path:
        """The public key as PEM."""
        meta = await self.commands.keys.show(self.call, name)
        assert isinstance(meta.versions, list)
        file = self.folder / f"{name}.pub"
        file.write_text(str(meta.versions[0].public_key))
        return file

    async def private(self, name: str) -> Path:
        """The private key as PEM."""
        file = self.folder / f"{name}.pem"
        text = await self.exported(name, "signing-key")
        if name == "ed25519":  # PKCS #8 of the seed, RFC 8410 section 7
            der = bytes.fromhex("302e020100300506032b657004220420") + decoded(text)[:32]
            text = f"-----BEGIN PRIVATE KEY-----\n{encoded(der)}\n-----END PRIVATE KEY-----\n"
        file.write_text(text)
        return file

    def file(self, data: bytes, name: str = "data") -> Path:
        file = self.folder / name
        file.write_bytes(data)
        return file

    async def signed(self, name: str, form: SignatureForm) -> bytes:
        (made,) = (await self.commands.signing.sign(self.call, name, [ToSign(MESSAGE)], form)).result
        assert isinstance(made, Signed)
        return made.signature

    async def good(self, name: str, signature: bytes, form: SignatureForm) -> bool:
        item = ToVerify(MESSAGE, encoded(signature))
        (verdict,) = (await self.commands.signing.verify(self.call, name, [item], form)).result
        return not isinstance(verdict, Exception) and verdict.valid


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[Keys]:
    async with assembled(tmp_path) as system:
        tenant = await system.new_tenant("acme")
        yield Keys(system.transit.commands, call(tenant), tmp_path)


@pytest.mark.parametrize("hashed", HASHES)
@pytest.mark.parametrize("name", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"])
async def test_ecdsa_goes_both_ways(name: str, hashed: str, keys: Keys) -> None:
    await keys.make(name)
    form = SignatureForm(hash_algorithm=hashed)
    ours = keys.file(await keys.signed(name, form), "ours")
    openssl("dgst", f"-{HASHES[hashed]}", "-verify", await keys.public(name), "-signature", ours, keys.message)
    theirs = openssl("dgst", f"-{HASHES[hashed]}", "-sign", await keys.private(name), keys.message)
    assert await keys.good(name, theirs, form)
    assert not await keys.good(name, theirs, SignatureForm(hash_algorithm="sha2-384"))


@pytest.mark.parametrize("scheme", ["pss", "pkcs1v15"])
@pytest.mark.parametrize("name", ["rsa-2048", "rsa-3072"])
async def test_rsa_signatures_go_both_ways(name: str, scheme: str, keys: Keys) -> None:
    await keys.make(name)
    form, options = SignatureForm(signature_algorithm=scheme), PSS if scheme == "pss" else ()
    ours = keys.file(await keys.signed(name, form), "ours")
    openssl("dgst", "-sha256", *options, "-verify", await keys.public(name), "-signature", ours, keys.message)
    theirs = openssl("dgst", "-sha256", *options, "-sign", await keys.private(name), keys.message)
    assert await keys.good(name, theirs, form)


async def test_ed25519_goes_both_ways(keys: Keys) -> None:
    await keys.make("ed25519")
    public, private = await keys.public("ed25519"), await keys.private("ed25519")
    ours = keys.file(await keys.signed("ed25519", SignatureForm()), "ours")
    openssl("pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", keys.message, "-sigfile", ours)
    theirs = openssl("pkeyutl", "-sign", "-inkey", private, "-rawin", "-in", keys.message)
    assert await keys.good("ed25519", theirs, SignatureForm())


async def test_rsa_oaep_goes_both_ways(keys: Keys) -> None:
    await keys.make("rsa-2048")
    oaep = ("-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256")
    theirs = openssl(
        "pkeyutl", "-encrypt", "-pubin", "-inkey", await keys.public("rsa-2048"), *oaep, "-in", keys.message
    )
    wanted = [ToDecrypt(written(NATIVE, 1, theirs))]
    (opened,) = (await keys.commands.encryption.decrypt(keys.call, "rsa-2048", wanted)).result
    assert isinstance(opened, Decrypted)
    assert opened.plaintext.buffer == MESSAGE
    items = [ToEncrypt(Plaintext(bytearray(MESSAGE)))]
    (sealed,) = (await keys.commands.encryption.encrypt(keys.call, "rsa-2048", items)).result
    assert not isinstance(sealed, Exception)
    ours = keys.file(sealed.payload, "ours")
    assert openssl("pkeyutl", "-decrypt", "-inkey", await keys.private("rsa-2048"), *oaep, "-in", ours) == MESSAGE


async def test_hmac_is_openssls(keys: Keys) -> None:
    await keys.commands.keys.create(keys.call, "mac", KeyPlan(type=TYPES["hmac"], size=64, exportable=True))
    secret = decoded(await keys.exported("mac", "hmac-key")).hex()
    theirs = openssl("dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{secret}", "-binary", keys.message)
    (ours,) = (await keys.commands.signing.authenticate(keys.call, "mac", [MESSAGE])).result
    assert not isinstance(ours, Exception)
    assert ours.hmac == theirs
