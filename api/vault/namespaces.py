"""Namespaces of Vault's clients are tenants: who shows a token has its own; who logs in names one."""

from __future__ import annotations

from api.vault.failures import VaultError
from api.vault.services import VaultServices


async def tenant_of(namespace: str, services: VaultServices) -> str:
    """The tenant that a caller without a token means; raises `VaultError` 400 if that is not known.

    Without a namespace it is the one that the configuration names, or the only one there is.
    """
    found = await services.namespaces.named(namespace)
    if found is None:
        raise VaultError(400, "name your tenant in X-Vault-Namespace (VAULT_NAMESPACE)")
    return found


async def must_be_own(namespace: str, tenant: str, services: VaultServices) -> None:
    """Raises `VaultError` 403 if a caller names another namespace than its token is of."""
    if namespace and namespace != tenant and await services.namespaces.named(namespace) != tenant:
        raise VaultError(403, "permission denied")
