"""Completing `provider/role` in the shell."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from cli.client import routes
from cli.client.errors import ClientError
from cli.client.path_completion import PATIENCE
from cli.client.session import Session


def matching(context: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """Roles that begin so; none if the server cannot be asked or does not say: Tab shows no errors."""
    session = context.ensure_object(Session)
    session.timeout = PATIENCE
    try:
        items = session.get(routes.PROVIDERS).get("items", ())
    except ClientError:
        return []
    names = [f"{item.get('name')}/{role.get('name')}" for item in items for role in item.get("roles", ())]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
