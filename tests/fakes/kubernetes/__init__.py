"""A Kubernetes API server, as far as leases need one: it refuses what the real one refuses, in the same words.

What it does not have: admission plug-ins beyond the namespace's, watches, protobuf, and controllers other than the
collection of what lost its owner.
"""

from __future__ import annotations

from tests.fakes.kubernetes.cluster import Cluster
from tests.fakes.kubernetes.server import KubernetesServer

__all__ = ["Cluster", "KubernetesServer"]
