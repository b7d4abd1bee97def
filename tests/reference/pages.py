"""The checked-in pages and what the code says of them now."""

from tests.databases import ROOT
from trialsite.reference.pages import PAGES

FOLDER = ROOT / "docs" / "reference"


def assert_up_to_date(name):
    """The page of this name is what the code declares."""
    page = (FOLDER / name).read_text(encoding="utf-8")
    assert page == PAGES[name](), f"docs/reference/{name} is out of date; write it again with: make reference"
