"""What an account is made of in the cluster, as objects of Kubernetes' API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from kubernetes.client import (
    RbacV1Subject,
    V1ClusterRoleBinding,
    V1ObjectMeta,
    V1OwnerReference,
    V1PolicyRule,
    V1Role,
    V1RoleBinding,
    V1RoleRef,
    V1ServiceAccount,
)

from adapters.providers.kubernetes.settings import OURS, Connection, Role
from domain.backends import Account

RBAC: Final = "rbac.authorization.k8s.io"
ENDS: Final = f"{OURS}expires-at"


@dataclass(frozen=True)
class Part:
    """One object of an account; all of them bear the account's name."""

    kind: Literal["ServiceAccount", "Role", "RoleBinding", "ClusterRoleBinding"]
    namespace: str
    """Empty where the kind knows none."""
    name: str

    def __str__(self) -> str:
        """As in a message."""
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


def home(account: Account, connection: Connection) -> str:
    """The namespace of its ServiceAccount: that of its making, even if the connection has another by now."""
    return account.handle.get("namespace", connection.namespace)


def target(account: Account, connection: Connection) -> str:
    """The namespace that it is given rights in."""
    settings: Role = account.settings
    return settings.namespace or home(account, connection)


def parts(account: Account, connection: Connection) -> list[Part]:
    """Every object of it, in the order in which they are made."""
    settings: Role = account.settings
    made = [Part("ServiceAccount", home(account, connection), account.name)]
    if settings.cluster_wide:
        return [*made, Part("ClusterRoleBinding", "", account.name)]
    if settings.rules:
        made.append(Part("Role", target(account, connection), account.name))
    if settings.rules or settings.role or settings.cluster_role:
        made.append(Part("RoleBinding", target(account, connection), account.name))
    return made


def service_account(account: Account) -> V1ServiceAccount:
    """The account itself. Pods that were to use it would get no token mounted unasked."""
    meta = _metadata(account)
    meta.labels = {**account.settings.labels, **(meta.labels or {})}
    meta.annotations = {**account.settings.annotations, **(meta.annotations or {})}
    return V1ServiceAccount(metadata=meta, automount_service_account_token=False)


def role(account: Account, owner: str | None) -> V1Role:
    """A Role of the lease's own; `owner` is the uid of the ServiceAccount with which Kubernetes collects it."""
    rules = [
        V1PolicyRule(
            api_groups=rule.api_groups,
            resources=rule.resources,
            verbs=rule.verbs,
            resource_names=rule.resource_names or None,
        )
        for rule in account.settings.rules
    ]
    return V1Role(metadata=_metadata(account, owner), rules=rules)


def role_binding(account: Account, namespace: str, owner: str | None) -> V1RoleBinding:
    """What gives the ServiceAccount of `namespace` its rights in one namespace."""
    settings: Role = account.settings
    kind = "ClusterRole" if settings.cluster_role else "Role"
    name = settings.cluster_role or settings.role or account.name
    return V1RoleBinding(
        metadata=_metadata(account, owner),
        role_ref=V1RoleRef(api_group=RBAC, kind=kind, name=name),
        subjects=[RbacV1Subject(kind="ServiceAccount", name=account.name, namespace=namespace)],
    )


def cluster_role_binding(account: Account, namespace: str) -> V1ClusterRoleBinding:
    """What gives it its rights everywhere. Nothing in a namespace can own it, so only we remove it."""
    return V1ClusterRoleBinding(
        metadata=_metadata(account),
        role_ref=V1RoleRef(api_group=RBAC, kind="ClusterRole", name=account.settings.cluster_role),
        subjects=[RbacV1Subject(kind="ServiceAccount", name=account.name, namespace=namespace)],
    )


def _metadata(account: Account, owner: str | None = None) -> V1ObjectMeta:
    """Labels, to find it by; annotations, which lead back to the lease and to whom it is for, as they are."""
    return V1ObjectMeta(
        name=account.name,
        labels={"app.kubernetes.io/managed-by": "trstctl", f"{OURS}lease": label_value(account.lease_id)},
        annotations={
            f"{OURS}lease-id": account.lease_id,
            f"{OURS}tenant": account.tenant,
            f"{OURS}subject": account.subject,
            f"{OURS}role": account.role,
            ENDS: account.expires_at.isoformat(timespec="seconds"),
        },
        owner_references=_owners(account, owner),
    )


def _owners(account: Account, uid: str | None) -> list[V1OwnerReference] | None:
    if uid is None:
        return None
    return [V1OwnerReference(api_version="v1", kind="ServiceAccount", name=account.name, uid=uid)]


def label_value(text: str) -> str:
    """The nearest to `text` that a label can hold: 63 of letters, digits, `-`, `_` and `.`, neither end a sign."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)[:63].strip("-_.")
