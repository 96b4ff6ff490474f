"""The description to read: the page that the server shows, and the one among the documents."""

from __future__ import annotations

import importlib.util
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from api.app import ROUTES
from api.description import Description
from api.page_style import POLICY


@pytest.fixture(scope="module")
def page() -> str:
    return Description(ROUTES).page.decode()


def test_reference_page_is_current(root: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_api", root / "docs/reference/make_api.py")
    assert spec
    assert spec.loader
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), "run: make docs"


def test_page_loads_nothing_and_runs_nothing(page: str) -> None:
    assert not re.search(r"<(script|link|img|iframe|form|object)|url\(|@import| on\w+=| style=", page)
    assert set(re.findall(r'href="([^"#][^"]*)"', page)) == {"/api/v1/openapi.json"}


def test_policy_lets_the_page_have_its_style_and_nothing_else(page: str) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert "default-src 'none'" in POLICY
    assert "unsafe" not in POLICY


def test_every_anchor_leads_to_one_place(page: str) -> None:
    places = re.findall(r' id="([^"]+)"', page)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', page)) == set(places)


def test_every_operation_is_shown_with_its_errors(page: str) -> None:
    for handler in ROUTES:
        section = page.partition(f'<section id="{handler.operation_id}"')[2].partition("</section>")[0]
        assert "<summary>Example: " in section or "nothing is told" in section
        assert ("Errors" in section) == ("No token is needed" not in section or handler.operation_id == "auditKey")
