"""The diff report names every answer that differs, what stood there before, and which input moved."""

from dataclasses import replace

import polars as pl
import pytest

from cart.actions import runs
from cart.actions.endpoints import mark_study_stale, recompute_stale
from cart.datasets.differences import DIFFERENCES, differences_between, differences_of_run
from cart.models import ConcomitantTherapy, Evaluation, InfusionComponent, ProtocolVersion, Run
from tests.cart.records import make_infused_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial(db, as_tester):
    return make_trial()


@pytest.fixture
def laboratory(trial):
    return make_laboratory()


@pytest.fixture
def subjects(trial, laboratory, tmp_path):
    """Two infused subjects with B cells: depleted on day 14."""
    made = [make_infused_subject(trial, f"KUL-00{number}") for number in (1, 2)]
    rows = [
        row(subject.code, f"A{place}{subject.code}", day, "CD19", value)
        for subject in made
        for place, (day, value) in enumerate([("2024-03-01T08:00", "150"), ("2024-03-26T08:00", "8")])
    ]
    import_rows(trial.study, laboratory, tmp_path, "1.csv", *rows)
    return made


def recompute(trial):
    recompute_stale(study_id=trial.study.pk, actor="dora", reason="asked for")
    return Run.objects.latest("pk")


def told(frame):
    names = ("USUBJID", "PARAMCD", "OLDVAL", "OLDVALC", "OLDSTAT", "NEWVAL", "NEWVALC", "NEWSTAT", "MOVED")
    return frame.select(names).rows()


def test_first_evaluation_is_no_difference(trial, subjects):
    found = differences_of_run(recompute(trial))
    assert found.height == 0
    assert found.columns == list(DIFFERENCES.schema())


def test_corrected_laboratory_row_is_named_with_old_and_new_answer(trial, laboratory, subjects, tmp_path):
    recompute(trial)
    code = subjects[0].code
    import_rows(trial.study, laboratory, tmp_path, "2.csv", row(code, "A3", "2024-03-20T08:00", "CD19", "5"))
    run = recompute(trial)
    found = differences_of_run(run)
    assert set(found["USUBJID"]) == {code}
    assert set(found["MOVED"]) == {"laboratory rows of CD19_ABS"}
    nadir = found.filter(PARAMCD="BCNADIR").row(0, named=True)
    assert (nadir["OLDVAL"], nadir["NEWVAL"]) == (8.0, 5.0)
    assert (nadir["OLDUNIT"], nadir["NEWUNIT"]) == ("cells/uL", "cells/uL")
    old, new = Evaluation.objects.filter(subject=subjects[0]).order_by("pk")
    assert (nadir["OLDEVAL"], nadir["NEWEVAL"]) == (old.pk, new.pk)
    assert new.run == run


def test_therapy_and_infusion_are_told_apart(trial, subjects):
    recompute(trial)
    ConcomitantTherapy.objects.create(
        subject=subjects[0], drug="Prednisolone", therapy_class="steroid", started="2024-04-01", daily_dose_mg=20
    )
    first = InfusionComponent.objects.get(subject=subjects[1])
    first.started_at = first.started_at.replace(day=14)
    first.save()
    moved = {code: set() for code in ("KUL-001", "KUL-002")}
    for line in differences_of_run(recompute(trial)).iter_rows(named=True):
        moved[line["USUBJID"]].add(line["MOVED"])
    assert moved == {"KUL-001": {"therapy"}, "KUL-002": {"infusion or conditioning"}}


def test_parameter_is_named_with_its_values_on_the_endpoints_that_have_it(trial, subjects):
    recompute(trial)
    ProtocolVersion.objects.create(
        study=trial.study, number=1, effective_on="2024-01-01", parameters={"BCDEPL": {"threshold": 5.0}}
    )
    found = differences_of_run(recompute(trial))
    depletion = found.filter(PARAMCD="BCDEPL").row(0, named=True)
    assert (depletion["OLDVALC"], depletion["NEWVALC"]) == ("yes", "no")
    assert depletion["MOVED"] == "parameter threshold 10.0 → 5.0"
    others = found.filter(found["PARAMCD"] != "BCDEPL")
    assert set(others["MOVED"]) <= {"parameter of another endpoint that it reads"}


def test_new_definition_is_named_with_its_versions(trial, subjects, monkeypatch):
    recompute(trial)
    definition = runs.REGISTRY["BCNADIR"]

    def halved(inputs, parameters, answers):
        found = definition.compute(inputs, parameters, answers)
        return found.with_columns(version=pl.lit("2"), value=pl.col("value") / 2)

    monkeypatch.setitem(runs.REGISTRY, "BCNADIR", replace(definition, version="2", compute=halved))
    mark_study_stale(study_id=trial.study.pk)
    found = differences_of_run(recompute(trial))
    assert told(found.filter(USUBJID="KUL-001")) == [
        ("KUL-001", "BCNADIR", 8.0, "", "evaluable", 4.0, "", "evaluable", "definition v1 → v2")
    ]
    assert found["OLDVER"].to_list() == ["1", "1"]


def test_answers_that_only_one_side_has_are_differences(trial, laboratory, subjects, tmp_path):
    recompute(trial)
    rows = [
        row(subjects[0].code, f"T{place}", day, "SCL70", value)
        for place, (day, value) in enumerate([("2024-03-01T08:00", "200"), ("2024-04-20T08:00", "50")])
    ]
    import_rows(trial.study, laboratory, tmp_path, "3.csv", *rows)
    found = differences_of_run(recompute(trial)).filter(PARAMCD="TITERHL")
    appeared = found.filter(found["OLDSTAT"].is_null())
    vanished = found.filter(found["NEWSTAT"].is_null())
    assert appeared.height + vanished.height > 0


def test_two_runs_are_compared_over_those_between_them(trial, laboratory, subjects, tmp_path):
    first = recompute(trial)
    for number, value in (("2", "5"), ("3", "3")):
        code = subjects[0].code
        rows = [row(code, f"B{number}", f"2024-03-2{number}T08:00", "CD19", value)]
        import_rows(trial.study, laboratory, tmp_path, f"{number}.csv", *rows)
        last = recompute(trial)
    nadir = differences_between(first, last).filter(PARAMCD="BCNADIR").row(0, named=True)
    assert (nadir["OLDVAL"], nadir["NEWVAL"]) == (8.0, 3.0)
    back = differences_between(last, first).filter(PARAMCD="BCNADIR").row(0, named=True)
    assert (back["OLDVAL"], back["NEWVAL"]) == (3.0, 8.0)
    assert differences_between(last, last).height == 0
    assert differences_between(first, last, subject_ids=[subjects[1].pk]).height == 0


def test_run_of_another_study_is_no_neighbour(trial, subjects):
    recompute(trial)
    other = make_trial("T-2")
    make_infused_subject(other, "KUL-009")
    assert differences_of_run(recompute(other)).height == 0


def test_evaluation_from_before_inputs_had_digests_says_so(trial, subjects):
    run = recompute(trial)
    subject = subjects[0]
    old = Evaluation.objects.get(subject=subject)
    bare = Evaluation.objects.create(run=run, subject=subject, input_digest="0" * 64, inputs=None)
    assert bare.pk > old.pk
    mark_study_stale(study_id=trial.study.pk)
    found = differences_of_run(recompute(trial))
    assert set(found["MOVED"]) == {"inputs (not recorded)"}
