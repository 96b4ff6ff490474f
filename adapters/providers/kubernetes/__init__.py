"""Kubernetes: a ServiceAccount a lease, bound to what its role allows, and a token of it.

The token ends by itself at its `exp`, and before that as soon as its ServiceAccount is gone.
"""

from __future__ import annotations

from adapters.providers.kubernetes.kind import KubernetesKind
from domain.backends import BackendKind

KIND: BackendKind = KubernetesKind()
