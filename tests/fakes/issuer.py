"""An issuer of tokens over TLS: a discovery document, a JWK Set, and keys that rotate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.fakes.cloud_server import Asked, CloudServer, Told


class SigningKey:
    """A private key with its id."""

    def __init__(self, kid: str, algorithm: str = "RS256", bits: int = 2048) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self.private: Any = _private(algorithm, bits)

    def jwk(self) -> dict[str, Any]:
        """The public part."""
        kind: Any = {"R": RSAAlgorithm, "P": RSAAlgorithm, "E": ECAlgorithm}[self.algorithm[0]]
        if self.algorithm == "EdDSA":
            kind = OKPAlgorithm
        return {**kind.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid, "use": "sig"}

    def pem(self) -> str:
        """The public part, PEM."""
        pem: bytes = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        """A token."""
        return jwt.encode(claims, self.private, algorithm=self.algorithm, headers={"kid": self.kid, **headers})


def _private(algorithm: str, bits: int) -> Any:
    curves: dict[str, Any] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm in curves:
        return ec.generate_private_key(curves[algorithm]())
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class Issuer:
    """`keys` are those that it tells of; `fetches` counts how often it was asked for them."""

    def __init__(self, server: CloudServer, key: SigningKey) -> None:
        self.server = server
        self.key = key
        self.keys = [key.jwk()]
        self.fetches = 0
        self.url = f"https://localhost:{server.port}"
        self.document: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}

    @property
    def ca_pem(self) -> str:
        """The certificate that vouches for it."""
        return self.server.ca_file.read_text()

    def rotate(self, kid: str, *, keep: bool = False) -> None:
        """Sign with another key from now on; the old one is told of no longer, unless `keep`."""
        self.key = SigningKey(kid)
        self.keys = [*(self.keys if keep else ()), self.key.jwk()]

    def token(self, *, seconds: int = 300, **claims: Any) -> str:
        """A token of this issuer; a claim of None is left out."""
        now = int(time.time())
        told = {"iss": self.url, "sub": "ci", "aud": "trstctl", "iat": now, "exp": now + seconds, **claims}
        return self.key.sign({name: value for name, value in told.items() if value is not None})


@contextmanager
def issuing(folder: Path, key: SigningKey | None = None) -> Iterator[Issuer]:
    """An issuer on a free port until the end of the block."""
    issuer: list[Issuer] = []

    def discovery(_: Asked) -> Told:
        return Told(200, issuer[0].document)

    def jwks(_: Asked) -> Told:
        issuer[0].fetches += 1
        return Told(200, {"keys": issuer[0].keys})

    server = CloudServer(
        [
            ("GET", "/.well-known/openid-configuration", discovery),
            ("GET", "/keys", jwks),
        ],
        folder,
    )
    issuer.append(Issuer(server, key or SigningKey("first")))
    try:
        yield issuer[0]
    finally:
        server.close()
