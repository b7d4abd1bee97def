"""Flag, grade and delta check of stored results: in the export, on the page, by the study's own version."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from cart.models import ProtocolVersion, Role
from labs.actions.assessment import assessed
from labs.models import Analyte, AnalyteCode, AssayVersion, DeltaLimit, ReferenceRange, Result
from tests.cart.admin.pages import add_page, member, send
from tests.cart.records import make_subject, make_trial
from tests.labs.actions.test_reference_ranges import approve
from tests.labs.records import import_rows, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
RESULTS = ["140", "38", "<30", "20"]


@pytest.fixture
def trial(tmp_path):
    trial = make_trial("S-1")
    make_subject(trial)
    laboratory = make_laboratory("LAB")
    platelets = Analyte.objects.create(code="PLT", name="Platelets", unit="10*9/L", sdtm_test_code="PLAT")
    AnalyteCode.objects.create(laboratory=laboratory, code="PLT", analyte=platelets)
    AssayVersion.objects.create(
        laboratory=laboratory, analyte=platelets, kit="Counter", unit="10*9/L", valid_from=dt.date(2020, 1, 1)
    )
    rows = [row("KUL-001", f"A{n}", f"2024-03-{n + 10}", "PLT", text, unit="10*9/L") for n, text in enumerate(RESULTS)]
    assert import_rows(trial.study, laboratory, tmp_path, "a.csv", *rows).accepted
    one = ReferenceRange(
        laboratory=laboratory, analyte=platelets, valid_from=dt.date(2024, 1, 1), low=Decimal(150), high=Decimal(400),
        unit="10*9/L", source="list", proposed_by="ann",
    )  # fmt: skip
    one.save()
    approve(one)
    return trial


def limited(**more):
    given = {"kind": "per-cent", "limit": Decimal(50), "window_days": 7, "source": "handbook 4", **more}
    return DeltaLimit.objects.create(analyte=Analyte.objects.get(code="PLT"), **given)


def exported(folder, *more):
    target = folder / "o.parquet"
    call_command("export_observations", "S-1", "--baseline", "last-before-first-dose", "--to", target, *more)
    return pl.read_parquet(target).sort("collected_on")


def test_the_export_gives_grades_by_the_version_asked_for(trial, tmp_path):
    five = exported(tmp_path).select(
        "received_text", "ATOXGR", "grade_low", "grade_high", "grade_term", "grade_version"
    )
    term = "Platelet count decreased"
    assert five.rows() == [
        ("140", "1", 1, 1, term, "5"),
        ("38", "3", 3, 3, term, "5"),
        ("<30", None, 3, 4, term, "5"),
        ("20", "4", 4, 4, term, "5"),
    ]
    six = exported(tmp_path, "--ctcae", "6")
    assert six["ATOXGR"].to_list() == ["1", "3", None, "3"]
    assert six["grade_reason"].to_list() == ["", "", "censored: grade 3 to 4", ""]
    with pytest.raises(CommandError, match=r"\[ctcae-version\]"):
        exported(tmp_path, "--ctcae", "7")


def test_the_study_s_protocol_says_which_version(trial):
    ProtocolVersion.objects.create(
        study=trial.study, number=1, effective_on=dt.date(2024, 1, 1), parameters={"LAB": {"ctcae_version": "6"}}
    )
    rows = assessed(trial.study, [trial.study.subjects.get().pk])
    assert set(rows["grade_version"]) == {"6"}
    assert rows["grade_low"].to_list()[-1] == 3


def test_the_export_gives_delta_checks_of_limited_analytes(trial, tmp_path):
    assert exported(tmp_path)["delta_status"].to_list() == [None] * 4
    limited()
    rows = exported(tmp_path)
    assert rows["delta_status"].to_list() == ["undetermined", "exceeded", "undetermined", "undetermined"]
    assert rows["delta_low"].to_list()[1] == pytest.approx(100 * 38 / 140 - 100)
    assert rows["delta_reason"].to_list()[0] == "no previous value in the series"
    assert rows["delta_previous"].to_list() == [None, *rows["result_id"].to_list()[:3]]


@pytest.mark.parametrize(
    "wrong", [{"limit": Decimal(-1)}, {"window_days": 0}, {"source": ""}, {"kind": "absolute", "unit": ""}]
)
def test_a_limit_that_is_none_is_stored_by_no_path(trial, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        limited(**wrong)
    if "source" not in wrong:
        unsaved = DeltaLimit(**{"kind": "per-cent", "limit": Decimal(1), "window_days": 1, "source": "s", **wrong})
        unsaved.analyte = Analyte.objects.get(code="PLT")
        with pytest.raises(ValidationError, match=r"\[delta-limit\]"):
            unsaved.full_clean()


def test_pages_show_flag_grade_and_delta_and_of_an_old_version_that_it_is_one(trial):
    client = member(trial, Role.DATA_MANAGER, name="ann", whole_study=True)
    answer = send(
        client, add_page("labs.DeltaLimit"), analyte=Analyte.objects.get(code="PLT").pk, kind="per-cent", limit="50",
        window_days="7", source="handbook",
    )  # fmt: skip
    assert answer.status_code == 302
    result = Result.objects.get(received_text="38")
    page = client.get(reverse("admin:labs_result_change", args=[result.pk])).rendered_content
    assert "LOW (150 to 400 10*9/L)" in page
    assert "3, Platelet count decreased (CTCAE 5)" in page
    assert "exceeded (changed by -72.8571)" in page
    Result.objects.create(
        specimen=result.specimen, analyte=result.analyte, assay=result.assay, version=2, received_text="380", value=380,
        unit=result.unit, supersession_reason="typed",
    )  # fmt: skip
    page = client.get(reverse("admin:labs_specimen_change", args=[result.specimen_id])).rendered_content
    assert "NORMAL (150 to 400 10*9/L)" in page
    assert "superseded" in page


def test_a_specimen_s_page_asks_as_often_whatever_its_results(trial, tmp_path, django_assert_max_num_queries):
    client = member(trial, Role.DATA_MANAGER, name="ann", whole_study=True)
    page = reverse("admin:labs_specimen_change", args=[Result.objects.get(received_text="38").specimen_id])
    client.get(page)
    laboratory = Result.objects.get(received_text="38").specimen.laboratory
    more = [row("KUL-001", "A1", "2024-03-11", test, "12") for test in ("CD19", "SCL70", "NAIVE")]
    with django_assert_max_num_queries(60) as few:
        client.get(page)
    assert import_rows(trial.study, laboratory, tmp_path, "b.csv", *more).accepted
    with django_assert_max_num_queries(60) as many:
        assert "NAIVE_PCT" in client.get(page).rendered_content
    assert len(many) == len(few)
