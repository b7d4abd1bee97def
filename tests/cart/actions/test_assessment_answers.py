"""Assessments as inputs: every change marks its subject stale, and answers name the records they rest on."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from cart.actions.endpoints import current_results, recompute_stale, stale_subjects
from cart.datasets.endpoints import endpoint_rows
from cart.endpoints.clinical_frames import CLINICAL_FRAMES
from cart.inputs import read_frames
from cart.models import (
    ASSESSMENTS,
    Capillaroscopy,
    DiseaseFindings,
    HealthQuestionnaire,
    PlannedVisit,
    ProtocolVersion,
    SkinScore,
    Spirometry,
)
from tests.cart.assessed import assessment, not_done
from tests.cart.records import DAY_ZERO, make_infused_subject, make_subject
from trialsite.audit.context import acting

pytestmark = pytest.mark.django_db
BEFORE, LATER = DAY_ZERO.date() - dt.timedelta(days=7), DAY_ZERO.date() + dt.timedelta(days=91)
READ = [kind for kind in ASSESSMENTS if kind is not Capillaroscopy]


@pytest.fixture
def subject(trial):
    protocol = ProtocolVersion.objects.create(study=trial.study, number=1, effective_on=BEFORE)
    PlannedVisit.objects.create(
        protocol=protocol, code="M3", name="M3", target_day=91, window_low_day=77, window_high_day=105
    )
    subject = make_infused_subject(trial)
    subject.sex, subject.year_of_birth = "F", 1968
    subject.save()
    return subject


def recompute(trial):
    return recompute_stale(study_id=trial.study.pk, actor="dora", reason="asked for")


def answer(trial, code, timepoint=""):
    return current_results(trial.study).get(definition__code=code, timepoint=timepoint)


@pytest.mark.parametrize("kind", READ, ids=lambda kind: kind.__name__)
def test_entering_changing_and_removing_a_record_marks_its_subject_stale(trial, subject, kind):
    other = make_subject(trial, "KUL-009")
    recompute(trial)
    record = assessment(kind, subject)
    record.save()
    assert [stale.subject for stale in stale_subjects(trial.study)] == [subject]
    recompute(trial)
    with acting(reason="typing error"):
        record.assessor = "7"
        record.save()
        assert [stale.subject for stale in stale_subjects(trial.study)] == [subject]
        recompute(trial)
        record.subject = other
        record.save()
        assert {stale.subject for stale in stale_subjects(trial.study)} == {subject, other}


def test_every_kind_is_read_with_its_columns_and_null_where_not_assessed(trial, subject):
    for kind in READ:
        assessment(kind, subject).save()
    HealthQuestionnaire.objects.update(jars=None, taps=3, car_doors=None, chores=None, car=None, errands=None)
    with acting(reason="test"):
        DiseaseFindings.objects.update(ana=None)
    frames = read_frames(trial.study.pk, [subject.pk])
    for name, schema in CLINICAL_FRAMES.items():
        assert frames[name].schema == schema, name
        assert frames[name].height == 1, name
    asked = frames["questionnaires"].row(0, named=True)
    assert (asked["grip"], asked["activities"], asked["dressing"], asked["grip_aid"]) == (3, None, 1, False)
    found = frames["findings"].row(0, named=True)
    assert (found["raynaud"], found["puffy"], found["ana"]) == (True, False, None)
    blown = frames["spirometry"].row(0, named=True)
    assert (blown["sex"], blown["year_of_birth"], blown["fvc_l"], blown["age_years"]) == ("F", 1968, 2.6, None)


def test_answers_name_the_records_and_the_export_has_them(trial, subject):
    first = assessment(SkinScore, subject, BEFORE)
    later = assessment(SkinScore, subject, LATER, **dict.fromkeys(["face", "chest", "abdomen"], 0))
    for record in (first, later):
        record.save()
    recompute(trial)
    change = answer(trial, "MRSSCHG", "M3")
    assert (change.value, change.text, change.day) == (-3.0, "stable", 91)
    named = [f"cart_skinscore:{record.pk}" for record in (first, later)]
    assert change.record_evidence == named
    assert answer(trial, "BCDEPL").record_evidence == []
    row = endpoint_rows(trial.study.pk).filter((pl.col("PARAMCD") == "MRSSCHG") & (pl.col("AVISIT") == "M3"))
    assert row["RECEVID"].to_list() == [named]


def test_not_done_and_what_cannot_be_computed_are_answers_with_reasons(trial, subject):
    not_done(Spirometry, subject, assessed_on=LATER).save()
    recompute(trial)
    assert answer(trial, "FVCPP").reason == "not done: subject too unwell"
    with acting(reason="corrected"):
        Spirometry.objects.all().delete()
    assessment(Spirometry, subject, LATER, height_cm=Decimal(100), fvc_l=Decimal("9.9"), fev1_l=None).save()
    recompute(trial)
    assert "% of predicted cannot be" in answer(trial, "FVCPP").reason
