"""What a laboratory declares about its FHIR files."""

import pytest

from labs.imports.fhir_layout import FhirLayout
from labs.imports.layout import Layout, LayoutError
from labs.imports.layouts import from_mapping
from tests.labs.imports.fhir_records import LAYOUT
from tests.labs.records import LAYOUT as DELIMITED


def test_format_chooses_and_is_csv_unless_declared():
    assert isinstance(from_mapping(DELIMITED), Layout)
    assert isinstance(from_mapping({**DELIMITED, "format": "csv"}), Layout)
    assert isinstance(from_mapping(LAYOUT), FhirLayout)


def test_loinc_stands_for_its_address():
    assert from_mapping({**LAYOUT, "codes": ["LOINC", "urn:x"]}).codes == ("http://loinc.org", "urn:x")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "xml"}, r"The format is csv, xlsx, sdtm or fhir-r4; found 'xml'\. \[layout-format\]"),
        ({"columns": {}}, r"no entry 'columns'.*\[layout-entry\]"),
        ({"subject": ""}, r"does not declare 'subject'.*\[layout-fhir\]"),
        ({"subject": 5}, r"does not declare 'subject'.*\[layout-fhir\]"),
        ({"codes": []}, r"does not declare 'codes'.*\[layout-fhir\]"),
        ({"codes": "LOINC"}, r"'codes' is a list of texts.*\[layout-fhir\]"),
        ({"accession": []}, r"does not declare 'accession'.*\[layout-fhir\]"),
        ({"accession": ["Specimen.id"]}, r"'accession' names Specimen.accessionIdentifier.*\[layout-fhir\]"),
        ({"units": ["x"]}, r"'units' says of texts what they mean.*\[layout-fhir\]"),
        ({"conditions": {"X": "bad"}}, r"A condition is good, .*found 'bad'\. \[layout-fhir\]"),
        ({"inherit": ["parent"]}, r"'inherit' names panel, report or both; found 'parent'\. \[layout-fhir\]"),
        ({"preliminary": True}, r"'preliminary' is refuse or take; found True\. \[layout-fhir\]"),
        ({"delivery": "daily"}, r"found 'daily'\. \[layout-delivery\]"),
    ],
)
def test_what_cannot_be_read_by_is_refused_with_what_to_declare(changes, message):
    with pytest.raises(LayoutError, match=message):
        from_mapping({**LAYOUT, **changes})
