"""The way of a subject, held by the database on every path: eligibility, status, what precedes an infusion."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from cart.migrations import _lifecycle_sql
from cart.models import (
    Consent,
    Disposition,
    EligibilityAnswer,
    EligibilityAssessment,
    EligibilityCriterion,
    EligibilityDecision,
    InfusionComponent,
    PlannedVisit,
    ProtocolVersion,
    Subject,
)
from tests.cart.records import (
    DAY_ZERO,
    component,
    make_administration,
    make_eligible,
    make_infused_subject,
    make_lot,
    make_subject,
    make_trial,
)
from trialsite.audit.context import acting

pytestmark = pytest.mark.django_db
Status = Subject.Status


@pytest.fixture
def trial(db, as_tester):
    return make_trial()


@pytest.fixture
def criteria(trial):
    protocol = ProtocolVersion.objects.create(study=trial.study, number=1, effective_on="2024-01-01")
    return [
        EligibilityCriterion.objects.create(protocol=protocol, code=code, kind=kind, text=f"{kind} {code}", position=n)
        for n, (code, kind) in enumerate([("I1", "inclusion"), ("I2", "inclusion"), ("E1", "exclusion")])
    ]


def refused(write, code):
    with pytest.raises(IntegrityError, match=rf"\[{code}\]"), transaction.atomic():
        write()


def screened(trial, code="KUL-001"):
    subject = make_subject(trial, code, status=Status.SCREENING)
    Consent.objects.create(subject=subject, version="1.0", signed_on=(DAY_ZERO - timedelta(days=60)).date())
    return subject


def answered(subject, **answers):
    """A round with these answers, given by carol."""
    assessment = EligibilityAssessment.objects.create(
        subject=subject, protocol=subject.protocol(), number=subject.eligibility_assessments.count() + 1
    )
    with acting(actor="carol", reason="screening"):
        for code, answer in answers.items():
            criterion = assessment.protocol.criteria.get(code=code)
            EligibilityAnswer.objects.create(
                assessment=assessment, protocol=criterion.protocol, criterion=criterion, answer=answer, note="seen"
            )
    return assessment


def decide(assessment, verdict="eligible", *, who="ines", at=DAY_ZERO - timedelta(days=40), note=""):
    with acting(actor=who, reason="eligibility decided"):
        return EligibilityDecision.objects.create(
            assessment=assessment, subject=assessment.subject, verdict=verdict, decided_at=at, note=note
        )


ALL_MET = {"I1": "yes", "I2": "yes", "E1": "no"}


def test_decision_is_signed_with_who_and_when(trial, criteria):
    assessment = answered(screened(trial), **ALL_MET)
    decision = decide(assessment)
    decision.refresh_from_db()
    assert (decision.decided_by, decision.signed_at > decision.decided_at) == ("ines", True)
    assert set(assessment.answers.values_list("answered_by", flat=True)) == {"carol"}


def test_somebody_elses_name_is_not_signed_with(trial, criteria):
    assessment = answered(screened(trial), **ALL_MET)
    with acting(actor="carl", reason="eligibility decided"):
        made = EligibilityDecision.objects.create(
            assessment=assessment,
            subject=assessment.subject,
            verdict="eligible",
            decided_at=DAY_ZERO - timedelta(days=40),
            decided_by="ines",
        )
    made.refresh_from_db()
    assert made.decided_by == "carl"


@pytest.mark.parametrize(
    ("answers", "verdict", "code"),
    [
        ({"I1": "yes", "E1": "no"}, "eligible", "eligibility-open"),
        ({}, "eligible", "eligibility-open"),
        ({**ALL_MET, "I2": "no"}, "eligible", "eligibility-answers"),
        ({**ALL_MET, "E1": "yes"}, "eligible", "eligibility-answers"),
        (ALL_MET, "not-eligible", "eligibility-answers"),
    ],
)
def test_verdict_that_the_answers_do_not_carry_is_refused(trial, criteria, answers, verdict, code):
    assessment = answered(screened(trial), **answers)
    refused(lambda: decide(assessment, verdict), code)


def test_not_applicable_stands_against_nobody(trial, criteria):
    decide(answered(screened(trial), I1="yes", I2="na", E1="na"))


def test_not_eligible_by_an_answer_or_by_a_note(trial, criteria):
    decide(answered(screened(trial), I1="no"), "not-eligible")
    decide(answered(screened(trial, "KUL-002"), **ALL_MET), "not-eligible", note="moved away")


def test_who_answered_does_not_decide(trial, criteria):
    assessment = answered(screened(trial), **ALL_MET)
    refused(lambda: decide(assessment, who="carol"), "eligibility-two-people")


def test_decision_needs_a_consent_that_is_in_force_that_day(trial, criteria):
    subject = screened(trial)
    assessment = answered(subject, **ALL_MET)
    refused(lambda: decide(assessment, at=DAY_ZERO - timedelta(days=61)), "consent-missing")
    Consent.objects.filter(subject=subject).update(withdrawn_on=(DAY_ZERO - timedelta(days=41)).date())
    refused(lambda: decide(assessment), "consent-missing")


def test_day_of_consent_is_that_of_the_sites_clock(trial, criteria):
    subject = screened(trial)
    signed = Consent.objects.get(subject=subject).signed_on
    assessment = answered(subject, **ALL_MET)
    # 23:30 UTC on the day before is 00:30 on the day of the consent in Leuven.
    eve = DAY_ZERO.replace(year=signed.year, month=signed.month, day=signed.day, hour=23, minute=30)
    refused(lambda: decide(assessment, at=eve - timedelta(days=1, hours=1)), "consent-missing")
    decide(assessment, at=eve - timedelta(days=1))


def test_future_decision_is_refused(trial, criteria):
    assessment = answered(screened(trial), **ALL_MET)
    refused(lambda: decide(assessment, at=DAY_ZERO + timedelta(days=36500)), "future-date")


def test_signed_answers_stay(trial, criteria):
    assessment = answered(screened(trial), **ALL_MET)
    decide(assessment)
    answers = EligibilityAnswer.objects.filter(assessment=assessment)
    refused(lambda: answers.update(answer="no"), "eligibility-signed")
    with pytest.raises(IntegrityError), transaction.atomic():
        answers.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        EligibilityDecision.objects.update(verdict="not-eligible")


def test_answer_to_another_versions_criterion_is_refused(trial, criteria):
    assessment = answered(screened(trial))
    other = ProtocolVersion.objects.create(study=trial.study, number=2, effective_on="2024-02-01")
    theirs = EligibilityCriterion.objects.create(protocol=other, code="I1", kind="inclusion", text="other words")
    for protocol in (other, assessment.protocol):
        with pytest.raises(IntegrityError, match="answer_"), transaction.atomic():
            EligibilityAnswer.objects.create(assessment=assessment, protocol=protocol, criterion=theirs, answer="yes")


def test_protocol_without_criteria_needs_a_note(trial):
    ProtocolVersion.objects.create(study=trial.study, number=1, effective_on="2024-01-01")
    assessment = answered(screened(trial))
    refused(lambda: decide(assessment), "eligibility-no-criteria")
    decide(assessment, note="by the source documents")


# Infusion ------------------------------------------------------------------------------------------------------


def infuse(trial, subject, at=DAY_ZERO, number="L-1"):
    lot = make_lot(trial, subject, number=number)
    administration = subject.administrations.first() or make_administration(subject)
    component(administration, lot, started_at=at).save()


def unprepared(trial, subject):
    """An administration made by hand: nobody decided."""
    course = subject.infusion_courses.create(weight_kg=70, planned_cells_per_kg_e6=1)
    return course.administrations.create(subject=subject)


def test_infusion_without_a_decision_is_refused_on_every_path(trial):
    subject = make_subject(trial)
    lot = make_lot(trial, subject, number="L-1")
    row = component(unprepared(trial, subject), lot)
    refused(row.save, "not-eligible")
    refused(lambda: InfusionComponent.objects.bulk_create([row]), "not-eligible")


def test_decision_after_the_infusion_comes_too_late(trial):
    subject = make_subject(trial)
    make_eligible(subject)
    decided = subject.eligibility_decisions.get().decided_at
    lot = make_lot(trial, subject, number="L-1")
    lot.released_at = decided - timedelta(days=9)
    lot.save()
    early = component(make_administration(subject), lot, started_at=decided - timedelta(seconds=1))
    refused(early.save, "not-eligible")
    early.started_at = decided
    early.save()


def test_later_decision_against_the_subject_counts(trial, criteria):
    subject = make_subject(trial)
    Consent.objects.create(subject=subject, version="1.0", signed_on=(DAY_ZERO - timedelta(days=60)).date())
    decide(answered(subject, **ALL_MET))
    decide(answered(subject, **{**ALL_MET, "E1": "yes"}), "not-eligible", at=DAY_ZERO - timedelta(days=1))
    refused(
        lambda: component(unprepared(trial, subject), make_lot(trial, subject, number="L-1")).save(), "not-eligible"
    )


def test_decision_is_not_slipped_in_before_an_infusion_that_took_place(trial, criteria):
    subject = make_subject(trial)
    Consent.objects.create(subject=subject, version="1.0", signed_on=(DAY_ZERO - timedelta(days=60)).date())
    decide(answered(subject, **ALL_MET))
    # 1.22 million/kg of 1 million planned.
    cells = {"car_fraction": Decimal("0.35")}
    component(unprepared(trial, subject), make_lot(trial, subject, number="L-1"), **cells).save()
    late = answered(subject, **{**ALL_MET, "E1": "yes"})
    refused(lambda: decide(late, "not-eligible", at=DAY_ZERO - timedelta(days=1)), "decided-after-infusion")
    decide(late, "not-eligible", at=DAY_ZERO + timedelta(days=1))


def test_withdrawn_consent_forbids_the_infusion_from_the_next_day(trial):
    subject = make_subject(trial)
    make_eligible(subject)
    consents = Consent.objects.filter(subject=subject)
    consents.update(withdrawn_on=(DAY_ZERO - timedelta(days=1)).date())
    refused(lambda: infuse(trial, subject), "consent-missing")
    consents.update(withdrawn_on=DAY_ZERO.date())
    infuse(trial, subject)


@pytest.mark.parametrize("status", [Status.SCREENING, Status.SCREEN_FAILURE])
def test_subject_that_is_not_enrolled_is_not_infused(trial, status):
    subject = make_subject(trial, status=status)
    refused(lambda: infuse(trial, subject), "not-enrolled")


@pytest.mark.parametrize(
    ("ended_on", "allowed"), [("2024-03-11", False), ("2024-02", False), ("2024-03", True), ("2024", True)]
)
def test_subject_is_not_infused_after_its_end(trial, ended_on, allowed):
    subject = make_subject(trial)
    enter(subject, Status.DEAD, ended_on)
    if allowed:
        infuse(trial, subject)
    else:
        refused(lambda: infuse(trial, subject), "not-enrolled")


def test_correction_of_an_old_infusion_does_not_ask_anew(trial):
    subject = make_infused_subject(trial)
    Consent.objects.filter(subject=subject).update(withdrawn_on=(DAY_ZERO - timedelta(days=50)).date())
    given = InfusionComponent.objects.get()
    given.volume_ml = 51
    given.save()
    given.started_at = DAY_ZERO + timedelta(days=1)
    refused(given.save, "consent-missing")


# Status --------------------------------------------------------------------------------------------------------


def enter(subject, status, on="2024-04-01", why="other", detail="seen", **more):
    entry = Disposition.objects.create(
        subject=subject, status=status, occurred_on=on, reason=why, detail=detail, **more
    )
    subject.refresh_from_db()
    entry.refresh_from_db()
    return entry


def test_pairs_of_the_database_are_those_of_the_model():
    model = {(str(before), str(after)) for before, following in Disposition.FOLLOWS.items() for after in following}
    assert set(_lifecycle_sql._PAIRS) == model
    assert set(Disposition.FOLLOWS) == set(Status)


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_every_pair_is_allowed_or_refused(trial, before, after):
    subject = make_subject(trial, status=before)
    make_eligible(subject)
    if (before, after) in _lifecycle_sql._PAIRS:
        entry = enter(subject, after)
        assert (entry.previous, subject.status) == (before, after)
        assert subject.ended_on == ("" if after in ("screening", "enrolled") else "2024-04-01")
    else:
        refused(lambda: enter(subject, after), "status-order")
        assert Subject.objects.get(pk=subject.pk).status == before


def test_status_does_not_change_by_any_other_path(trial):
    subject = make_subject(trial)
    refused(lambda: Subject.objects.update(status=Status.DEAD), "status-entry")
    subject.status = Status.WITHDRAWN
    refused(subject.save, "status-entry")
    with connection.cursor() as cursor:
        refused(lambda: cursor.execute("UPDATE cart_subject SET status = 'lost'"), "status-entry")


def test_enrolment_needs_the_signed_decision(trial):
    subject = screened(trial)
    refused(lambda: enter(subject, Status.ENROLLED), "not-eligible")
    make_eligible(subject)
    enter(subject, Status.ENROLLED)


def test_last_entry_is_corrected_by_one_in_its_place(trial):
    subject = make_subject(trial)
    dead = enter(subject, Status.DEAD)
    redated = enter(subject, Status.DEAD, "2024-04-03", corrects=dead)
    assert (subject.ended_on, redated.previous) == ("2024-04-03", "enrolled")
    undone = enter(subject, Status.ENROLLED, why="correction", detail="another subject", corrects=redated)
    assert (subject.status, subject.ended_on, undone.previous) == ("enrolled", "", "enrolled")
    refused(lambda: enter(subject, Status.LOST, corrects=dead), "status-order")


def test_correction_goes_only_where_the_entry_before_allowed_it(trial):
    subject = make_subject(trial)
    lost = enter(subject, Status.LOST)
    refused(lambda: enter(subject, Status.SCREENING, corrects=lost), "status-order")


def test_infused_subject_is_no_screen_failure_and_did_not_end_before(trial):
    subject = make_infused_subject(trial)
    refused(lambda: enter(subject, Status.DEAD, "2024-03-11"), "status-order")
    refused(lambda: enter(subject, Status.DEAD, "2024-02"), "status-order")
    enter(subject, Status.DEAD, "2024-03")


def test_entry_stays(trial):
    entry = enter(make_subject(trial), Status.LOST)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disposition.objects.filter(pk=entry.pk).update(occurred_on="2024-05-01")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"on": ""}, "disposition_is_dated"),
        ({"detail": ""}, "disposition_says_why"),
        ({"why": "correction"}, "disposition_correction_names_entry"),
        ({"on": "31 March"}, "disposition_occurred_partial"),
    ],
)
def test_entry_without_day_or_words_is_refused(trial, values, name):
    subject = make_subject(trial)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        enter(subject, Status.LOST, **values)


def test_source_decides_for_an_imported_subject_only(trial):
    ours = make_subject(trial, status=Status.SCREEN_FAILURE)
    refused(lambda: enter(ours, Status.ENROLLED, why="source"), "status-order")
    theirs = Subject.objects.create(
        study=trial.study, site=trial.site, code="X-1", source_code="X-1", status=Status.SCREEN_FAILURE
    )
    enter(theirs, Status.ENROLLED, "", why="source", detail="")
    assert theirs.status == Status.ENROLLED


# Protocol versions ---------------------------------------------------------------------------------------------


def test_version_that_somebody_consented_to_stays(trial, criteria):
    protocol = criteria[0].protocol
    visit = PlannedVisit.objects.create(
        protocol=protocol, code="D7", name="Day 7", target_day=7, window_low_day=5, window_high_day=9
    )
    screened(trial)
    assert Consent.objects.get().protocol == protocol
    refused(lambda: PlannedVisit.objects.filter(pk=visit.pk).update(target_day=8), "protocol-in-use")
    refused(visit.delete, "protocol-in-use")
    refused(lambda: protocol.criteria.create(code="I9", kind="inclusion", text="more"), "protocol-in-use")
    refused(lambda: protocol.panels.create(code="P", name="Panel"), "protocol-in-use")
    second = ProtocolVersion.objects.create(study=trial.study, number=2, effective_on="2024-02-01")
    panel = second.panels.create(code="P", name="Panel")
    panel.analytes.create(analyte_code="CRP")
    refused(lambda: PlannedVisit.objects.filter(pk=visit.pk).update(protocol=second), "protocol-in-use")
    Consent.objects.update(protocol=second)
    refused(lambda: panel.analytes.create(analyte_code="IGG"), "protocol-in-use")


def test_subject_stays_with_its_version_until_it_consents_anew(trial, criteria):
    subject = screened(trial)
    first = subject.protocol()
    second = ProtocolVersion.objects.create(study=trial.study, number=2, effective_on="2024-02-01")
    assert subject.protocol() == first
    assert make_subject(trial, "KUL-002").protocol() == second
    Consent.objects.create(subject=subject, version="2.0", signed_on="2024-02-03")
    assert subject.protocol() == second


def test_consent_takes_the_version_of_its_day(trial):
    for number, day in ((1, "2024-01-01"), (2, "2024-02-01")):
        ProtocolVersion.objects.create(study=trial.study, number=number, effective_on=day)
    subject = make_subject(trial)
    found = [
        Consent.objects.create(subject=subject, version="1", signed_on=day).protocol.number
        for day in ("2023-12-31", "2024-01-31", "2024-02-01")
    ]
    assert found == [1, 1, 2]
