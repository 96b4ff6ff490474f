"""How a cluster is reached, and what a role of ours may do there."""

from __future__ import annotations

import re
from typing import Annotated, Final

from msgspec import Meta, Struct

LONGEST: Final = 4096
SHORTEST_TOKEN: Final = 600
"""The shortest life of a token that the API server accepts, in seconds."""
OURS: Final = "trstctl.io/"
"""The prefix of the labels and annotations that are ours to write."""

# `$(?!\n)` is the very end, in Python as in JSON Schema; `$` alone lets a line end through.
Namespace = Annotated[str, Meta(pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$(?!\n)")]
RoleName = Annotated[str, Meta(pattern=r"^[^/%\s]{0,253}$(?!\n)")]
_PREFIX: Final = r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?"
_PART: Final = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
Key = Annotated[str, Meta(pattern=rf"^{_PREFIX}{_PART}$(?!\n)")]
Label = Annotated[str, Meta(pattern=rf"^({_PART})?$(?!\n)")]
Words = Annotated[list[Annotated[str, Meta(max_length=253)]], Meta(max_length=100)]


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the API server is, where ServiceAccounts are made, and where they may be given rights."""

    server: Annotated[
        str,
        Meta(
            max_length=LONGEST,
            pattern=r"^(https://[^\s/?#@]+(/[^\s?#]*)?)?$(?!\n)",
            description="The API server's address, `https://host:port`.",
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            max_length=LONGEST,
            description="PEM file of the authorities that may vouch for the API server; else the system's.",
        ),
    ] = ""
    token_file: Annotated[
        str,
        Meta(
            max_length=LONGEST,
            description="File with the token to call with, read anew for each request, in place of the secret `token`.",
        ),
    ] = ""
    in_cluster: Annotated[
        bool, Meta(description="Take `server`, `ca_file` and `token_file` from the pod that the server runs in.")
    ] = False
    namespace: Annotated[
        Namespace,
        Meta(
            min_length=1,
            description="Where the ServiceAccounts are made. Best one with nothing else in it: who may make tokens"
            " there may make them for every ServiceAccount there.",
        ),
    ]
    target_namespaces: Annotated[
        list[Annotated[Namespace, Meta(min_length=1)]],
        Meta(max_length=1000, description="Further namespaces that roles may give rights in."),
    ] = []
    cluster_wide: Annotated[bool, Meta(description="Whether roles may give rights in the whole cluster.")] = False


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One rule of a Role, spelt as in Kubernetes' own manifests."""

    api_groups: Annotated[Words, Meta(min_length=1, description='API groups; `""` is the core one.')]
    resources: Annotated[Words, Meta(min_length=1, description="Resources, such as `pods` or `pods/log`.")]
    verbs: Annotated[Words, Meta(min_length=1, description="What may be done, such as `get`.")]
    resource_names: Annotated[Words, Meta(description="Only those of these names; else all.")] = []


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the tokens of one role may do: exactly one of `role`, `cluster_role` and `rules`, or `audiences` alone."""

    namespace: Annotated[
        Namespace, Meta(description="Where the rights are given; default: the connection's namespace.")
    ] = ""
    role: Annotated[RoleName, Meta(description="A Role of that namespace to bind.")] = ""
    cluster_role: Annotated[RoleName, Meta(description="A ClusterRole to bind, in that namespace.")] = ""
    rules: Annotated[
        list[Rule], Meta(max_length=100, description="Rules of which a Role is made for each lease, and bound.")
    ] = []
    cluster_wide: Annotated[
        bool, Meta(description="Bind the ClusterRole in the whole cluster. The connection must allow it.")
    ] = False
    audiences: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=1000)]],
        Meta(max_length=20, description="Whom the token is meant for; default: the API server."),
    ] = []
    token_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=2**32,
            description="Least life of a token, in seconds, for leases that are to be renewed: a token's end cannot be"
            " moved. 0 is the lease's own life. It is never shorter than 600, which is Kubernetes' bound.",
        ),
    ] = 0
    labels: Annotated[dict[Key, Label], Meta(max_length=50, description="Further labels of the ServiceAccount.")] = {}
    annotations: Annotated[
        dict[Key, Annotated[str, Meta(max_length=LONGEST)]],
        Meta(max_length=50, description="Further annotations of the ServiceAccount."),
    ] = {}

    def __post_init__(self) -> None:
        """Raises `ValueError` if settings contradict each other."""
        granted = sum(map(bool, (self.role, self.cluster_role, self.rules)))
        if granted > 1 or not (granted or self.audiences):
            raise ValueError("give exactly one of role, cluster_role and rules, or audiences alone")
        if self.cluster_wide and (self.namespace or not self.cluster_role):
            raise ValueError("cluster_wide goes with cluster_role, and without namespace")
        if taken := [key for key in (*self.labels, *self.annotations) if _is_ours(key)]:
            raise ValueError(f"labels and annotations under {OURS} are trstctl's own: {', '.join(taken)}")


def _is_ours(key: str) -> bool:
    return re.match(r"(.+\.)?trstctl\.io/", key) is not None or key == "app.kubernetes.io/managed-by"
