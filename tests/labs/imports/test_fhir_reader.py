"""The FHIR reader by itself: places, times, references, memory."""

import datetime as dt
import tracemalloc

import polars as pl
import pytest

from labs.imports import fhir, fhir_index, json_text
from labs.imports.checks import References
from labs.imports.fhir import read_checked
from labs.imports.fhir_index import keys_of, reference_keys
from labs.imports.layouts import from_mapping
from labs.imports.report import About
from tests.labs.imports.fhir_records import LAYOUT, bundle, lines, observation, patient, specimen

SUBJECTS = {
    "subject": ["KUL-001", "AKL-001"],
    "subject_id": [1, 2],
    "time_zone": ["Europe/Brussels", "Pacific/Auckland"],
    "year_of_birth": [None, None],
    "consent_on": [None, None],
}
REFERENCES = References(
    pl.DataFrame(SUBJECTS, schema_overrides={"year_of_birth": pl.Int64, "consent_on": pl.Date}),
    pl.DataFrame(
        {"code": ["SCL70"], "analyte_id": [1], "kind": ["quantity"]}, schema_overrides={"analyte_id": pl.Int64}
    ),
    pl.DataFrame(
        {
            "analyte_id": [1],
            "assay_id": [1],
            "assay_unit": ["CU"],
            "valid_from": [dt.date(2000, 1, 1)],
            "valid_to": [None],
            "dilution_start": [None],
            "dilution_factor": [None],
        },
        schema_overrides={"valid_to": pl.Date, "dilution_start": pl.Int64, "dilution_factor": pl.Int64},
    ),
    today=dt.date(2026, 1, 1),
)


def blocks_of(path):
    return list(read_checked(path, from_mapping(LAYOUT), REFERENCES, About(path.name)))


@pytest.mark.parametrize(
    ("subject", "taken", "collected"),
    [
        ("KUL-001", "2024-07-01T07:15:00Z", "2024-07-01T09:15:00"),
        ("KUL-001", "2024-01-01T07:15:00Z", "2024-01-01T08:15:00"),
        ("KUL-001", "2024-07-01T07:15:00.999+02:00", "2024-07-01T07:15:00"),
        ("KUL-001", "2024-07-01T07:15Z", "2024-07-01T09:15"),
        ("AKL-001", "2024-07-01T21:00:00+02:00", "2024-07-02T07:00:00"),
        ("AKL-001", "2024-07-01", "2024-07-01"),
    ],
)
def test_a_time_is_told_by_the_clocks_of_the_site_and_a_date_stays(tmp_path, subject, taken, collected):
    path = tmp_path / "a.json"
    path.write_text(bundle(observation(subject=subject), specimen(subject=subject, taken=taken), patient(subject)))
    ((_, checked),) = blocks_of(path)
    assert not checked.findings.height, checked.findings.rows()
    assert checked.specimens["collected"].to_list() == [collected]


@pytest.mark.parametrize(
    ("reference", "address", "keys"),
    [
        ("Patient/1", "https://a/fhir/Observation/2", ("https://a/fhir/Patient/1",)),
        ("Patient/1/_history/7", "https://a/fhir/Observation/2", ("https://a/fhir/Patient/1",)),
        ("Patient/1", "urn:uuid:2", ("Patient/1",)),
        ("Patient/1", "", ("Patient/1",)),
        ("https://b/Patient/1", "https://a/fhir/Observation/2", ("https://b/Patient/1",)),
        ("urn:uuid:1", "https://a/fhir/Observation/2", ("urn:uuid:1",)),
        ("#1", "https://a/fhir/Observation/2", ()),
        ("", "", ()),
    ],
)
def test_a_relative_reference_stands_beside_the_address_of_its_entry(reference, address, keys):
    assert reference_keys(reference, address) == keys


def test_a_resource_with_an_address_is_not_found_by_its_id_on_another_server():
    assert keys_of("https://a/fhir/Patient/1", "Patient", {"id": "1"}) == ["https://a/fhir/Patient/1"]
    assert keys_of("urn:uuid:1", "Patient", {"id": "1"}) == ["urn:uuid:1", "Patient/1"]


@pytest.mark.parametrize("write", [bundle, lines])
def test_memory_stays_flat(tmp_path, monkeypatch, write):
    monkeypatch.setattr(fhir, "BLOCK_RESULTS", 100)
    monkeypatch.setattr(fhir_index, "REMEMBERED", 64)
    monkeypatch.setattr(json_text, "PIECE", 1 << 14)

    def peak(number):
        path = tmp_path / "a.json"
        made = [observation(accession=f"A{n}", key=f"o{n}") for n in range(number)]
        path.write_text(write(*made, *[specimen(f"A{n}") for n in range(number)], patient()))
        del made
        tracemalloc.start()
        seen = 0
        for rows, checked in read_checked(path, from_mapping(LAYOUT), REFERENCES, About("a")):
            assert checked.rows.height == rows <= 100
            seen += rows
        assert seen == number
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(4_000) < 1.3 * peak(400)
