"""How AWS is reached, what may be made there, and what a role of ours is."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from adapters.provider_endpoints import CaFile, checked_endpoint

_ARN: Final = r"^arn:aws[a-z-]{0,20}:iam::([0-9]{12}|aws):"
RoleArn = Annotated[str, Meta(max_length=612, pattern=_ARN + r"role/[\x21-\x7e]+$(?!\n)")]
PolicyArn = Annotated[str, Meta(max_length=612, pattern=_ARN + r"policy/[\x21-\x7e]+$(?!\n)")]
_Optional: Final = r"^(https?://[^\s\\]+)?$(?!\n)"
Address = Annotated[str, Meta(max_length=1000, pattern=_Optional)]

USER: Final = "user"
ASSUME_ROLE: Final = "assume-role"
FEDERATION: Final = "federation"

LONGEST_OF_USER: Final = 1500
"""Most characters in a user's policy. IAM allows 2048 in all of a user's own policies; ours that ends it needs some."""
LONGEST_OF_SESSION: Final = 2048
"""Most characters in a policy that is given to STS, which is STS's bound."""


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account, by whose credentials we are; and what roles may be for."""

    region: Annotated[
        str,
        Meta(
            pattern=r"^[a-z]{2,4}(-[a-z]{2,10}){1,3}-[0-9]{1,2}$(?!\n)",
            description="Where STS is asked, such as `eu-central-1`; it says the partition, too. IAM has no regions.",
        ),
    ]
    access_key_id: Annotated[
        str, Meta(pattern=r"^([A-Za-z0-9_]{16,128})?$(?!\n)", description="Id of our access key; it is no secret.")
    ] = ""
    use_instance_role: Annotated[
        bool, Meta(description="Be the role of the EC2 instance that the server runs on, instead of an access key.")
    ] = False
    users: Annotated[bool, Meta(description="Whether roles of the method `user` are allowed, and users listed.")] = True
    path: Annotated[
        str,
        Meta(
            max_length=128,
            pattern=r"^/([A-Za-z0-9_.-]+/)+$(?!\n)",
            description="Path of the users we make. Two installations in one account need two paths.",
        ),
    ] = "/trstctl/"
    permissions_boundary: Annotated[
        str,
        Meta(
            max_length=612,
            pattern=r"^(arn:aws[a-z-]{0,20}:iam::([0-9]{12}|aws):policy/[\x21-\x7e]+)?$(?!\n)",
            description="ARN of the policy that no user we make can exceed.",
        ),
    ] = ""
    assumable_roles: Annotated[
        list[RoleArn], Meta(max_length=100, description="ARNs of the roles that roles of ours may be for.")
    ] = []
    federation: Annotated[bool, Meta(description="Whether roles of the method `federation` are allowed.")] = False
    propagation_seconds: Annotated[
        float, Meta(ge=0, le=60, description="How long to wait at most until a new key is known to STS.")
    ] = 10.0
    iam_endpoint: Annotated[Address, Meta(description="Address of IAM, if it is not AWS's own for the region.")] = ""
    sts_endpoint: Annotated[Address, Meta(description="Address of STS, if it is not AWS's own for the region.")] = ""
    ca_file: CaFile = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` if it could not be used."""
        for field in ("iam_endpoint", "sts_endpoint"):
            if url := getattr(self, field):
                checked_endpoint(field, url)


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a credential may do."""

    method: Annotated[
        Literal["user", "assume-role", "federation"],
        Meta(
            description="`user`: an IAM user of its own, which can be revoked. `assume-role`: credentials of an IAM"
            " role. `federation`: credentials of our own user, cut down by a policy. The latter two run out."
        ),
    ]
    policy: Annotated[
        dict[str, Any],
        Meta(description="A policy document. For `user` what is allowed; for the others what is left of it."),
    ] = {}
    policy_arns: Annotated[
        list[PolicyArn], Meta(max_length=10, description="ARNs of managed policies, to the same effect.")
    ] = []
    role_arn: Annotated[
        str,
        Meta(
            max_length=612,
            pattern=r"^(arn:aws[a-z-]{0,20}:iam::[0-9]{12}:role/[\x21-\x7e]+)?$(?!\n)",
            description="For `assume-role`: the IAM role; the connection has to list it.",
        ),
    ] = ""
    external_id: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z0-9_+=,.@:/-]{2,1224})?$(?!\n)",
            description="For `assume-role`: the external id that the role's trust policy asks for.",
        ),
    ] = ""
    tag_session: Annotated[
        bool,
        Meta(description="For `assume-role` and `federation`: tag the session with tenant, lease and subject."),
    ] = True

    def __post_init__(self) -> None:
        """Raises `ValueError` if settings contradict each other."""
        if (self.method == ASSUME_ROLE) != bool(self.role_arn):
            raise ValueError("role_arn is for the method assume-role, which needs it")
        if self.external_id and self.method != ASSUME_ROLE:
            raise ValueError("external_id is for the method assume-role")
        if self.method != ASSUME_ROLE and not self.policy and not self.policy_arns:
            raise ValueError("give policy or policy_arns: without any, nothing is allowed")
        if self.policy and "Statement" not in self.policy:
            raise ValueError("policy is no policy document: it has no Statement")
        longest = LONGEST_OF_USER if self.method == USER else LONGEST_OF_SESSION
        if len(compact(self.policy)) > longest:
            raise ValueError(f"policy has more than {longest} characters without blanks; make it a managed policy")


def compact(policy: dict[str, Any]) -> str:
    """A policy document as it is sent: IAM does not count blanks, STS does."""
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)
