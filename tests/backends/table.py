"""Every world that the contract suite of backends runs over, and how one is started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

import pytest

from tests.backends.world import World

WORLDS: Final[dict[str, str]] = {
    "aws-iam/assume-role": "tests.backends.aws_iam:roles",
    "aws-iam/federation": "tests.backends.aws_iam:federation",
    "aws-iam/user": "tests.backends.aws_iam:users",
    "azure-entra": "tests.backends.azure_entra:running",
    "gcp-iam/access-token": "tests.backends.gcp_iam:tokens",
    "gcp-iam/service-account-key": "tests.backends.gcp_iam:keys",
    "kubernetes": "tests.backends.kubernetes:running",
    "mongodb": "tests.backends.mongodb:running",
    "mysql": "tests.backends.mysql:running",
    "postgresql": "tests.backends.postgresql:running",
    "redis": "tests.backends.redis:running",
    "redis/tls": "tests.backends.redis:running_with_tls",
    "webhook": "tests.backends.webhook:running",
}
"""By the kind's name, or `kind/variant` where a kind has several: module and function.

The function is a context manager without arguments: it starts the world on a free port, in a temporary folder, and
stops it at the end. It raises `RuntimeError` saying what is missing on this machine.
"""


@contextmanager
def started(name: str) -> Iterator[World]:
    """The world of this name. Where it cannot start, its tests are skipped; with `CI` set, they fail."""
    module, _, function = WORLDS[name].partition(":")
    running = getattr(import_module(module), function)()
    try:
        world = running.__enter__()
    except RuntimeError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{name}: {error}")
    try:
        yield world
    finally:
        running.__exit__(None, None, None)
