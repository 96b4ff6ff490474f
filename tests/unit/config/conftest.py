"""A configuration file to write to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the text of a configuration file and names it."""

    def written(text: str) -> Path:
        file = tmp_path / "trstctl.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return written
