"""Completing a secret's path in the shell: one folder level at a time, names only."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import CompletionItem

from cli.client import routes
from cli.client.errors import ClientError
from cli.client.session import Session

PATIENCE: Final = 2.0
"""Seconds a person waits after pressing Tab."""
_AT_MOST: Final = 100


def matching(context: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """Folders and names that begin with `incomplete`; none if the server cannot be asked: Tab shows no errors."""
    session = context.ensure_object(Session)
    session.timeout = PATIENCE
    try:
        page = session.get(routes.STORE, prefix=incomplete, delimiter="/", limit=_AT_MOST)
    except ClientError:
        return []
    names = [*page.get("folders", ()), *(item.get("name", "") for item in page.get("items", ()))]
    return [CompletionItem(name) for name in names if isinstance(name, str) and name.startswith(incomplete)]
