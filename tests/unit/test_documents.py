"""The pages hold together: links lead somewhere, decisions are listed, no page names a machine."""

from __future__ import annotations

import re
from pathlib import Path

LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(work|home|root|Users)/", re.MULTILINE)


def pages(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    titles = HEADING.findall(FENCED.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path) -> list[str]:
    found = []
    for target, anchor in LINK.findall(FENCED.sub("", page.read_text())):
        aim = (page.parent / target).resolve() if target else page
        if not aim.exists() or (anchor and aim.suffix == ".md" and anchor not in anchors(aim)):
            found.append(f"{page.name}: {target}#{anchor}")
    return found


def test_links_between_pages_lead_somewhere(root: Path) -> None:
    assert [broken for page in pages(root) for broken in broken_links(page)] == []


def test_every_decision_is_listed(root: Path) -> None:
    folder = root / "docs/decisions"
    listed = (folder / "README.md").read_text()
    assert [page.name for page in sorted(folder.glob("0*.md")) if f"({page.name})" not in listed] == []


def test_pages_name_no_machine(root: Path) -> None:
    assert [page.name for page in pages(root) if MACHINE_PATH.search(page.read_text())] == []
