"""A central laboratory's file on its way into the database."""

import pytest

from cart.models import StaleSubject
from labs.imports import central_csv
from labs.models import Analyte, AnalyteCode, AssayVersion, Result, Specimen, Transfer, TransferRow
from tests.cart.records import make_infused_subject, make_subject, make_trial
from tests.labs.records import HEADER, import_rows, make_laboratory, row
from trialsite.audit.models import AuditContext
from trialsite.jobs.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial():
    return make_trial()


@pytest.fixture
def subject(trial):
    return make_infused_subject(trial)


@pytest.fixture
def laboratory():
    return make_laboratory()


def values():
    return {
        (r.specimen.accession, r.analyte.code): (r.qualifier, r.value, r.received_text)
        for r in Result.objects.current().select_related("specimen", "analyte")
    }


def test_good_file_is_stored_as_received(trial, subject, laboratory, tmp_path):
    report = import_rows(
        trial.study,
        laboratory,
        tmp_path,
        "a.csv",
        row("KUL-001", "A1", "2024-03-01T08:30", "SCL70", "812.50"),
        row("KUL-001", "A1", "2024-03-01T08:30", "ANA", "1:640"),
        row("KUL-001", "A2", "2024-03-26T09:00", "CD19", "<1", material="EDTA"),
        row("KUL-001", "A3", "2024-03-26T09:00", "SCL70", "", reason="not done"),
    )
    assert report.text().startswith("a.csv: accepted as T-"), report.text()
    assert "4 rows, 4 applied, 0 duplicates, 0 refused" in report.text()
    stored = values()
    assert stored["A1", "ATA"][2] == "812.50"
    assert str(stored["A1", "ATA"][1]) == "812.50"
    assert stored["A1", "ANA"] == ("=", 640, "1:640")
    assert stored["A2", "CD19_ABS"] == ("<", 1, "<1")
    assert Result.objects.get(missing_reason="not done").value is None
    assert StaleSubject.objects.filter(subject=subject).exists()
    assert Job.objects.filter(kind="endpoints.recompute").count() == 1


def test_one_bad_row_refuses_the_whole_file(trial, subject, laboratory, tmp_path):
    report = import_rows(
        trial.study,
        laboratory,
        tmp_path,
        "bad.csv",
        row("KUL-001", "A1", "2024-03-01", "SCL70", "812"),
        row("KUL-001", "A2", "2024-03-02", "SCL70", "1_000"),
    )
    assert not report.accepted
    assert Result.objects.count() == Specimen.objects.count() == 0
    assert "line 3, column RESULT: found '1_000', expected a number such as 12.5" in report.text()
    refused = Transfer.objects.get()
    assert (refused.state, refused.rows_total, refused.rows_refused, refused.rows_applied) == ("refused", 2, 2, 0)
    assert refused.rows_with_findings == 1
    kept = TransferRow.objects.get()
    assert (kept.line, kept.column, kept.rule, kept.found) == (3, "RESULT", "number-grammar", "1_000")


def test_same_file_again_is_a_no_op(trial, subject, laboratory, tmp_path):
    lines = [row("KUL-001", "A1", "2024-03-01", "SCL70", "812")]
    first = import_rows(trial.study, laboratory, tmp_path, "a.csv", *lines)
    again = import_rows(trial.study, laboratory, tmp_path, "renamed.csv", *lines)
    assert again.repeated
    assert first.number in again.text()
    assert Result.objects.count() == 1
    assert Transfer.objects.count() == 1


def test_corrected_file_supersedes_and_keeps_the_old_value(trial, subject, laboratory, tmp_path):
    import_rows(
        trial.study,
        laboratory,
        tmp_path,
        "a.csv",
        row("KUL-001", "A1", "2024-03-01", "SCL70", "812"),
        row("KUL-001", "A1", "2024-03-01", "ANA", "1:640"),
    )
    report = import_rows(
        trial.study,
        laboratory,
        tmp_path,
        "b.csv",
        row("KUL-001", "A1", "2024-03-01", "SCL70", "821"),
        row("KUL-001", "A1", "2024-03-01", "ANA", "1:640"),
        row("KUL-001", "A1", "2024-03-01", "CD19", "12"),
    )
    assert (report.totals.applied, report.totals.corrected, report.totals.duplicate) == (2, 1, 1)
    versions = Result.objects.filter(analyte__code="ATA").order_by("version")
    assert [(r.version, r.received_text) for r in versions] == [(1, "812"), (2, "821")]
    assert versions[1].supersession_reason == "delivery"
    assert values()["A1", "ATA"][2] == "821"


def test_repeats_in_a_file_count_and_contradictions_are_refused(trial, subject, laboratory, tmp_path):
    line = row("KUL-001", "A1", "2024-03-01", "SCL70", "812")
    assert import_rows(trial.study, laboratory, tmp_path, "a.csv", line, line).totals.duplicate == 1
    other = row("KUL-001", "A9", "2024-03-01", "SCL70", "1"), row("KUL-001", "A9", "2024-03-01", "SCL70", "2")
    report = import_rows(trial.study, laboratory, tmp_path, "b.csv", *other)
    assert "[conflicting-rows]" in report.text()
    assert not Result.objects.filter(specimen__accession="A9").exists()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"subject": "NOBODY"}, "unknown-subject"),
        ({"subject": ""}, "missing-subject"),
        ({"test": "XYZ"}, "unknown-analyte"),
        ({"unit": "mg/L"}, "unit-mismatch"),
        ({"collected": "2999-01-01"}, "future-date"),
        ({"collected": "2023-02-29"}, "impossible-date"),
        ({"collected": "29/02/2024"}, "date-format"),
        ({"collected": "2019-06-01"}, "no-assay"),
        ({"collected": "2024-03-31T02:30"}, "clock-gap"),
        ({"result": ""}, "missing-without-reason"),
        ({"result": "nan"}, "number-grammar"),
        ({"result": "١٢"}, "number-grammar"),
        ({"result": "12\u00a0"}, "number-grammar"),
        ({"result": "ND"}, "number-grammar"),
        ({"test": "ANA", "result": "640", "unit": ""}, "number-grammar"),
        ({"condition": "odd"}, "unknown-condition"),
        ({"accession": ""}, "missing-accession"),
    ],
)
def test_each_rule_refuses_with_its_place(trial, subject, laboratory, tmp_path, changes, rule):
    good = {"subject": "KUL-001", "accession": "A1", "collected": "2024-03-01", "test": "SCL70", "result": "5"}
    report = import_rows(trial.study, laboratory, tmp_path, "x.csv", row(**{**good, **changes}))
    assert not report.accepted
    assert report.findings["rule"].to_list() == [rule]
    assert report.findings["line"].to_list() == [2]


def test_specimen_of_another_subject_is_refused(trial, subject, laboratory, tmp_path):
    make_subject(trial, "KUL-002")
    import_rows(trial.study, laboratory, tmp_path, "a.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "8"))
    report = import_rows(trial.study, laboratory, tmp_path, "b.csv", row("KUL-002", "A1", "2024-03-01", "ANA", "1:80"))
    assert report.findings["rule"].to_list() == ["specimen-of-other-subject"]


def test_quarantine_lets_good_rows_in_where_agreed(trial, subject, tmp_path):
    laboratory = make_laboratory("Q", quarantine=True)
    report = import_rows(
        trial.study,
        laboratory,
        tmp_path,
        "q.csv",
        row("KUL-001", "A1", "2024-03-01", "SCL70", "8"),
        row("KUL-001", "A2", "2024-03-01", "SCL70", "inf"),
    )
    assert report.accepted
    assert (report.totals.applied, report.totals.quarantined) == (1, 1)
    assert report.totals.add_up()
    assert TransferRow.objects.get().outcome == "quarantined"


def test_quarantine_of_every_row_stores_none_and_says_so(trial, subject, tmp_path):
    laboratory = make_laboratory("Q", quarantine=True)
    bad = row("KUL-001", "A1", "2024-03-01", "SCL70", "inf")
    report = import_rows(trial.study, laboratory, tmp_path, "q.csv", bad)
    assert report.accepted
    assert (report.totals.rows, report.totals.applied, report.totals.quarantined) == (1, 0, 1)
    assert TransferRow.objects.get().rule == "number-grammar"
    assert not Result.objects.exists()


def map_code(laboratory, code):
    analyte = Analyte.objects.create(code="IGG", name="IgG", unit="CU")
    AnalyteCode.objects.create(laboratory=laboratory, code=code, analyte=analyte)
    AssayVersion.objects.create(laboratory=laboratory, analyte=analyte, kit="K", unit="CU", valid_from="2000-01-01")


def test_quarantined_rows_are_taken_from_the_same_file_once_their_code_is_known(trial, subject, tmp_path):
    laboratory = make_laboratory("Q", quarantine=True)
    rows = [row("KUL-001", "A1", "2024-03-01", "SCL70", "8"), row("KUL-001", "A1", "2024-03-01", "NEW", "4", unit="CU")]
    first = import_rows(trial.study, laboratory, tmp_path, "q.csv", *rows)
    assert (first.totals.applied, first.totals.quarantined) == (1, 1)

    again = import_rows(trial.study, laboratory, tmp_path, "q.csv", *rows)
    assert again.repeated
    assert (
        again.text()
        == f"q.csv: already accepted as {first.number}; nothing to do. 1 of its rows are quarantined still."
    )
    assert Transfer.objects.count() == 1

    # Meanwhile a later file corrected what the first brought.
    import_rows(trial.study, laboratory, tmp_path, "later.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "9"))
    map_code(laboratory, "NEW")
    mapped = import_rows(trial.study, laboratory, tmp_path, "q.csv", *rows)
    assert (mapped.totals.applied, mapped.totals.duplicate, mapped.totals.quarantined) == (1, 1, 0)
    assert mapped.totals.add_up()
    assert mapped.number != first.number
    assert Result.objects.current().count() == 2
    assert values()["A1", "ATA"] == ("=", 9, "9")

    last = import_rows(trial.study, laboratory, tmp_path, "q.csv", *rows)
    assert last.repeated
    assert last.number == mapped.number


def test_a_row_taken_then_is_not_judged_again(trial, subject, tmp_path):
    laboratory = make_laboratory("Q", quarantine=True)
    rows = [row("KUL-001", "A1", "2024-03-01", "SCL70", "8"), row("KUL-001", "A1", "2024-03-01", "NEW", "4", unit="CU")]
    import_rows(trial.study, laboratory, tmp_path, "q.csv", *rows)
    AnalyteCode.objects.filter(laboratory=laboratory, code="SCL70").update(code="OTHER")
    map_code(laboratory, "NEW")
    report = import_rows(trial.study, laboratory, tmp_path, "q.csv", *rows)
    assert (report.totals.applied, report.totals.duplicate, report.totals.quarantined) == (1, 1, 0)


def test_a_quarantined_row_does_not_supersede_what_a_later_file_said(trial, subject, tmp_path):
    laboratory = make_laboratory("Q", quarantine=True)
    old = [row("KUL-001", "A1", "2024-03-01", "SCL70", "8"), row("KUL-001", "A1", "2024-03-01", "NEW", "4", unit="CU")]
    import_rows(trial.study, laboratory, tmp_path, "old.csv", *old)
    map_code(laboratory, "NEW")
    import_rows(trial.study, laboratory, tmp_path, "new.csv", row("KUL-001", "A1", "2024-03-01", "NEW", "5", unit="CU"))
    report = import_rows(trial.study, laboratory, tmp_path, "old.csv", *old)
    assert report.repeated
    assert values()["A1", "IGG"] == ("=", 5, "5")


def test_every_loaded_row_has_an_audit_event_with_its_actor(trial, subject, laboratory, tmp_path):
    from django.db import connection

    import_rows(
        trial.study,
        laboratory,
        tmp_path,
        "a.csv",
        *[row("KUL-001", f"A{n}", f"2024-03-{n:02}", "SCL70", str(n)) for n in range(1, 21)],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(c.actor), max(c.actor) FROM audit.labs_result_insert e"
            " JOIN audit.context c ON c.id = e.context_id"
        )
        assert cursor.fetchone() == (20, "coordinator", "coordinator")
    assert AuditContext.objects.filter(actor="coordinator", reason="delivery").exists()


@pytest.mark.parametrize("block_bytes", [60, 150, 100_000])
def test_blocks_that_cut_through_a_specimen_change_nothing(trial, laboratory, tmp_path, monkeypatch, block_bytes):
    for code in ("KUL-001", "KUL-002"):
        make_subject(trial, code)
    monkeypatch.setattr("labs.imports.central_csv.read_blocks.__kwdefaults__", {"block_bytes": block_bytes})
    rows = [
        row(subject, f"{subject}-{n}", f"2024-03-{n:02d}T08:30", test, f"{n}.5")
        for subject in ("KUL-001", "KUL-002")
        for n in range(1, 6)
        for test in ("SCL70", "CD19")
    ]
    report = import_rows(trial.study, laboratory, tmp_path, "a.csv", *rows, rows[0], rows[-1])
    assert "22 rows, 20 applied, 2 duplicates, 0 refused" in report.text()
    assert Specimen.objects.count() == 10
    assert len(values()) == 20


def test_conflict_with_the_last_row_of_the_file_is_found(trial, subject, laboratory, tmp_path):
    rows = [
        row("KUL-001", "A1", "2024-03-01T08:30", "SCL70", "1"),
        row("KUL-001", "A1", "2024-03-01T08:30", "SCL70", "2"),
    ]
    report = import_rows(trial.study, laboratory, tmp_path, "a.csv", *rows)
    assert report.findings.select("line", "rule").rows() == [(3, "conflicting-rows")]
    assert not Result.objects.exists()


@pytest.mark.parametrize("changed_first", [True, False])
def test_a_stored_value_repeated_and_changed_in_one_file_is_refused_wherever_the_rows_stand(
    trial, subject, laboratory, tmp_path, monkeypatch, changed_first
):
    same = row("KUL-001", "A1", "2024-03-01", "SCL70", "80")
    changed = row("KUL-001", "A1", "2024-03-01", "SCL70", "90")
    other = row("KUL-001", "A2", "2024-04-01", "SCL70", "70")
    assert import_rows(trial.study, laboratory, tmp_path, "one.csv", same, other).accepted
    rows = [changed, other, same] if changed_first else [same, other, changed]
    # A block of its own for each row, but for the last.
    monkeypatch.setattr(central_csv, "FIRST_BLOCK_BYTES", len(HEADER) + len(rows[0]) + 2)
    report = import_rows(trial.study, laboratory, tmp_path, "two.csv", *rows)
    assert not report.accepted
    assert "[conflicting-rows]" in report.text()
    assert Result.objects.count() == 2


def test_a_correction_sent_twice_in_one_file_is_one_correction(trial, subject, laboratory, tmp_path, monkeypatch):
    changed = row("KUL-001", "A1", "2024-03-01", "SCL70", "90")
    other = row("KUL-001", "A2", "2024-04-01", "SCL70", "70")
    import_rows(trial.study, laboratory, tmp_path, "one.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "80"), other)
    monkeypatch.setattr(central_csv, "FIRST_BLOCK_BYTES", len(HEADER) + len(changed) + 2)
    report = import_rows(trial.study, laboratory, tmp_path, "two.csv", changed, other, changed)
    assert (report.totals.corrected, report.totals.duplicate) == (1, 2), report.text()
