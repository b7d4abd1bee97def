"""Every exported column is documented, and what its description says of missing values is so."""

import importlib
import json
import pkgutil
from io import StringIO

import polars as pl
import pytest
from django.core.management import call_command

import cart.datasets
import labs.datasets
from cart.actions.endpoints import recompute_stale
from cart.models import Arm, Site, Subject
from labs.datasets.observations import OBSERVATIONS
from tests.cart.records import make_infused_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row
from tests.reference.pages import assert_up_to_date
from trialsite.exports.description import NEVER, Column, DatasetDescription
from trialsite.exports.manifest import FIELDS
from trialsite.reference.exports import DATASETS, exports_page, type_of

DESCRIPTIONS = {described.name: described for described, _ in DATASETS}
COLUMNS = [
    pytest.param(column, id=f"{name}.{column.name}")
    for name, described in DESCRIPTIONS.items()
    for column in described.columns
]


def test_page_is_what_the_descriptions_say():
    assert_up_to_date("exports.md")


def test_every_dataset_of_the_rooms_is_on_the_page():
    found = {
        value.name
        for room in (cart.datasets, labs.datasets)
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, DatasetDescription)
    }
    assert "endpoints" in found
    assert found <= set(DESCRIPTIONS)
    assert all(f"## {name}\n" in exports_page() for name in DESCRIPTIONS)


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_has_label_type_and_a_word_on_missing_values(column: Column):
    assert column.label
    assert type_of(column)
    empty = ("null", "empty", "as ")
    assert column.missing == NEVER or column.missing.startswith(empty)


@pytest.fixture
def exported(fresh_database, as_tester, tmp_path):
    """Tables of two subjects, one infused with results of every kind, one without anything."""
    trial = make_trial("S-1")
    make_infused_subject(trial, "KUL-001")
    other = Site.objects.create(study=trial.study, code="BOS", name="Boston")
    Arm.objects.create(study=trial.study, code="SOC", title="Standard of care")
    Subject.objects.create(study=trial.study, site=other, code="BOS-001")
    laboratory = make_laboratory()
    rows = [
        row("KUL-001", "A1", "2024-03-01T08:00", "CD19", "200"),
        row("KUL-001", "A1", "2024-03-01T08:00", "SCL70", "120"),
        row("KUL-001", "A2", "2024-03-20T08:00", "CD19", "<1"),
        row("KUL-001", "A2", "2024-03-20T08:00", "SCL70", ">5120"),
        row("KUL-001", "A3", "2024-04-20", "ANA", "1:640"),
        row("KUL-001", "A3", "2024-04-20", "CD19", "", reason="clotted"),
        row("BOS-001", "B1", "2024-04-20", "CD19", "150"),
    ]
    report = import_rows(trial.study, laboratory, tmp_path, "x.csv", *rows)
    assert report.accepted, report.text()
    recompute_stale(study_id=trial.study.pk, actor="tester", reason="test")
    out = {"stdout": StringIO(), "stderr": StringIO()}
    call_command("export_endpoints", "S-1", to=tmp_path, **out)
    call_command("export_observations", "S-1", baseline="before-infusion", to=tmp_path / "observations.parquet", **out)
    return tmp_path


def test_what_is_never_missing_never_is(exported):
    for name in ("endpoints", "observations"):
        rows = pl.read_parquet(exported / f"{name}.parquet")
        assert rows.height > 5
        for column in DESCRIPTIONS[name].columns:
            values = rows[column.name]
            blank = (values == "").any() if column.dtype == pl.String else False
            empty = (values.list.len() == 0).any() if isinstance(column.dtype, pl.List) else False
            said = column.missing
            if said.startswith("as "):
                said = next(one.missing for one in OBSERVATIONS.columns if one.name == said[3:])
            assert said.startswith("null") or not values.null_count(), f"{name}.{column.name} is null"
            assert said.startswith("empty") or not (blank or empty), f"{name}.{column.name} is empty"


def test_each_kind_of_missing_value_is_met(exported):
    rows = pl.read_parquet(exported / "observations.parquet").sort("result_id")
    shown = {tuple(one) for one in rows.select("received_text", "AVAL", "low", "high", "missing_reason").iter_rows()}
    assert ("<1", None, 0.0, 1.0, "") in shown
    assert (">5120", None, 5120.0, float("inf"), "") in shown
    assert ("", None, None, None, "clotted") in shown


def test_the_wide_table_says_all_of_an_answer(exported):
    wide = pl.read_parquet(exported / "subjects.parquet").columns
    keys = [column.name for column in DESCRIPTIONS["subjects"].columns[:3]]
    assert wide[:3] == keys
    answers = wide[3::6]
    assert wide[3:] == [f"{name}{end}" for name in answers for end in ("", ".C", ".LOW", ".HIGH", ".STATUS", ".REASON")]
    assert "RESET" in answers


def fields_of(value, path=""):
    if isinstance(value, dict):
        return {found for key, one in value.items() for found in fields_of(one, f"{path}.{key}" if path else key)}
    if isinstance(value, list):
        return {found for one in value for found in fields_of(one, f"{path}[]")}
    return {path}


def test_the_manifest_has_the_documented_fields(exported):
    manifest = json.loads((exported / "manifest.json").read_text(encoding="utf-8"))
    assert fields_of(manifest) == {name for name, _, _ in FIELDS} | {"stale_subjects"}
