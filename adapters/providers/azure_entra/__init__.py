"""Microsoft Entra ID: a password of an application a lease, with the lease's end as its own.

What the application may do is granted to it in Azure. Several roles are several applications.
"""

from __future__ import annotations

from adapters.providers.azure_entra.kind import AzureEntraKind
from domain.backends import BackendKind

KIND: BackendKind = AzureEntraKind()
