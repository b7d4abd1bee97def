"""A cut is a moment: exact under writers, never changed, verifiable, comparable; its endpoints are those of then."""

import io
from pathlib import Path

import polars as pl
import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from cart.actions.cut_comparison import CHANGED, ENTERED, REMOVED, field_changes
from cart.actions.cut_endpoints import evaluate_cut, request_cut_endpoints, run_of_cut
from cart.actions.cuts import cut_models, take_cut, verify_cut, write_digests
from cart.actions.endpoints import current_results, recompute_stale
from cart.codes_runs import CutError
from cart.models import ConcomitantTherapy, CutTable, DataCut, EndpointResult, Evaluation, ProtocolVersion, Subject
from tests.cart.records import make_infused_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row
from trialsite.isolation.moment import one_moment
from trialsite.jobs.execution import run_pending_jobs
from trialsite.jobs.models import Job

pytestmark = pytest.mark.usefixtures("fresh_database", "as_tester")
WHO = {"actor": "dora", "reason": "interim analysis"}


@pytest.fixture
def trial(fresh_database, as_tester):
    return make_trial()


@pytest.fixture
def laboratory(trial):
    return make_laboratory()


@pytest.fixture
def subjects(trial, laboratory, tmp_path):
    """Two infused subjects, depleted on day 14, evaluated."""
    made = [make_infused_subject(trial, f"KUL-00{number}") for number in (1, 2)]
    rows = [
        row(subject.code, f"A{place}{subject.code}", day, "CD19", value)
        for subject in made
        for place, (day, value) in enumerate([("2024-03-01T08:00", "150"), ("2024-03-26T08:00", "8")])
    ]
    import_rows(trial.study, laboratory, tmp_path, "1.csv", *rows)
    recompute(trial)
    return made


def recompute(trial):
    return recompute_stale(study_id=trial.study.pk, **WHO)


def cut(trial, name="interim-1"):
    return take_cut(study=trial.study, name=name, purpose="interim analysis", **WHO)


def with_digests(trial, name="interim-1"):
    made = cut(trial, name)
    with one_moment():
        write_digests(cut=made, **WHO)
    return made


def change_everything(trial, laboratory, subjects, folder):
    """A later result, a correction, a therapy, a new subject, another arm."""
    code = subjects[0].code
    rows = [row(code, "B1", "2024-04-02T08:00", "CD19", "1"), row(code, f"A1{code}", "2024-03-26T08:00", "CD19", "9")]
    import_rows(trial.study, laboratory, folder, "later.csv", *rows)
    ConcomitantTherapy.objects.create(subject=subjects[1], drug="IVIG", therapy_class="ivig", started="2024-03-20")
    Subject.objects.filter(pk=subjects[1].pk).update(source_code="SOURCE-2")
    make_infused_subject(trial, "KUL-003")
    recompute(trial)


def answers(evaluations):
    names = (
        "subject__code",
        "definition__code",
        "series",
        "timepoint",
        "day",
        "value",
        "low",
        "high",
        "text",
        "status",
    )
    names += ("reason", "evidence", "therapy_evidence", "baseline_id")
    rows = EndpointResult.objects.filter(evaluation__in=evaluations).order_by(*names[:4])
    return list(rows.values_list(*names))


def test_manifest_has_every_table_with_the_rows_of_the_study(trial, subjects):
    made = with_digests(trial)
    tables = dict(made.tables.values_list("table_name", "rows"))
    assert set(tables) == set(cut_models())
    assert tables["cart_subject"] == 2
    assert tables["labs_result"] == 4
    assert "cart_endpointresult" not in tables


def test_cut_and_manifest_are_never_changed_or_deleted(trial, subjects):
    made = with_digests(trial)
    for change in (
        lambda: DataCut.objects.update(name="other"),
        lambda: DataCut.objects.update(snapshot="1:1:"),
        lambda: DataCut.objects.all()._raw_delete("default"),
        lambda: CutTable.objects.update(sha256="0" * 64),
        lambda: CutTable.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert DataCut.objects.get().name == made.name


def test_moment_is_the_databases_whatever_is_asked_for(trial, subjects):
    made = DataCut(study=trial.study, name="forged", purpose="x", taken_by="dora", snapshot="1:1:", position=1, own=1)
    made.save()
    made.refresh_from_db()
    assert made.snapshot != "1:1:"
    assert made.position > 1


def test_name_is_taken_once_and_is_plain(trial, subjects):
    cut(trial)
    for name in ("interim-1", "", "../x", "a b", "live", "-x"):
        with pytest.raises(ValidationError):
            cut(trial, name)
    assert DataCut.objects.count() == 1


def test_history_gives_the_cut_again_after_everything_changed(trial, laboratory, subjects, tmp_path):
    made = with_digests(trial)
    change_everything(trial, laboratory, subjects, tmp_path)
    assert all(table.agrees for table in verify_cut(made))
    # A later cut of the changed study has other digests where something changed, and the same elsewhere.
    later = with_digests(trial, "interim-2")
    first, second = (dict(one.tables.values_list("table_name", "sha256")) for one in (made, later))
    changed = {table for table in first if first[table] != second[table]}
    assert {"labs_result", "labs_specimen", "cart_subject", "cart_concomitanttherapy"} <= changed
    assert {"cart_study", "cart_site", "cart_arm", "labs_analyte"}.isdisjoint(changed)


def test_tampering_past_the_triggers_is_found(trial, subjects, fresh_database):
    import psycopg

    made = with_digests(trial)
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE labs_result SET value = value + 1 WHERE id = (SELECT min(id) FROM labs_result)")
    assert [table.table for table in verify_cut(made) if not table.agrees] == ["labs_result"]
    with pytest.raises(CommandError, match=r"labs_result.*cut-differs"):
        call_command("verify_cut", trial.study.code, made.name, stdout=io.StringIO())


def test_cut_without_digests_is_not_verified(trial, subjects):
    with pytest.raises(CutError, match="cut-without-digests"):
        verify_cut(cut(trial))


def test_endpoints_of_a_cut_are_those_of_then_and_never_current(trial, laboratory, subjects, tmp_path):
    then = answers(Evaluation.objects.current())
    made = cut(trial)
    change_everything(trial, laboratory, subjects, tmp_path)
    now = answers(Evaluation.objects.current())
    assert now != then
    with one_moment():
        done = evaluate_cut(cut=made, **WHO)
    assert (done.subjects_seen, done.subjects_changed) == (2, 2)
    assert answers(run_of_cut(made).evaluations.all()) == then
    assert answers(Evaluation.objects.current()) == now
    assert current_results(trial.study).count() == len(now)
    # The recompute that follows does not take the cut's evaluation for the newest.
    assert recompute(trial).subjects_seen == 0
    Subject.objects.filter(pk=subjects[0].pk).update(year_of_birth=1980)
    assert recompute(trial).subjects_changed == 0


def test_protocol_of_the_cut_gives_its_parameters(trial, subjects):
    ProtocolVersion.objects.create(
        study=trial.study, number=1, effective_on="2024-01-01", parameters={"BCDEPL": {"threshold": 5.0}}
    )
    made = cut(trial)
    ProtocolVersion.objects.create(study=trial.study, number=2, effective_on="2024-06-01", parameters={})
    with one_moment():
        evaluate_cut(cut=made, **WHO)
    assert run_of_cut(made).parameters["BCDEPL"]["threshold"] == 5.0


def test_endpoints_of_a_cut_are_computed_once(trial, subjects):
    made = cut(trial)
    for _ in range(2):
        with one_moment():
            evaluate_cut(cut=made, **WHO)
    assert made.runs.count() == 1
    assert run_of_cut(made).evaluations.count() == 2


def test_parts_of_a_cut_give_the_same_answers_as_one_piece(trial, laboratory, subjects, tmp_path):
    then = answers(Evaluation.objects.current())
    made = cut(trial)
    change_everything(trial, laboratory, subjects, tmp_path)
    request_cut_endpoints(cut=made, part_subjects=1, **WHO)
    run_pending_jobs()
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
    run = run_of_cut(made)
    assert run.part_count == 2
    assert answers(run.evaluations.all()) == then


def test_incomplete_run_is_not_the_cuts(trial, subjects):
    made = cut(trial)
    with one_moment():
        evaluate_cut(cut=made, part_subjects=1, **WHO)
    assert made.runs.count() == 1
    assert run_of_cut(made) is None


def test_two_cuts_differ_by_subject_and_field(trial, laboratory, subjects, tmp_path):
    first = cut(trial, "one")
    removed = ConcomitantTherapy.objects.create(subject=subjects[0], drug="X", therapy_class="other", started="2024")
    between = cut(trial, "two")
    removed.delete()
    change_everything(trial, laboratory, subjects, tmp_path)
    last = cut(trial, "three")
    assert [(c.kind, c.subject, c.table) for c in field_changes(first, between)] == [
        (ENTERED, "KUL-001", "cart_concomitanttherapy")
    ]
    changes = list(field_changes(between, last))
    assert [c.kind for c in changes if c.table == "cart_concomitanttherapy" and c.subject == "KUL-001"] == [REMOVED]
    source = [c for c in changes if c.table == "cart_subject" and c.kind == CHANGED]
    assert [(c.subject, c.old, c.new) for c in source] == [("KUL-002", "", "SOURCE-2")]
    results = [c for c in changes if c.table == "labs_result"]
    assert {c.subject for c in results} == {"KUL-001"}
    assert {c.kind for c in results} == {ENTERED}
    assert len({c.row_id for c in results}) == 2
    # What came and went between two cuts is in neither.
    assert not [c for c in field_changes(first, last) if c.new.startswith("drug: X") or c.old.startswith("drug: X")]
    assert {c.subject for c in field_changes(between, last, subject="KUL-003")} == {"KUL-003"}
    assert [c.kind for c in field_changes(between, first)] == [REMOVED]
    assert list(field_changes(last, last)) == []


def test_other_study_is_in_no_comparison(trial, subjects):
    first = cut(trial, "one")
    other = make_trial("T-2")
    make_infused_subject(other, "KUL-009")
    assert list(field_changes(first, cut(trial, "two"))) == []
    with pytest.raises(CutError, match="unknown-cut"):
        list(field_changes(first, take_cut(study=other.study, name="x", purpose="x", **WHO)))


def files_of(folder: Path):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def export(trial, folder, **options):
    call_command("export_endpoints", trial.study.code, to=folder, stdout=io.StringIO(), **options)
    return files_of(folder)


def test_same_cut_same_bytes_whatever_happened_since(trial, laboratory, subjects, tmp_path):
    call_command("take_cut", trial.study.code, "interim-1", purpose="interim", stdout=io.StringIO())
    first = export(trial, tmp_path / "first", cut="interim-1")
    change_everything(trial, laboratory, subjects, tmp_path)
    assert export(trial, tmp_path / "second", cut="interim-1") == first
    live = export(trial, tmp_path / "live")
    assert b'"source": "live"' in live["manifest.json"]
    assert b'"source": "interim-1"' in first["manifest.json"]
    assert live["endpoints.csv"] != first["endpoints.csv"]
    table = pl.read_parquet(tmp_path / "second" / "endpoints.parquet")
    assert set(table["USUBJID"]) == {"KUL-001", "KUL-002"}


def test_unknown_cut_and_run_are_refused(trial, subjects, tmp_path):
    cut(trial)
    with pytest.raises(CommandError, match=r"interim-1.*unknown-cut"):
        export(trial, tmp_path, cut="nope")
    with pytest.raises(CommandError, match="unknown-run"):
        export(trial, tmp_path, cut="interim-1", run=99)


def test_cut_of_an_empty_study_has_no_rows_and_no_answers(trial, tmp_path):
    made = with_digests(trial)
    assert made.tables.get(table_name="cart_subject").rows == 0
    files = export(trial, tmp_path / "out", cut=made.name)
    assert files["endpoints.csv"].count(b"\r\n") == 1


def test_date_study_day_and_baseline_stand_in_the_long_table(trial, laboratory, subjects, tmp_path):
    rows = [
        row("KUL-001", f"T{place}", day, "SCL70", value)
        for place, (day, value) in enumerate([("2024-03-02T08:00", "200"), ("2024-03-12T07:00", "180")])
    ]
    rows.append(row("KUL-001", "T9", "2024-04-12T08:00", "SCL70", "50"))
    import_rows(trial.study, laboratory, tmp_path, "titers.csv", *rows)
    recompute(trial)
    export(trial, tmp_path / "out")
    table = pl.read_parquet(tmp_path / "out" / "endpoints.parquet")
    depletion = table.filter(USUBJID="KUL-001", PARAMCD="BCDEPL").row(0, named=True)
    assert (str(depletion["ADT"]), depletion["ADY"], depletion["PROTDY"]) == ("2024-03-26", 15, 14)
    assert (depletion["BASE"], depletion["BASEU"], depletion["CHG"]) == (150.0, "cells/uL", None)
    half = table.filter((pl.col("PARAMCD") == "TITER50") & (pl.col("BASE").is_not_null())).row(0, named=True)
    assert half["BASE"] == 180.0


def test_reads_of_a_cut_leave_the_connection_as_it_was(trial, laboratory, subjects, tmp_path):
    made = with_digests(trial)
    change_everything(trial, laboratory, subjects, tmp_path)
    verify_cut(made)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()")
        assert cursor.fetchone() == (0,)
    assert Subject.objects.count() == 3
