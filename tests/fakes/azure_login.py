"""Entra's endpoints for logging in: OpenID metadata, and client credentials for tokens (RFC 6749, RFC 7523)."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.fakes.azure_directory import TENANT, Application, Directory
from tests.fakes.cloud_server import Asked, Route, Told

_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Login:
    """`base` is the authority, as clients reach it."""

    def __init__(self, directory: Directory, base: str = "") -> None:
        self._directory = directory
        self.base = base

    def routes(self) -> list[Route]:
        return [
            ("GET", r"/([^/]+)/v2.0/.well-known/openid-configuration", self._metadata),
            ("POST", r"/([^/]+)/oauth2/v2.0/token", self._token),
        ]

    def _metadata(self, asked: Asked) -> Told:
        if asked.parts[0] != TENANT:
            return _refused(400, "invalid_tenant", f"AADSTS90002: Tenant '{asked.parts[0]}' not found.")
        at = f"{self.base}/{TENANT}"
        return Told(
            200,
            {
                "issuer": f"{at}/v2.0",
                "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
                "token_endpoint": f"{at}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            },
        )

    def _token(self, asked: Asked) -> Told:
        form = asked.form()
        scope = form.get("scope", "")
        if form.get("grant_type") != "client_credentials" or not scope.endswith("/.default"):
            return _refused(400, "invalid_scope", f"AADSTS1002012: The provided value for scope {scope} is not valid.")
        application = self._directory.by_client(form.get("client_id", ""))
        if application is None:
            return _refused(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        if (trouble := self._trouble(application, form)) is not None:
            return trouble
        token = self._directory.give_token(application, scope.removesuffix("/.default"), 3599)
        return Told(200, {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token})

    def _trouble(self, application: Application, form: dict[str, str]) -> Told | None:
        if secret := form.get("client_secret"):
            return _secret_trouble(application, secret)
        if form.get("client_assertion_type") != _ASSERTION:
            return _refused(401, "invalid_client", "AADSTS7000218: client_assertion or client_secret is missing.")
        try:
            self._verify(application, form["client_assertion"])
        except (jwt.PyJWTError, LookupError, ValueError) as error:
            return _refused(401, "invalid_client", f"AADSTS700027: The assertion is not valid: {error}")
        return None

    def _verify(self, application: Application, assertion: str) -> None:
        header = jwt.get_unverified_header(assertion)
        named = {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}
        for certificate in application.certificates:
            if named & {_thumbprint(certificate, hashes.SHA1()), _thumbprint(certificate, hashes.SHA256())}:  # noqa: S303
                break
        else:
            raise LookupError("The key was not found.")
        key: Any = certificate.public_key()
        options: Any = {"require": ["iss", "sub", "aud", "exp", "jti"]}
        claims = jwt.decode(
            assertion,
            key,
            algorithms=["RS256", "PS256"],
            audience=f"{self.base}/{TENANT}/oauth2/v2.0/token",
            options=options,
        )
        if not claims["iss"] == claims["sub"] == application.client_id or claims["exp"] > time.time() + 3600:
            raise ValueError("of another application, or for too long")


def _secret_trouble(application: Application, secret: str) -> Told | None:
    if any(password.is_good(secret) for password in application.passwords):
        return None
    now = datetime.now(UTC)
    if any(password.secret == secret and password.ends <= now for password in application.passwords):
        return _refused(401, "invalid_client", "AADSTS7000222: The provided client secret keys are expired.")
    return _refused(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")


def _thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).rstrip(b"=").decode()


def _refused(status: int, error: str, description: str) -> Told:
    code = description.removeprefix("AADSTS").partition(":")[0]
    return Told(status, {"error": error, "error_description": description, "error_codes": [int(code)]})
