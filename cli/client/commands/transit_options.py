"""Options that the commands of transit encryption share."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import click

from cli.client.arguments import Decorator

HASHES: Final = (
    "sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512",
)  # fmt: skip


def aad_option() -> Decorator:
    """`--aad`: what a ciphertext is bound to."""
    return click.option(
        "--aad", metavar="TEXT", help="What the ciphertext is bound to besides: no secret; decrypting needs the same."
    )


def context_option() -> Decorator:
    """`--context`: whose own key is derived."""
    return click.option("--context", metavar="TEXT", help="Whose own key is derived; of derived keys only.")


def version_option() -> Decorator:
    """`--key-version`: not the newest."""
    return click.option(
        "--key-version", type=click.IntRange(min=1), metavar="N", help="This version of the key, not the newest."
    )


def bound_to(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the shared options say, as members of the body."""
    texts = {name: b64encode(options[name].encode()).decode() for name in ("aad", "context") if options.get(name)}
    version = options.get("key_version")
    return {**texts, **({"version": version} if version else {})}
