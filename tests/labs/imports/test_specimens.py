"""What a file says of its tubes: condition, receipt, processing; what a later file says otherwise counts."""

import pytest
from django.db import connection

from cart.models import Subject
from labs.actions.transfers import import_file
from labs.imports import central_csv, fhir
from labs.models import Result, Specimen, Transfer
from tests.cart.records import make_subject, make_trial
from tests.labs.imports.fhir_records import import_text, lines, make_fhir_laboratory, observation, patient, specimen
from tests.labs.records import HEADER, LAYOUT, import_rows, make_laboratory, row, write_file
from trialsite.audit.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
DAY = "2024-03-01"


@pytest.fixture
def trial():
    trial = make_trial()
    make_subject(trial, "KUL-001")
    return trial


@pytest.fixture
def laboratory():
    return make_laboratory()


@pytest.fixture
def send(trial, laboratory, tmp_path):
    """Function that imports a file of lines."""
    return lambda name, *rows, **kwargs: import_rows(trial.study, laboratory, tmp_path, name, *rows, **kwargs)


def condition():
    return Specimen.objects.get().condition


def scl(condition="", result="80", **changes):
    return row("KUL-001", "A1", DAY, "SCL70", result, condition=condition, **changes)


def ana(condition="", result="1:640", **changes):
    return row("KUL-001", "A1", DAY, "ANA", result, condition=condition, **changes)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((scl(), ana()), "good"),
        ((scl(), ana("haemolysed")), "haemolysed"),
        ((scl("haemolysed"), ana()), "haemolysed"),
        # The material was not enough for the second test, and not for the first: the tube itself was good.
        ((scl(), ana("insufficient", "")), "good"),
        ((ana("insufficient", ""), scl()), "good"),
        ((ana("insufficient", ""),), "insufficient"),
    ],
)
def test_condition_of_a_tube_is_that_of_its_rows_with_a_result(send, rows, expected):
    assert send("a.csv", *rows).accepted
    assert condition() == expected


def test_two_conditions_of_one_tube_in_a_file_are_refused(send):
    given = send("a.csv", scl("good"), ana("haemolysed"))
    assert given.refused
    assert set(given.findings["rule"]) == {"conflicting-conditions"}
    assert given.findings["line"].to_list() == [2, 3]
    assert given.findings["column"].to_list() == ["CONDITION", "CONDITION"]


def test_a_later_file_corrects_the_condition_and_the_trail_keeps_the_old_one(send, trial):
    assert send("a.csv", scl()).accepted
    given = send("b.csv", scl("haemolysed"))
    assert "1 rows, 0 applied, 1 duplicates, 0 refused" in given.text()
    assert "1 specimens of earlier files have another condition" in given.text()
    assert condition() == "haemolysed"
    assert Transfer.objects.order_by("-id").first().specimens_corrected == 1
    event = AuditEvent.objects.filter(table_name="labs_specimen", operation="U").get()
    assert (event.old["condition"], event.new["condition"]) == ("good", "haemolysed")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cart_stalesubject")
        assert cursor.fetchone() == (1,)


def test_what_a_later_file_leaves_empty_stays(send):
    assert send("a.csv", scl("haemolysed")).accepted
    given = send("b.csv", scl(), ana())
    assert given.totals.specimens_corrected == 0
    assert condition() == "haemolysed"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("word", ["insufficient", "haemolysed"])
def test_one_test_without_material_marks_no_tube_in_whatever_order_the_files_come(send, turned, word):
    files = [("a.csv", ana(word, "")), ("b.csv", scl())]
    for name, line in reversed(files) if turned else files:
        assert send(name, line).accepted
    assert condition() == "good"


def test_a_tube_that_a_person_marked_before_its_results_came_stays_marked(send, trial, laboratory):
    Specimen.objects.create(
        subject=Subject.objects.get(), laboratory=laboratory, accession="A1", material="SERUM", collected=DAY,
        condition="haemolysed",
    )  # fmt: skip
    assert send("a.csv", scl()).accepted
    assert condition() == "haemolysed"


def test_a_check_says_what_would_be_corrected_and_corrects_nothing(send):
    assert send("a.csv", scl()).accepted
    given = send("b.csv", scl("haemolysed"), check_only=True)
    assert "1 specimens of earlier files would have another condition" in given.text()
    assert condition() == "good"


def test_a_refused_file_corrects_nothing(send):
    assert send("a.csv", scl()).accepted
    assert send("b.csv", scl("haemolysed"), row("KUL-001", "A2", DAY, "SCL70", "1_0")).refused
    assert condition() == "good"


@pytest.mark.parametrize("block_bytes", [60, 100_000])
def test_where_the_blocks_are_cut_changes_nothing(send, monkeypatch, block_bytes):
    monkeypatch.setattr(central_csv, "FIRST_BLOCK_BYTES", block_bytes)
    other = [row("KUL-001", f"B{n}", DAY, "SCL70", "80") for n in range(5)]
    assert send("a.csv", scl(), *other, ana("haemolysed")).accepted
    assert Specimen.objects.get(accession="A1").condition == "haemolysed"


@pytest.fixture
def small_blocks(monkeypatch):
    """Every row is a block."""
    monkeypatch.setattr(central_csv, "FIRST_BLOCK_BYTES", 60)
    monkeypatch.setattr(central_csv.read_blocks, "__kwdefaults__", {"block_bytes": 60})


OTHER = [row("KUL-001", f"B{n}", DAY, "SCL70", "80") for n in range(5)]


@pytest.mark.parametrize(
    ("one", "another"), [("haemolysed", "insufficient"), ("good", "haemolysed"), ("haemolysed", "good")]
)
@pytest.mark.parametrize("known", [False, True])
def test_contradicting_conditions_in_distant_blocks_refuse_the_file(send, small_blocks, known, one, another):
    if known:
        assert send("before.csv", scl("haemolysed")).accepted
    given = send("a.csv", scl(one), *OTHER, ana(another))
    assert given.refused
    assert "[conflicting-conditions]" in given.text()
    assert not Result.objects.filter(specimen__accession="B1").exists()
    assert not known or condition() == "haemolysed"


def test_one_word_in_distant_blocks_is_no_contradiction_though_a_test_had_no_material(send, small_blocks):
    naive = row("KUL-001", "A1", DAY, "NAIVE", "80", condition="haemolysed")
    rows = [ana("insufficient", ""), OTHER[0], scl("haemolysed"), OTHER[1], naive, OTHER[2]]
    assert send("a.csv", *rows).accepted
    assert Specimen.objects.get(accession="A1").condition == "haemolysed"


def test_a_quarantined_row_that_is_taken_later_does_not_bring_an_older_condition(trial, tmp_path):
    laboratory = make_laboratory("Q", quarantine=True)
    code = laboratory.analyte_codes.get(code="ANA")
    analyte = code.analyte
    code.delete()
    first = [scl(), ana("insufficient")]
    assert import_rows(trial.study, laboratory, tmp_path, "a.csv", *first).totals.quarantined == 1
    import_rows(trial.study, laboratory, tmp_path, "b.csv", scl("haemolysed"))
    laboratory.analyte_codes.create(code="ANA", analyte=analyte)
    again = import_rows(trial.study, laboratory, tmp_path, "a.csv", *first)
    assert (again.totals.applied, again.totals.specimens_corrected) == (1, 0)
    assert condition() == "haemolysed"


def test_a_row_of_another_subject_corrects_no_tube(send, trial):
    make_subject(trial, "KUL-002")
    assert send("a.csv", scl()).accepted
    assert send("b.csv", row("KUL-002", "A1", DAY, "SCL70", "80", condition="haemolysed")).refused
    assert condition() == "good"


def with_times(trial, laboratory, folder, name, *times):
    laboratory.layout = {**LAYOUT, "columns": {**LAYOUT["columns"], "received": "RECEIVED", "processed": "PROCESSED"}}
    laboratory.save()
    rows = [f"{scl(visit='Week 1')},{received},{processed}" for received, processed in times]
    path = write_file(folder, name, *rows, header=f"{HEADER},RECEIVED,PROCESSED")
    return import_file(study=trial.study, laboratory=laboratory, path=path, actor="coordinator", reason="delivery")


def test_receipt_and_processing_are_kept_and_corrected(trial, laboratory, tmp_path):
    given = with_times(trial, laboratory, tmp_path, "a.csv", ("2024-03-02T07:10", ""))
    assert given.accepted, given.text()
    tube = Specimen.objects.get()
    assert (tube.received, tube.processed) == ("2024-03-02T07:10", None)
    given = with_times(trial, laboratory, tmp_path, "b.csv", ("2024-03-02T07:15", "2024-03-02T09:00"))
    assert given.totals.specimens_corrected == 1
    tube.refresh_from_db()
    assert (tube.received, tube.processed) == ("2024-03-02T07:15", "2024-03-02T09:00")


@pytest.mark.parametrize(
    ("received", "processed", "column", "rule"),
    [
        ("2024-02-29", "", "RECEIVED", "before-collection"),
        ("", "2024-02-29T23:59", "PROCESSED", "before-collection"),
        ("2024-02", "", "RECEIVED", "before-collection"),
        ("2024-02-30", "", "RECEIVED", "impossible-date"),
        ("", "1/3/2024", "PROCESSED", "date-format"),
    ],
)
def test_times_that_cannot_be_are_refused(trial, laboratory, tmp_path, received, processed, column, rule):
    given = with_times(trial, laboratory, tmp_path, "a.csv", (received, processed))
    found = [(one["column"], one["rule"]) for one in given.findings.iter_rows(named=True)]
    assert (column, rule) in found


def test_a_tube_received_earlier_on_the_same_day_by_the_laboratory_s_clock_is_taken(trial, laboratory, tmp_path):
    assert with_times(trial, laboratory, tmp_path, "a.csv", (DAY, DAY)).accepted


def test_processing_of_fhir(trial, tmp_path):
    laboratory = make_fhir_laboratory()
    tube = specimen("A1", processing=[{"description": "spun"}, {"timeDateTime": "2024-03-02T09:30:00Z"}])
    given = import_text(trial.study, laboratory, tmp_path, lines(patient(), tube, observation()), name="a.ndjson")
    assert given.accepted, given.text()
    assert Specimen.objects.get().processed == "2024-03-02T10:30:00"
    assert "processed" in fhir.TEXTS
