"""Every rule that can refuse a row or a file stands in the how-to page."""

import re

from labs.codes_fhir import FHIR
from tests.databases import ROOT

SOURCES = ["rules.py", "checks.py", "central_csv.py", "load.py", "specimens.py"]
# A rule is the second member of a tuple of checks, the argument of a refusal or of a finding.
RULE = re.compile(r'"([a-z]+(?:-[a-z]+)+)"')
NO_RULES = {"non-numeric", "utf-8", "entered-in-error"}


def rules(sources=SOURCES):
    """Hyphenated names in the sources of the checks."""
    text = "".join((ROOT / "labs/imports" / name).read_text() for name in sources)
    return set(RULE.findall(text)) - NO_RULES


def test_every_rule_stands_in_the_how_to_page():
    page = (ROOT / "docs/how-to/import-a-laboratory-file.md").read_text()
    assert "number-grammar" in rules()
    assert sorted(rule for rule in rules() if f"`{rule}`" not in page) == []


def test_every_rule_of_fhir_stands_in_its_how_to_page():
    page = (ROOT / "docs/how-to/import-fhir.md").read_text()
    sources = [path.name for path in (ROOT / "labs/imports").glob("fhir*.py")]
    found = rules(sources) | {one.code for one in FHIR.codes}
    assert {"fhir-comparator", "json-cut-off", "too-long"} <= found
    assert sorted(rule for rule in found if f"`{rule}`" not in page) == []
