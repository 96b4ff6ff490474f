"""`auth/jwt/`: logins by tokens that an issuer has signed, whose keys are fetched over TLS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.issuer import Issuer, SigningKey, issuing
from tests.integration.vault.client import VaultTenant
from tests.integration.vault_logins.calls import auth_of, events, log_in, made, refused

pytestmark = pytest.mark.anyio
UNKNOWN = (
    "error validating token: error verifying token signature: no known key successfully validated the token signature"
)

NO_KEY = "error parsing public key: it is no PEM of a public RSA, ECDSA P-256, P-384, P-521 or Ed25519 key"


@pytest.fixture(scope="module")
def shared_issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with issuing(tmp_path_factory.mktemp("issuer")) as issuer:
        yield issuer


@pytest.fixture
def issuer(shared_issuer: Issuer) -> Issuer:
    """It signs with its first key."""
    shared_issuer.keys = [shared_issuer.key.jwk()]
    shared_issuer.server.intercept = lambda _: None
    return shared_issuer


async def configured(acme: VaultTenant, issuer: Issuer, **role: Any) -> None:
    """The mount trusts the issuer, and has the role `ci`."""
    await made(
        acme, "auth/jwt/config", jwks_url=f"{issuer.url}/keys", jwks_ca_pem=issuer.ca_pem, bound_issuer=issuer.url
    )
    fields = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "trstctl", **role}
    await made(acme, "auth/jwt/role/ci", **fields)


async def jwt_login(acme: VaultTenant, token: str, role: str = "ci") -> Any:
    return await log_in(acme, "jwt/login", role=role, jwt=token)


async def test_a_signed_token_gives_a_token_of_ours(acme: VaultTenant, issuer: Issuer) -> None:
    await configured(
        acme, issuer, token_policies=["ci"], token_ttl=600, claim_mappings={"/repo/name": "repo"}, groups_claim="groups"
    )
    token = issuer.token(repo={"name": "org/app"}, groups=["a", "b"])
    auth = auth_of(await jwt_login(acme, token))
    assert auth["policies"] == ["ci", "default"]
    assert auth["metadata"] == {"repo": "org/app", "role": "ci"}
    assert auth["lease_duration"] == 600
    data = await acme.data("POST", "auth/token/lookup-accessor", {"accessor": auth["accessor"]})
    assert (data["display_name"], data["path"], data["role"]) == ("jwt-ci", "auth/jwt/login", "ci")
    assert token not in str(await events(acme))


async def test_discovery_leads_to_the_keys(acme: VaultTenant, issuer: Issuer) -> None:
    await made(
        acme, "auth/jwt/config", oidc_discovery_url=issuer.url, oidc_discovery_ca_pem=issuer.ca_pem, default_role="ci"
    )
    await made(
        acme, "auth/jwt/role/ci", role_type="jwt", user_claim="sub", bound_subject="ci", bound_audiences="trstctl"
    )
    auth_of(await log_in(acme, "jwt/login", jwt=issuer.token()))
    data = await acme.data("GET", "auth/jwt/config")
    assert (data["oidc_discovery_url"], data["status"]) == (issuer.url, "valid")


async def test_public_keys_may_be_given_by_hand(acme: VaultTenant) -> None:
    keys = [SigningKey("a"), SigningKey("b", "ES256"), SigningKey("c", "EdDSA"), SigningKey("d", "ES384")]
    await made(acme, "auth/jwt/config", jwt_validation_pubkeys=[key.pem() for key in keys])
    await made(acme, "auth/jwt/role/ci", role_type="jwt", user_claim="sub", bound_subject="ci")
    claims = {"sub": "ci", "exp": int(time.time()) + 60}
    for key in keys:
        auth_of(await jwt_login(acme, key.sign(claims)))
    refused(await jwt_login(acme, SigningKey("a").sign(claims)), 400, UNKNOWN)


@pytest.mark.parametrize(
    "claims,message",
    [
        ({"aud": "other"}, "invalid audience (aud) claim: audience claim does not match any expected audience"),
        ({"aud": None}, "invalid audience (aud) claim: audience claim does not match any expected audience"),
        ({"iss": "https://evil.example"}, "invalid issuer (iss) claim"),
        ({"iss": None}, "invalid issuer (iss) claim"),
        ({"seconds": -1000}, "invalid expiration time (exp) claim: token is expired"),
        ({"nbf": 1 << 40}, "invalid not before (nbf) claim: token not yet valid"),
        ({"iat": 1 << 40, "nbf": 1}, "invalid issued at (iat) claim: token issued in the future"),
        ({"user": None}, 'claim "user" not found in token'),
        ({"user": 7}, 'claim "user" could not be converted to string'),
        ({"sub": "other"}, "invalid subject (sub) claim"),
        ({"groups": None}, '"groups" claim not found in token'),
        ({"team": 7}, "error converting claim 'team' to string"),
        ({"repo": "org/other"}, 'claim "repo" does not match any associated bound claim values'),
        ({"repo": None}, 'claim "repo" is missing'),
    ],
)
async def test_a_claim_that_is_not_as_wanted_is_told(
    acme: VaultTenant, issuer: Issuer, claims: dict[str, Any], message: str
) -> None:
    await configured(
        acme, issuer, bound_claims={"repo": ["org/app", "org/lib"]}, user_claim="user", bound_subject="ci",
        groups_claim="groups", claim_mappings={"team": "team"},
    )  # fmt: skip
    token = issuer.token(**{"repo": "org/app", "user": "anna", "groups": ["a"], **claims})
    refused(await jwt_login(acme, token), 400, f"error validating token: {message}")
    (told,) = await events(acme, "login.refused")
    assert (told["reason"], told["role"]) == (message, "ci")


async def test_a_token_for_somebody_is_none_for_a_role_without_audience(acme: VaultTenant, issuer: Issuer) -> None:
    await configured(acme, issuer, bound_audiences="", bound_subject="ci")
    message = "error validating token: audience claim found in JWT but no audiences bound to the role"
    refused(await jwt_login(acme, issuer.token()), 400, message)
    auth_of(await jwt_login(acme, issuer.token(aud=None)))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: dict[str, Any], claims: dict[str, Any], key: bytes = b"") -> str:
    """A token signed by HMAC with `key`, or with nothing."""
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(hmac.new(key, text.encode(), hashlib.sha256).digest()) if key else ''}"


async def test_a_public_key_is_no_hmac_key_and_none_is_no_signature(acme: VaultTenant) -> None:
    key = SigningKey("a")
    await made(acme, "auth/jwt/config", jwt_validation_pubkeys=key.pem())
    await made(acme, "auth/jwt/role/ci", role_type="jwt", user_claim="sub", bound_subject="ci")
    claims = {"sub": "ci", "exp": int(time.time()) + 60}
    wrong = "error validating token: token signed with unexpected algorithm"
    for header in ({"alg": "HS256"}, {"alg": "none"}, {"alg": "None"}, {"alg": ""}, {}, {"alg": ["RS256"]}):
        answer = await jwt_login(acme, forged(header, claims, key.pem().encode()))
        assert (answer.status, answer.json()) == (400, {"errors": [wrong]}), header
    refused(await jwt_login(acme, forged({"alg": "RS256"}, claims)), 400, UNKNOWN)
    refused(await jwt_login(acme, forged({"alg": "RS256"}, claims, key.pem().encode())), 400, UNKNOWN)
    auth_of(await jwt_login(acme, key.sign(claims)))


async def test_a_key_id_leads_nowhere_but_to_our_keys(acme: VaultTenant, issuer: Issuer) -> None:
    await configured(acme, issuer)
    stranger = SigningKey("first")
    claims = {"sub": "ci", "aud": "trstctl", "iss": issuer.url, "exp": int(time.time()) + 60}
    headers: tuple[dict[str, Any], ...] = (
        {}, {"kid": "../../etc/passwd"}, {"kid": "x' OR '1'='1"}, {"jku": "https://evil.example/keys"},
        {"jwk": stranger.jwk()}, {"x5u": "https://evil.example"}, {"kid": ""},
    )  # fmt: skip
    for header in headers:
        refused(await jwt_login(acme, stranger.sign(claims, **header)), 400, UNKNOWN)
    refused(await jwt_login(acme, issuer.key.sign(claims, crit=["exp"])), 400, "error validating token: malformed jwt")


async def test_what_is_no_token_is_told_so_and_a_long_one_is_not_looked_at(acme: VaultTenant, issuer: Issuer) -> None:
    await configured(acme, issuer)
    for text in ("x", "a.b.c", "..", "eyJhbGciOiJSUzI1NiJ9.e30", issuer.token()[:-300]):
        answer = await jwt_login(acme, text)
        assert (answer.status, answer.json()["errors"][0].startswith("error validating token: ")) == (400, True), text
    assert (await jwt_login(acme, "a" * 20_000)).status == 400
    refused(await jwt_login(acme, ""), 400, "missing token")


async def test_a_key_that_is_new_at_the_issuer_is_fetched_and_a_withdrawn_one_ends(
    acme: VaultTenant, issuer: Issuer, tmp_path: Any
) -> None:
    with issuing(tmp_path) as fresh:
        await configured(acme, fresh)
        auth_of(await jwt_login(acme, fresh.token()))
        old = fresh.token()
        fresh.rotate("second")
        _sources(acme).now += 11  # the issuer may be asked again
        auth_of(await jwt_login(acme, fresh.token()))
        refused(await jwt_login(acme, old), 400, UNKNOWN)


async def test_bad_tokens_make_no_storm_at_the_issuer(acme: VaultTenant, issuer: Issuer) -> None:
    await configured(acme, issuer)
    before = issuer.fetches
    claims = {"sub": "ci", "exp": int(time.time()) + 60}
    for number in range(20):
        refused(await jwt_login(acme, SigningKey(f"k{number}", "ES256").sign(claims)), 400, UNKNOWN)
    assert issuer.fetches == before
    _sources(acme).now += 11
    for number in range(20):
        refused(await jwt_login(acme, SigningKey(f"k{number}", "ES256").sign(claims)), 400, UNKNOWN)
    assert issuer.fetches == before + 1


class Moments:
    """The clock of the keys, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.now


def _sources(acme: VaultTenant) -> Moments:
    """The clock by which keys age."""
    moments = acme.system.vaulting.logging_in.keys.monotonic
    assert isinstance(moments, Moments)
    return moments


@pytest.fixture(autouse=True)
def moments(acme: VaultTenant) -> None:
    """A clock for the keys of this test."""
    keys = acme.system.vaulting.logging_in.keys
    keys.close()
    keys.monotonic = Moments()


async def test_an_issuer_that_cannot_be_reached_is_told_and_the_mount_keeps_its_settings(
    acme: VaultTenant, issuer: Issuer
) -> None:
    await configured(acme, issuer)
    answer = await acme("POST", "auth/jwt/config", {"jwks_url": "https://localhost:1/keys"})
    assert answer.status == 400
    assert answer.json()["errors"][0].startswith("error checking jwks url: the issuer at https://localhost:1/keys")
    assert (await acme.data("GET", "auth/jwt/config"))["jwks_url"] == f"{issuer.url}/keys"
    skipped = await acme("POST", "auth/jwt/config", {"jwks_url": "https://localhost:1/keys", "skip_jwks_validation": 1})
    assert (skipped.status, len(skipped.json()["warnings"])) == (200, 1)
    told = "error validating token: the issuer's keys cannot be fetched now; try again"
    refused(await jwt_login(acme, issuer.token()), 400, told)


async def test_a_certificate_that_nobody_vouches_for_is_refused(acme: VaultTenant, issuer: Issuer) -> None:
    answer = await acme("POST", "auth/jwt/config", {"jwks_url": f"{issuer.url}/keys"})
    assert answer.status == 400
    assert "self-signed certificate" in answer.json()["errors"][0]


@pytest.mark.parametrize(
    "fields,message",
    [
        ({}, "exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set"),
        ({"jwks_url": "https://a", "oidc_discovery_url": "https://a"},
         "exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set"),
        ({"jwks_url": "http://issuer.example/keys"},
         "jwks_url is to be https://host[:port][/path], without user and fragment"),
        ({"jwks_url": "file:///etc/passwd"}, "jwks_url is to be https://host[:port][/path], without user and fragment"),
        ({"jwks_url": "https://localhost:1", "jwks_ca_pem": "no certificate"},
         "could not parse CA PEM value successfully"),
        ({"jwt_validation_pubkeys": "nonsense"}, NO_KEY),
        ({"jwks_url": "https://a", "jwt_supported_algs": "HS256"},
         "invalid jwt_supported_algs: unsupported signing algorithm 'HS256'"),
        ({"oidc_discovery_url": "https://a/.well-known/openid-configuration"},
         "'oidc_discovery_url' contains '.well-known' component"),
        ({"oidc_discovery_url": "https://a", "oidc_client_id": "x"},
         "both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC"),
    ],
)  # fmt: skip
async def test_settings_that_make_no_sense_are_refused(acme: VaultTenant, fields: dict[str, Any], message: str) -> None:
    refused(await acme("POST", "auth/jwt/config", fields), 400, message)
    assert (await acme("GET", "auth/jwt/config")).status == 404


@pytest.mark.parametrize(
    "fields,message",
    [
        ({"user_claim": ""}, "a user claim must be defined on the role"),
        ({"bound_subject": ""}, "must have at least one bound constraint when creating/updating a role"),
        ({"role_type": "oidc"}, "role_type 'oidc' is not served: there is no login by a browser; use role_type 'jwt'"),
        ({"role_type": "saml"}, "invalid 'role_type': saml"),
        ({"bound_claims_type": "regex"}, "invalid 'bound_claims_type': regex"),
        ({"bound_claims": {"a": {"b": 1}}}, "bound claim is not a string, bool, int or list of these"),
        ({"bound_claims": {"a": 1}, "bound_claims_type": "glob"},
         "claim is not a string or list: globs are compared with text alone"),
        ({"claim_mappings": {"a": "x", "b": "x"}}, "multiple keys are mapped to metadata key 'x'"),
        ({"claim_mappings": {"a": "role"}}, 'metadata key "role" is reserved and may not be a mapping destination'),
        ({"clock_skew_leeway": "48h"}, "clock_skew_leeway is -1 to 86400 seconds"),
    ],
)  # fmt: skip
async def test_a_role_that_makes_no_sense_is_refused(acme: VaultTenant, fields: dict[str, Any], message: str) -> None:
    base = {"role_type": "jwt", "user_claim": "sub", "bound_subject": "ci"}
    refused(await acme("POST", "auth/jwt/role/ci", {**base, **fields}), 400, message)


async def test_a_role_reads_as_it_was_written(acme: VaultTenant) -> None:
    await made(acme, "auth/jwt/role/CI", role_type="jwt", user_claim="sub", bound_claims='{"a": ["x", 1, true]}',
               bound_audiences="a, b", expiration_leeway=-1, ttl="1h")  # fmt: skip
    data = await acme.data("GET", "auth/jwt/role/ci")
    assert (data["bound_claims"], data["bound_audiences"]) == ({"a": ["x", 1, True]}, ["a", "b"])
    assert (data["ttl"], data["token_ttl"], data["expiration_leeway"]) == (3600, 3600, -1)
    assert (await acme.data("LIST", "auth/jwt/role"))["keys"] == ["ci"]
    assert (await acme("DELETE", "auth/jwt/role/ci")).status == 204
    assert (await acme("GET", "auth/jwt/role/ci")).status == 404


async def test_without_settings_or_role_nobody_logs_in(acme: VaultTenant, issuer: Issuer) -> None:
    refused(await jwt_login(acme, issuer.token()), 400, "could not load configuration")
    await configured(acme, issuer)
    refused(await jwt_login(acme, issuer.token(), "none"), 400, 'role "none" could not be found')
    refused(await jwt_login(acme, issuer.token(), ""), 400, "missing role")


async def test_the_client_secret_is_sealed_and_destroyed_with_its_settings(acme: VaultTenant, issuer: Issuer) -> None:
    fields = {"oidc_discovery_url": issuer.url, "oidc_discovery_ca_pem": issuer.ca_pem, "oidc_client_id": "id"}
    await made(acme, "auth/jwt/config", **fields, oidc_client_secret="s3cr3t-of-oidc")
    assert "s3cr3t" not in str(await events(acme)) + str(await acme.data("GET", "auth/jwt/config"))
    (told,) = await events(acme, "login_method.configured")
    sql = "SELECT count(*) FROM sealed_keys WHERE seal_id = ?"
    assert await acme.system.rows(sql, told["seal_id"]) == [(1,)]
    await configured(acme, issuer)
    assert await acme.system.rows(sql, told["seal_id"]) == [(0,)]


async def test_tokens_may_be_bound_to_the_address_of_the_login(acme: VaultTenant, issuer: Issuer) -> None:
    await configured(acme, issuer, token_strictly_bind_ip=True)
    auth = auth_of(await jwt_login(acme, issuer.token()))
    data = await acme.data("POST", "auth/token/lookup", {"token": auth["client_token"]})
    assert data["bound_cidrs"] == ["127.0.0.1"]
    await made(acme, "auth/jwt/role/ci", token_strictly_bind_ip=False, token_bound_cidrs="192.0.2.0/24")
    refused(await jwt_login(acme, issuer.token()), 403, "permission denied")


async def test_a_renewal_looks_at_the_role_again(acme: VaultTenant, issuer: Issuer) -> None:
    await configured(acme, issuer, token_ttl=600)
    accessor = auth_of(await jwt_login(acme, issuer.token()))["accessor"]
    await made(acme, "auth/jwt/role/ci", role_type="jwt", user_claim="sub", bound_audiences="trstctl", token_ttl=60)
    renewed = await acme("POST", "auth/token/renew-accessor", {"accessor": accessor})
    assert 50 <= auth_of(renewed)["lease_duration"] <= 60
    await acme("DELETE", "auth/jwt/role/ci")
    renewed = await acme("POST", "auth/token/renew-accessor", {"accessor": accessor})
    refused(renewed, 400, 'failed to renew entry: role "ci" does not exist during renewal')
