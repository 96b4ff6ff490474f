"""The reference page says what the code does."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from cli.server.config import load
from cli.server.config.keys import descriptions, keys
from cli.server.config.settings import MachineAuth


@pytest.fixture
def maker(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_configuration", root / "docs/reference/make_configuration.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_settings_describe(maker: ModuleType) -> None:
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), "run: make docs"


def test_every_key_says_what_it_means() -> None:
    assert [key.dotted for key in keys() if not key.description.endswith(".")] == []
    assert descriptions(MachineAuth).keys() == set(MachineAuth.__struct_fields__)


def test_the_page_s_example_is_a_configuration(maker: ModuleType, tmp_path: Path) -> None:
    example = maker.HEAD.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "example.yaml").write_text(example)
    assert yaml.safe_load(example)["listen"] == load(tmp_path / "example.yaml", {}).listen
