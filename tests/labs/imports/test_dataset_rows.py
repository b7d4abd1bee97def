"""A laboratory's SDTM dataset by its declared layout: the checks, the codes and the ways of every laboratory file."""

import json

import pytest

from labs.actions.code_map import map_codes, waiting_codes
from labs.actions.transfers import import_file
from labs.imports import dataset_json
from labs.imports.layout import LayoutError
from labs.imports.layouts import from_mapping
from labs.models import Analyte, Result, Specimen, Transfer
from tests.cart.records import make_subject, make_trial
from tests.labs.imports.dataset_json_folder import FORMS, column, described
from tests.labs.imports.sdtm_folder import lb, write_folder
from tests.labs.records import make_laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
LAYOUT = {"format": "sdtm", "domain": "LB", "subject_prefix": "T-1-"}
COLUMNS = ["USUBJID", "LBREFID", "LBTESTCD", "LBORRES", "LBORRESU", "LBSPEC", "LBDTC", "LBSTAT", "LBREASND"]


@pytest.fixture
def trial():
    trial = make_trial()
    make_subject(trial, "KUL-001")
    return trial


@pytest.fixture
def laboratory(trial):
    laboratory = make_laboratory("C")
    laboratory.layout = LAYOUT
    laboratory.save()
    return laboratory


def record(test="SCL70", result="812", unit="CU", *, subject="T-1-KUL-001", taken="2024-03-01", status="", reason=""):
    return [subject, "26-0815", test, result, unit, "SERUM", taken, status, reason]


def write(folder, rows, *, form="lines", **changes):
    suffix, as_bytes = FORMS[form]
    path = folder / f"lb{suffix}"
    path.write_bytes(as_bytes(described("LB", rows, [column(name) for name in COLUMNS], **changes), rows))
    return path


def send(trial, laboratory, path, **options):
    return import_file(study=trial.study, laboratory=laboratory, path=path, actor="a", reason="delivery", **options)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_dataset_json_is_read_whatever_its_name(trial, laboratory, tmp_path, form):
    rows = [record(), record("ANA", "1:640", ""), record("CD19", "<1", "cells/uL")]
    rows.append(record("NAIVE", "", "%", status="NOT DONE"))
    given = send(trial, laboratory, write(tmp_path, rows, form=form))
    assert "accepted as T-" in given.text()
    assert "4 rows, 4 applied, 0 duplicates, 0 refused" in given.text()
    stored = {one.analyte.code: one for one in Result.objects.select_related("analyte", "assay")}
    assert (stored["ATA"].received_text, stored["ATA"].assay.kit) == ("812", "Kit A")
    assert (stored["CD19_ABS"].qualifier, stored["CD19_ABS"].value) == ("<", 1)
    assert stored["NAIVE_PCT"].missing_reason == "NOT DONE"
    assert Specimen.objects.get().accession == "26-0815"
    assert Transfer.objects.get().kind == "dataset"


def test_sas_transport_is_read_as_its_first_bytes_tell(trial, laboratory, tmp_path):
    laboratory.layout = {**LAYOUT, "subject_prefix": ""}
    laboratory.save()
    made = lb("KUL-001", LBTESTCD="SCL70", LBORRES="7.10", LBORRESU="CU", LBDTC="2024-03-01", LBREFID="R1")
    folder = write_folder(tmp_path, lb=[made])
    given = send(trial, laboratory, folder / "lb.xpt", file_name="week4.data")
    assert "week4.data: accepted as T-" in given.text(), given.text()
    assert Result.objects.get().received_text == "7.10"


def test_findings_name_record_and_variable(trial, laboratory, tmp_path):
    rows = [record(), record(result="1_000"), record(subject="T-1-KUL-009"), record(taken="2024-02-30")]
    given = send(trial, laboratory, write(tmp_path, rows))
    found = [(one["line"], one["column"], one["rule"]) for one in given.findings.sort("line").iter_rows(named=True)]
    assert found == [
        (2, "LBORRES", "number-grammar"),
        (3, "USUBJID", "unknown-subject"),
        (4, "LBDTC", "impossible-date"),
    ]
    assert "record 2, column LBORRES" in given.text()


def test_unknown_test_codes_are_mapped_and_the_file_is_read_again(trial, tmp_path):
    laboratory = make_laboratory("Q", quarantine=True)
    laboratory.layout = LAYOUT
    laboratory.save()
    path = write(tmp_path, [record(), record("SCL", "5", "CU")])
    assert send(trial, laboratory, path).totals.quarantined == 1
    (waiting,) = waiting_codes(Transfer.objects.get())
    assert (waiting.code, waiting.rule) == ("SCL", "unknown-analyte")
    map_codes(laboratory=laboratory, codes={"SCL": Analyte.objects.get(code="ATA")}, actor="a", reason="r")
    laboratory.analyte_codes.filter(code="SCL70").delete()
    assert send(trial, laboratory, path).outcome in ("accepted", "repeated")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty-file"),
        (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + b"0" * 32, "xpt-cut-off"),
        (b"%PDF-1.7", "not-dataset-json"),
        (json.dumps({"datasetJSONVersion": "1.1"}).encode() + b"\n", "json-domain"),
    ],
)
def test_what_is_no_dataset_is_refused_in_a_sentence_that_names_the_file(trial, laboratory, tmp_path, content, rule):
    path = tmp_path / "lb.xpt"
    path.write_bytes(content)
    given = send(trial, laboratory, path)
    assert given.refused
    assert given.findings["rule"].to_list() == [rule]
    assert Transfer.objects.get().raw_file.sha256 not in given.text()


def test_a_row_of_the_wrong_length_refuses_the_file_also_behind_good_ones(trial, laboratory, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_json, "CHUNK_RECORDS", 1)
    given = send(trial, laboratory, write(tmp_path, [record(), record("ANA", "1:40", "")[:-1]]))
    assert given.findings["rule"].to_list() == ["json-row"]
    assert not Result.objects.exists()


def test_a_variable_that_the_layout_names_is_there(trial, laboratory, tmp_path):
    laboratory.layout = {**LAYOUT, "columns": {"accession": "LBLNKID"}}
    laboratory.save()
    assert send(trial, laboratory, write(tmp_path, [record()])).findings["rule"].to_list() == ["variable-missing"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"domain": "DM"}, "layout-domain"),
        ({"domain": None}, "layout-domain"),
        ({"encoding": "utf-8"}, "layout-entry"),
        ({"columns": {"result": ""}}, "layout-columns"),
        ({"columns": {"result": "LBDTC"}}, "layout-columns"),
        ({"columns": []}, "layout-columns"),
        ({"subject_prefix": 3}, "layout-columns"),
        ({"delivery": "daily"}, "layout-delivery"),
        ({"time_zone": "Brussels"}, "layout-time-zone"),
    ],
)
def test_a_layout_that_cannot_be_read_by_is_refused(changes, code):
    with pytest.raises(LayoutError, match=rf"\[{code}\]"):
        from_mapping({**LAYOUT, **changes})
