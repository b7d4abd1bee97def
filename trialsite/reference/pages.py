"""Every generated page of ``docs/reference`` by the name of its file."""

from collections.abc import Callable
from pathlib import Path

from cart.endpoints import reference as endpoints
from trialsite import environ
from trialsite.reference.api import api_page
from trialsite.reference.commands import commands_page
from trialsite.reference.errors import errors_page
from trialsite.reference.exports import exports_page

PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "exports.md": exports_page,
    "endpoints.md": endpoints.reference_page,
    "settings.md": environ.reference_page,
}


def write_pages(folder: Path) -> list[Path]:
    """Write every page; returns those that changed."""
    changed = []
    for name, make in PAGES.items():
        path, text = folder / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
