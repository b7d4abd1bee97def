"""Queries about grades that differ; grades of stored days; what a subject's safety is now."""

import pytest

from cart.actions.endpoints import current_results, recompute_stale
from cart.actions.safety import ask_about_grades
from cart.inputs.syndromes import grades_of, safety_of
from cart.models import ConcomitantTherapy, DataQuery, ProtocolVersion, TherapyDose
from tests.cart.records import make_infused_subject, make_subject
from tests.cart.safety_records import crs_day, event, icans_day, on

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject(trial):
    return make_infused_subject(trial)


def saved(record):
    record.full_clean()
    record.save()
    return record


def ask(*days):
    return [query.text for query in ask_about_grades(days=days, actor="carol", reason="entry")]


def test_grade_that_differs_opens_one_query_that_names_both(subject):
    day = saved(crs_day(subject, 3, hypotension="no_pressor", investigator_grade=1))
    assert ask(day) == [
        "CRS day of 15 Mar 2024: the components give grade 2, the investigator's grade is 1. Which is right?"
    ]
    assert ask(day) == []
    query = DataQuery.objects.get()
    assert (query.subject, query.target_table, query.target_id) == (subject, "cart_crsassessment", day.pk)
    assert (query.target_field, query.status) == ("investigator_grade", "open")


def test_closed_query_is_asked_again_where_the_grades_still_differ(subject):
    day = saved(icans_day(subject, 3, ice_writing=0, investigator_grade=0))
    assert len(ask(day)) == 1
    query = DataQuery.objects.get()
    query.status = DataQuery.Status.CLOSED
    query.save()
    assert len(ask(day)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"investigator_grade": 1},
        # Within the bounds of what is known.
        {"investigator_grade": 3, "hypoxia": ""},
        {"temperature_max_c": None, "hypotension": "", "hypoxia": "", "not_done_reason": "at home",
         "investigator_grade": 2},
    ],
)  # fmt: skip
def test_nothing_is_asked_where_nothing_differs(subject, changes):
    assert ask(saved(crs_day(subject, 3, **changes))) == []


def test_grades_of_days_are_computed_together_and_say_why_they_are_open(subject):
    days = [
        saved(crs_day(subject, 2)),
        saved(crs_day(subject, 3, hypoxia="")),
        saved(crs_day(subject, 4, temperature_max_c="37.2", fever_masked=True)),
        saved(crs_day(subject, 5, fever_other_cause=True)),
        saved(crs_day(subject, 6, temperature_max_c=None, hypotension="", hypoxia="", not_done_reason="home")),
    ]
    assert [str(grades_of(days)[day.pk]) for day in days] == [
        "1",
        "1 to 4 (no hypoxia)",
        "0 to 1 (grade 1 or resolved: protocol decision)",
        "0",
        "not assessed",
    ]
    assert grades_of([]) == {}


def course(subject):
    """CRS of grade 2 with tocilizumab and dexamethasone, ICANS of grade 1, a headache that is no DLT."""
    for record in (
        crs_day(subject, 2),
        crs_day(subject, 3, hypotension="no_pressor"),
        crs_day(subject, 4, temperature_max_c="37.1"),
        icans_day(subject, 4, ice_writing=0),
        icans_day(subject, 5),
        event(subject, grade=3, dlt=False),
    ):
        saved(record)
    toci = ConcomitantTherapy.objects.create(subject=subject, drug="Tocilizumab", therapy_class="immunosuppressant")
    TherapyDose.objects.create(therapy=toci, given_on=on(3), dose_mg=560)
    steroid = ConcomitantTherapy.objects.create(subject=subject, drug="Dexamethasone", therapy_class="steroid")
    TherapyDose.objects.create(therapy=steroid, given_on=on(4), doses=2, dose_mg=10)
    return {"CRSMAX": 2, "CRSEPI": 1, "ICANSMAX": 1, "TOCIMG": 560, "TOCIMGKG": 8, "STERDEX": 20}


def test_stored_records_become_answers_of_the_registry(trial, subject):
    expected = course(subject)
    recompute_stale(study_id=trial.study.pk, actor="dora", reason="asked for")
    found = {
        code: value
        for code, value in current_results(trial.study).values_list("definition__code", "value")
        if code in expected
    }
    assert found == expected
    dlt = current_results(trial.study).get(definition__code="DLT")
    assert (dlt.status, dlt.reason) == ("ongoing", "window to day 28, last visit not recorded")


def test_ivig_of_a_record_and_of_its_doses_become_grams_and_days(trial, subject):
    record = ConcomitantTherapy(
        subject=subject, drug="Privigen", therapy_class="ivig", dose="0.4", dose_unit="g/kg",
        started=on(20).isoformat(), stopped=on(20).isoformat(),
    )  # fmt: skip
    saved(record)
    recompute_stale(study_id=trial.study.pk, actor="dora", reason="asked for")
    # 0.4 g/kg of 70 kg.
    assert answers_of(trial, "IVIG") == {"IVIGDAYS": 1, "IVIGG": 28, "IVIGWIN": 31}
    course = ConcomitantTherapy.objects.create(
        subject=subject, drug="Privigen", therapy_class="ivig", started=on(48).isoformat(), stopped=on(50).isoformat()
    )
    TherapyDose.objects.create(therapy=course, given_on=on(48), doses=2, dose_mg=10_000)
    recompute_stale(study_id=trial.study.pk, actor="dora", reason="asked for")
    # Days 20 to 50 and 48 to 80.
    assert answers_of(trial, "IVIG") == {"IVIGDAYS": 2, "IVIGG": 48, "IVIGWIN": 61}


def answers_of(trial, beginning):
    found = current_results(trial.study).filter(definition__code__startswith=beginning)
    return dict(found.values_list("definition__code", "value"))


def test_safety_now_agrees_with_the_stored_answers(trial, subject):
    expected = course(subject)
    safety = safety_of(subject)
    assert {row["code"]: row["value"] for row in safety.answers if row["code"] in expected} == {
        code: value for code, value in expected.items() if code != "CRSEPI"
    }
    assert [(row["syndrome"], row["number"], row["onset_on"], row["low"]) for row in safety.episodes] == [
        ("CRS", 1, on(2), 2),
        ("ICANS", 1, on(4), 1),
    ]


def test_parameters_of_the_protocol_hold_for_the_page_too(trial, subject):
    saved(crs_day(subject, 2))
    saved(crs_day(subject, 3, temperature_max_c="36.9"))
    saved(crs_day(subject, 4))
    assert len(safety_of(subject).episodes) == 2
    ProtocolVersion.objects.create(
        study=trial.study, number=1, effective_on="2024-01-01", parameters={"*": {"free_days": 2}}
    )
    subject.refresh_from_db()
    assert len(safety_of(subject).episodes) == 1


def test_subject_without_anything_has_reasons(trial):
    safety = safety_of(make_subject(trial, "KUL-009"))
    assert safety.episodes == []
    assert safety.time_zero_on is None
    assert {row["status"] for row in safety.answers} == {"not-evaluable"}
    assert all(row["reason"] for row in safety.answers)
