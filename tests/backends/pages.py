"""What the pages of docs/how-to say, for worlds to be made by it: so no page asks for more or less than is needed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml

_FOLDER: Final = Path(__file__).parents[2] / "docs/how-to"


def sql(page: str, heading: str) -> str:
    """The SQL under a heading."""
    return "\n".join(_blocks(page, heading, "sql"))


def statements(page: str, heading: str) -> list[str]:
    """The single statements of it."""
    return [statement.strip() for statement in sql(page, heading).split(";\n") if statement.strip()]


def provider(page: str) -> dict[str, Any]:
    """The first provider that the page configures."""
    configured: dict[str, Any] = yaml.safe_load(_blocks(page, "Configure", "yaml")[0])
    found: dict[str, Any] = configured["secrets"]["providers"][0]
    return found


def documents(page: str, heading: str) -> list[dict[str, Any]]:
    """The YAML documents under a heading."""
    return [yaml.safe_load(block) for block in _blocks(page, heading, "yaml")]


def policies(page: str, heading: str) -> list[dict[str, Any]]:
    """The JSON documents under a heading."""
    return [json.loads(block) for block in _blocks(page, heading, "json")]


def _blocks(page: str, heading: str, language: str) -> list[str]:
    sections = re.split(r"^## ", (_FOLDER / page).read_text(), flags=re.MULTILINE)
    [section] = [text for text in sections if text.startswith(f"{heading}\n")]
    found = re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no {language} under {heading!r}"
    return found
