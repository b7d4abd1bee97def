"""Only subjects whose inputs differ are evaluated; what was stored stays; nothing changed writes nothing."""

from dataclasses import replace

import pytest
from django.db import transaction

from cart.actions import run_writer
from cart.actions.endpoints import (
    current_results,
    mark_study_stale,
    recompute_stale,
    request_recompute,
    stale_subjects,
)
from cart.actions.runs import parameters_in_force
from cart.endpoints.errors import ParameterError
from cart.endpoints.registry import REGISTRY
from cart.models import (
    ConcomitantTherapy,
    EndpointDefinition,
    EndpointResult,
    Evaluation,
    ProtocolVersion,
    Run,
    Subject,
)
from tests.cart.records import make_infused_subject, make_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row
from trialsite.jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def subjects(trial):
    """Three infused subjects, none evaluated yet."""
    return [make_infused_subject(trial, f"KUL-00{number}") for number in (1, 2, 3)]


def recompute(trial):
    done = recompute_stale(study_id=trial.study.pk, actor="dora", reason="asked for")
    return done.subjects_seen, done.subjects_changed, done.results


def touch(subject):
    """Change an input of a subject."""
    ConcomitantTherapy.objects.create(
        subject=subject, drug="Rituximab", therapy_class="rituximab", prior=True, started="2024-01-10"
    )


def stored():
    return list(Evaluation.objects.order_by("pk").values()), list(EndpointResult.objects.order_by("pk").values())


def evaluated(trial):
    return [e.subject for e in Evaluation.objects.current().filter(subject__study=trial.study).order_by("subject")]


def protocol(trial, number, parameters):
    return ProtocolVersion.objects.create(
        study=trial.study, number=number, effective_on="2024-01-01", parameters=parameters
    )


def test_first_recompute_evaluates_every_subject(trial, subjects):
    seen, changed, results = recompute(trial)
    assert (seen, changed) == (3, 3)
    assert results == EndpointResult.objects.count() == current_results(trial.study).count()
    assert evaluated(trial) == subjects
    for subject in subjects:
        assert set(REGISTRY) == set(subject.endpoint_results.values_list("definition__code", flat=True))
    run = Run.objects.get()
    assert (run.subjects_seen, run.subjects_changed) == (3, 3)
    assert run.parameters == parameters_in_force({})
    assert not stale_subjects(trial.study).exists()


def test_nothing_stale_does_nothing(trial, subjects):
    recompute(trial)
    before = stored()
    assert recompute(trial) == (0, 0, 0)
    assert stored() == before
    assert Run.objects.count() == 1


def test_stale_subject_with_the_same_inputs_costs_a_digest_and_writes_nothing(trial, subjects):
    recompute(trial)
    before = stored()
    assert mark_study_stale(study_id=trial.study.pk) == 3
    assert recompute(trial) == (3, 0, 0)
    assert stored() == before
    assert Run.objects.count() == 1
    assert not stale_subjects(trial.study).exists()


def test_change_that_is_taken_back_writes_nothing(trial, subjects):
    recompute(trial)
    touch(subjects[0])
    ConcomitantTherapy.objects.all().delete()
    assert recompute(trial) == (1, 0, 0)


def test_one_changed_subject_is_evaluated_alone_and_the_old_answers_stay(trial, subjects):
    recompute(trial)
    evaluations, results = stored()
    touch(subjects[1])
    assert [stale.subject for stale in stale_subjects(trial.study)] == [subjects[1]]
    seen, changed, written = recompute(trial)
    assert (seen, changed) == (1, 1)
    assert stored()[0][:3] == evaluations
    assert stored()[1][: len(results)] == results
    newest = Evaluation.objects.latest("pk")
    assert newest.subject == subjects[1]
    assert Evaluation.objects.count() == 4
    assert newest.results.count() == written
    # Current answers: the new evaluation of one, the first of the others.
    assert set(current_results(trial.study).values_list("evaluation", flat=True)) == {
        evaluations[0]["id"],
        evaluations[2]["id"],
        newest.pk,
    }


def test_one_changed_subject_among_stale_ones_is_evaluated_alone(trial, subjects):
    recompute(trial)
    touch(subjects[2])
    mark_study_stale(study_id=trial.study.pk)
    assert recompute(trial)[:2] == (3, 1)
    assert Evaluation.objects.latest("pk").subject == subjects[2]


def test_laboratory_result_makes_its_subject_stale_and_changes_its_answer(trial, subjects, tmp_path):
    recompute(trial)
    laboratory = make_laboratory()
    rows = [
        row(subjects[0].code, "A1", "2024-03-01T08:00", "CD19", "150"),
        row(subjects[0].code, "A2", "2024-03-26T08:00", "CD19", "<1"),
    ]
    import_rows(trial.study, laboratory, tmp_path, "1.csv", *rows)
    assert [stale.subject for stale in stale_subjects(trial.study)] == [subjects[0]]
    assert recompute(trial)[:2] == (1, 1)
    answer = current_results(trial.study).get(subject=subjects[0], definition__code="BCDEPL")
    assert (answer.text, answer.day) == ("yes", 14)
    assert len(answer.evidence) > 0
    other = current_results(trial.study).get(subject=subjects[1], definition__code="BCDEPL")
    assert (other.status, other.value) == ("not-evaluable", None)
    assert other.reason


def test_new_subject_is_evaluated_without_the_others(trial, subjects):
    recompute(trial)
    new = make_subject(trial, "KUL-004")
    assert recompute(trial)[:2] == (1, 1)
    assert Evaluation.objects.latest("pk").subject == new


def test_new_parameter_is_a_new_evaluation_of_every_subject(trial, subjects):
    recompute(trial)
    protocol(trial, 1, {"BCDEPL": {"threshold": 5.0}})
    assert recompute(trial)[:2] == (3, 3)
    assert Evaluation.objects.count() == 6
    assert Run.objects.latest("pk").parameters["BCDEPL"]["threshold"] == 5.0
    # A version that says the same as the one before changes no digest.
    protocol(trial, 2, {"BCDEPL": {"threshold": 5.0}})
    assert recompute(trial) == (3, 0, 0)


def test_other_study_is_left_alone(trial, subjects):
    other = make_trial("T-2")
    theirs = make_infused_subject(other, "KUL-001")
    recompute(trial)
    assert [stale.subject for stale in stale_subjects(other.study)] == [theirs]
    assert not current_results(other.study).exists()
    assert mark_study_stale(study_id=other.study.pk) == 1
    assert not stale_subjects(trial.study).exists()


def test_chunks_of_subjects_are_one_run(trial, subjects, monkeypatch):
    monkeypatch.setattr(run_writer, "CHUNK_SUBJECTS", 2)
    assert recompute(trial)[:2] == (3, 3)
    assert Run.objects.get().subjects_changed == 3
    touch(subjects[2])
    mark_study_stale(study_id=trial.study.pk)
    monkeypatch.setattr(run_writer, "CHUNK_SUBJECTS", 1)
    assert recompute(trial)[:2] == (3, 1)


def test_refused_parameters_leave_the_subjects_stale_and_nothing_stored(trial, subjects):
    protocol(trial, 1, {"BCDEPL": {"threshold": "ten"}})
    with pytest.raises(ParameterError, match="parameter-type"), transaction.atomic():
        recompute(trial)
    assert stale_subjects(trial.study).count() == 3
    assert not Run.objects.exists()


def test_lost_answers_are_refused(trial, subjects, monkeypatch):
    whole = run_writer.answer

    def of_another(*given):
        answered = whole(*given)
        return replace(answered, answers=answered.answers.with_columns(subject_id=subjects[0].pk + 1000))

    monkeypatch.setattr(run_writer, "answer", of_another)
    with pytest.raises(ValueError, match="answers-lost"), transaction.atomic():
        recompute(trial)
    assert not EndpointResult.objects.exists()
    assert stale_subjects(trial.study).count() == 3


def test_definition_is_stored_once_per_version(trial, subjects):
    recompute(trial)
    assert set(EndpointDefinition.objects.values_list("code", flat=True)) == set(REGISTRY)
    touch(subjects[0])
    recompute(trial)
    assert EndpointDefinition.objects.count() == len(REGISTRY)
    threshold = EndpointDefinition.objects.get(code="BCDEPL").parameters["threshold"]
    assert threshold["unit"]
    assert threshold["source"]


def test_request_is_a_job_of_its_actor_in_the_callers_transaction(trial):
    with transaction.atomic():
        request_recompute(study=trial.study, actor="dora", reason="asked for")
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    job = request_recompute(study=trial.study, actor="dora", reason="asked for", whole=True)
    assert (job.requested_by, job.reason) == ("dora", "asked for")
    assert job.payload == {"study": trial.study.pk, "whole": True}


def test_study_without_subjects_has_nothing_to_do(trial):
    assert not Subject.objects.exists()
    assert mark_study_stale(study_id=trial.study.pk) == 0
    assert recompute(trial) == (0, 0, 0)
