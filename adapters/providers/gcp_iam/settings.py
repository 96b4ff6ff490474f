"""How Google Cloud is reached, for which service accounts, and what a role of ours is."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from adapters.provider_endpoints import CaFile, Endpoint, checked_endpoint

Email = Annotated[str, Meta(max_length=254, pattern=r"^[a-z0-9.-]+@[a-z0-9.-]+$(?!\n)")]
Emails = Annotated[list[Email], Meta(max_length=100)]
Scope = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[\x21-\x7e]+$(?!\n)")]

KEY: Final = "service-account-key"
TOKEN: Final = "access-token"  # noqa: S105 - the name of a method
EVERYTHING: Final = "https://www.googleapis.com/auth/cloud-platform"


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The project, and the service accounts that roles may be for. `key_json` says who we are."""

    project: Annotated[
        str,
        Meta(pattern=r"^[a-z][a-z0-9.:-]{0,99}$(?!\n)", description="Id of the service accounts' project."),
    ]
    key_accounts: Annotated[Emails, Meta(description="Service accounts that keys may be uploaded for, by e-mail.")] = []
    token_accounts: Annotated[Emails, Meta(description="Service accounts that access tokens may be made of.")] = []
    token_uri: Annotated[Endpoint, Meta(description="Where we and the holders of keys get tokens.")] = (
        "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    )
    iam_endpoint: Annotated[Endpoint, Meta(description="The IAM API.")] = "https://iam.googleapis.com"
    credentials_endpoint: Annotated[Endpoint, Meta(description="The Service Account Credentials API.")] = (
        "https://iamcredentials.googleapis.com"
    )
    ca_file: CaFile = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` if it could not be used."""
        if not self.key_accounts and not self.token_accounts:
            raise ValueError("name at least one service account in key_accounts or token_accounts")
        for field in ("token_uri", "iam_endpoint", "credentials_endpoint"):
            checked_endpoint(field, getattr(self, field))


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The service account that a credential is of. What it may do is granted to it in Google Cloud."""

    method: Annotated[
        Literal["service-account-key", "access-token"],
        Meta(
            description="`service-account-key`: a key that can be revoked; a service account has at most 10."
            " `access-token`: a token that cannot, for at most an hour, or 12 where the organisation allows it."
        ),
    ]
    service_account: Annotated[Email, Meta(description="Its e-mail; the connection has to list it for the method.")]
    scopes: Annotated[
        list[Scope],
        Meta(max_length=50, description="What an access token is good for; default: all that its account may do."),
    ] = []

    def __post_init__(self) -> None:
        """Raises `ValueError` if settings contradict each other."""
        if self.method == KEY and self.scopes:
            raise ValueError("scopes are for access tokens; who holds a key chooses them")
