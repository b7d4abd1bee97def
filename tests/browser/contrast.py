"""Contrast of every text on a page against what lies behind it, as the browser paints it (WCAG 2.2, 1.4.3)."""

from pathlib import Path
from typing import Any

UNREADABLE = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def unreadable(page: Any) -> list[str]:
    """Texts whose contrast is too low, one per pair of colours."""
    found: list[str] = page.evaluate(UNREADABLE)
    return found
