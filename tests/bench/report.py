"""What the benchmark prints: a row a figure, as it is measured."""

from __future__ import annotations

import os
import platform
import sys


class Report:
    """Rows to standard output, under headings."""

    def heading(self, text: str) -> None:
        """Begin a part."""
        print(f"\n{text}", flush=True)

    def row(self, name: str, figure: str) -> None:
        """One figure."""
        print(f"  {name:<44} {figure}", flush=True)

    def machine(self) -> None:
        """What it runs on; the figures mean little without."""
        self.heading("machine")
        self.row("processors, Python", f"{os.cpu_count()}, {platform.python_version()}, {sys.platform}")
