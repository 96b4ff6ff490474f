"""Request bodies of transit encryption. Unknown members are refused.

The routes are below `/api/v1/transit`; what they answer is in `api.transit_replies`, and a key as
`domain.transit.results` tells it:

    POST   /keys             KeyBody       201   GET    /keys               KeysQuery     200
    POST   /keys/rotate      RotateKeyBody 200   GET    /keys/NAME                        200
    POST   /keys/NAME/trim   TrimBody      200   PATCH  /keys/NAME          KeyChangeBody 200
    POST   /restore          RestoreBody   201   DELETE /keys/NAME                        204
    POST   /encrypt          EncryptBody   200   GET    /keys/NAME/export   ExportQuery   200
    POST   /decrypt          DecryptBody   200   GET    /keys/NAME/backup                 200
    POST   /rewrap           RewrapBody    200   POST   /datakey            DataKeyBody   200
    POST   /hmac             HmacBody      200   POST   /random             RandomBody    200
    POST   /sign             SignBody      200   POST   /hash               HashBody      200
    POST   /verify           VerifyBody    200

Bytes are standard base64 with padding (RFC 4648 section 4). Where there are `items`, each is done for itself: one that
fails is answered by its `error`, and does not stop the others. What stands in `Meta(extra_json_schema=…)` is told and
not checked here: the domain checks it, with a better reason.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.queries import Limit, Query, Text
from domain.transit.key_types import MAX_HMAC_KEY, MIN_HMAC_KEY, Kind, TypeName
from domain.transit.limits import MAX_BACKUP, MAX_ITEMS, MAX_NAME, MAX_PERIOD, MAX_RANDOM, MIN_PERIOD, NAME_PATTERN

_NAME: Final = {"pattern": f"^{NAME_PATTERN}$", "minLength": 1, "maxLength": MAX_NAME}
_BASE64: Final = {"pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"}
"""In its one right form: the bits that are left over are zero."""
_SEALED: Final = {"pattern": "^(trv:|vault:v)[1-9][0-9]{0,9}:[A-Za-z0-9+/]*={0,2}$"}

Name = Annotated[str, Meta(description="The key's name.", extra_json_schema=_NAME, examples=["orders"])]
Plain = Annotated[str, Meta(description="What is encrypted, in base64.", extra_json_schema=_BASE64)]
Ciphertext = Annotated[
    str, Meta(description="`trv:<version>:<base64>`, or `vault:v<version>:<base64>`.", extra_json_schema=_SEALED)
]
Message = Annotated[str, Meta(description="What is signed, in base64.", extra_json_schema=_BASE64)]
Data = Annotated[str, Meta(description="What is authenticated or hashed, in base64.", extra_json_schema=_BASE64)]
Signature = Annotated[
    str, Meta(description="The signature in base64, also with `trv:<version>:` or `vault:v<version>:` before it.")
]
Mac = Annotated[str, Meta(description="The HMAC in base64, also with `trv:<version>:` or `vault:v<version>:` before.")]
Aad = Annotated[
    str,
    Meta(description="What the ciphertext is bound to besides, in base64; told again.", extra_json_schema=_BASE64),
]
Context = Annotated[
    str,
    Meta(description="Whose own key is derived, in base64; of derived keys only.", extra_json_schema=_BASE64),
]
Number = Annotated[int, Meta(ge=0, le=10**9, description="The key's version; 0 or left out: the newest.")]
Minimum = Annotated[int, Meta(ge=0, le=10**9)]
Period = Annotated[
    int,
    Meta(
        ge=0,
        le=MAX_PERIOD,
        description=f"After so many seconds it is rotated by itself, at least {MIN_PERIOD}; 0: it is not.",
        extra_json_schema={"anyOf": [{"const": 0}, {"minimum": MIN_PERIOD}]},
    ),
]
HashName = Literal[
    "sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512"
]
Digest = Annotated[HashName, Meta(description="The hash.")]
Items = Meta(min_length=1, max_length=MAX_ITEMS, description="Many at once, each done for itself.")


class KeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which key is made."""

    name: Name
    kind: Annotated[
        Kind | None,
        Meta(description="What it is for: `aead` means aes256-gcm96, `hmac` hmac and `sign` ecdsa-p256."),
    ] = None
    type: Annotated[TypeName | None, Meta(description="Which type exactly; left out, that of the kind.")] = None
    derived: Annotated[bool, Meta(description="Whether each context has a key of its own.")] = False
    convergent: Annotated[
        bool, Meta(description="Whether equal plaintexts of a context have equal ciphertexts; of derived keys only.")
    ] = False
    key_size: Annotated[
        int, Meta(ge=MIN_HMAC_KEY, le=MAX_HMAC_KEY, description="Bytes of a key of the type hmac; of others, nothing.")
    ] = MIN_HMAC_KEY
    exportable: Annotated[bool, Meta(description="Whether its material may be shown; for good.")] = False
    allow_plaintext_backup: Annotated[bool, Meta(description="Whether it may be backed up in the clear; for good.")] = (
        False
    )
    auto_rotate_seconds: Period = 0


class RotateKeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which key gets a new version."""

    name: Name


class KeyChangeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given is changed."""

    min_decryption_version: Annotated[
        Minimum | None, Meta(description="Older versions neither decrypt nor verify any more.")
    ] = None
    min_encryption_version: Annotated[
        Minimum | None,
        Meta(description="Older versions neither encrypt nor sign any more; 0: any that decrypts may be named."),
    ] = None
    deletion_allowed: Annotated[bool | None, Meta(description="Whether it may be deleted.")] = None
    exportable: Annotated[bool | None, Meta(description="True, for good: its material may be shown.")] = None
    allow_plaintext_backup: Annotated[bool | None, Meta(description="True, for good: it may be backed up.")] = None
    auto_rotate_seconds: Period | None = None


class TrimBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to where versions are destroyed."""

    min_available_version: Annotated[
        int, Meta(ge=1, le=10**9, description="Versions below it are destroyed; none will bring them back.")
    ]


class EncryptItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One plaintext."""

    plaintext: Plain
    aad: Aad = ""
    context: Context = ""
    version: Number = 0


class EncryptBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plaintext, or items."""

    key: Name
    plaintext: Plain | UnsetType = UNSET
    aad: Aad = ""
    context: Context = ""
    version: Number = 0
    items: Annotated[list[EncryptItem], Items] | UnsetType = UNSET


class DecryptItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ciphertext."""

    ciphertext: Ciphertext
    aad: Aad = ""
    context: Context = ""


class DecryptBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ciphertext, or items."""

    key: Name
    ciphertext: Ciphertext | UnsetType = UNSET
    aad: Aad = ""
    context: Context = ""
    items: Annotated[list[DecryptItem], Items] | UnsetType = UNSET


class RewrapItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ciphertext, and the version it is to have."""

    ciphertext: Ciphertext
    aad: Aad = ""
    context: Context = ""
    version: Number = 0


class RewrapBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ciphertext, or items, brought to another version."""

    key: Name
    ciphertext: Ciphertext | UnsetType = UNSET
    aad: Aad = ""
    context: Context = ""
    version: Number = 0
    items: Annotated[list[RewrapItem], Items] | UnsetType = UNSET


class DataKeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which data key is made, and whether it is shown in the clear as well."""

    key: Name
    bits: Annotated[Literal[128, 256, 512], Meta(description="Its length.")] = 256
    wrapped: Annotated[bool, Meta(description="True: only the ciphertext is told, not the data key itself.")] = False
    aad: Aad = ""
    context: Context = ""
    version: Number = 0


class HmacItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input."""

    data: Data


class HmacBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An input, or items."""

    key: Name
    data: Data | UnsetType = UNSET
    algorithm: Digest = "sha2-256"
    version: Number = 0
    items: Annotated[list[HmacItem], Items] | UnsetType = UNSET


class SignatureTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How signatures are made and written down."""

    hash_algorithm: Annotated[
        HashName | Literal["none"], Meta(description="The hash of the message; of ed25519, nothing.")
    ] = "sha2-256"
    prehashed: Annotated[bool, Meta(description="The message is the hash already.")] = False
    signature_algorithm: Annotated[Literal["pss", "pkcs1v15"], Meta(description="Of RSA keys.")] = "pss"
    salt_length: Annotated[
        Literal["auto", "hash"] | int, Meta(description="Of PSS: `auto` (the longest), `hash`, or so many bytes.")
    ] = "auto"
    marshaling: Annotated[
        Literal["asn1", "jws"], Meta(description="Of ECDSA: DER, or r and s one after the other, base64url.")
    ] = "asn1"


class SignItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message."""

    message: Message
    context: Context = ""


class SignBody(SignatureTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message, or items."""

    key: Name
    message: Message | UnsetType = UNSET
    context: Context = ""
    version: Number = 0
    items: Annotated[list[SignItem], Items] | UnsetType = UNSET


class VerifyItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message with its signature, or data with its HMAC."""

    message: Message | UnsetType = UNSET
    signature: Signature | UnsetType = UNSET
    data: Data | UnsetType = UNSET
    hmac: Mac | UnsetType = UNSET
    context: Context = ""
    version: Number = 0


class VerifyBody(SignatureTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signature of a message, by a key of ours or by a public key that is given; an HMAC of data; or items."""

    key: Name | UnsetType = UNSET
    public_der: Annotated[
        str | UnsetType,
        Meta(description="A public key (SubjectPublicKeyInfo, DER) in base64.", extra_json_schema=_BASE64),
    ] = UNSET
    message: Message | UnsetType = UNSET
    signature: Signature | UnsetType = UNSET
    data: Data | UnsetType = UNSET
    hmac: Mac | UnsetType = UNSET
    algorithm: Digest = "sha2-256"
    context: Context = ""
    version: Number = 0
    items: Annotated[list[VerifyItem], Items] | UnsetType = UNSET


class RandomBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many random bytes."""

    bytes: Annotated[int, Meta(ge=1, le=MAX_RANDOM, description="How many.")]
    format: Annotated[Literal["base64", "hex"], Meta(description="How they are written.")] = "base64"


class HashBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is hashed."""

    data: Data
    algorithm: Digest = "sha2-256"
    format: Annotated[Literal["base64", "hex"], Meta(description="How the hash is written.")] = "hex"


class RestoreBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backup: of ours, of OpenBao or of Vault."""

    backup: Annotated[str, Meta(max_length=MAX_BACKUP, description="What the backup gave.", extra_json_schema=_BASE64)]
    name: Annotated[Name | UnsetType, Meta(description="The name it is to have; left out, the one it had.")] = UNSET
    force: Annotated[bool, Meta(description="Put it in the place of the key that has the name.")] = False


class KeysQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which keys are listed."""

    prefix: Annotated[Text, Meta(description="How their names begin.", examples=["pay"])] = ""
    limit: Limit = 100
    cursor: Annotated[Text, Meta(description="The `next_cursor` of the answer before.", examples=["orders"])] = ""


class ExportQuery(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a key is shown."""

    kind: Annotated[
        Literal["encryption-key", "signing-key", "hmac-key", "public-key"],
        Meta(description="What of it.", examples=["public-key"]),
    ]
    version: Annotated[
        Annotated[int, Meta(ge=1, le=10**9)] | None, Meta(description="Only of this version.", examples=[1])
    ] = None
