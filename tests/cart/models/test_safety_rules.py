"""Rules of the safety tables: said beside the field, and held by the database whatever the path."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from cart.admin.refusals import sentence_of
from cart.models import (
    AdverseEvent,
    ConcomitantTherapy,
    Death,
    IecHsAssessment,
    Pregnancy,
    RclTest,
    SecondMalignancy,
    TherapyDose,
)
from tests.cart.records import make_subject, make_trial
from tests.cart.safety_records import crs_day, event, icans_day, infection, on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def subject():
    return make_subject(make_trial())


def refused(record, code):
    """The form refuses it, and the database by every other path, with the same sentence."""
    with pytest.raises(ValidationError):
        record.full_clean()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        type(record).objects.bulk_create([record])
    assert sentence_of(caught.value).endswith(f"[{code}]"), sentence_of(caught.value)


def accepted(record):
    record.full_clean()
    record.save()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"started": "2024-03", "ended": "2024"},
        {"started": "2024-03-15T10:15", "ended": "2024-03-15"},
        {"started": "2024-02-29", "ended": "2024-02-29"},
        {"ended": "", "ongoing": True, "outcome": "not-recovered"},
        {"serious": True, "hospitalisation": True},
        {"grade": 5, "outcome": "fatal", "serious": True, "results_in_death": True},
        # Severe and not serious, serious and not severe: two different things.
        {"grade": 4},
        {"grade": 1, "serious": True, "medically_important": True},
    ],
)
def test_event_as_it_happens_is_accepted(subject, changes):
    accepted(event(subject, **changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"term": ""}, "safety-incomplete"),
        ({"started": ""}, "safety-incomplete"),
        ({"started": "2024-3-1", "ended": ""}, "partial-date"),
        ({"started": "2024-03-15", "ended": "2024-03-14"}, "safety-period"),
        ({"started": "2024-03", "ended": "2024-02-28"}, "safety-period"),
        ({"started": "2024-03-15T10:15", "ended": "2024-03-15T10:14"}, "safety-period"),
        ({"ongoing": True, "outcome": "not-recovered"}, "safety-period"),
        ({"ongoing": True, "ended": ""}, "event-outcome"),
        ({"grade": 0}, "safety-grade"),
        ({"grade": 6}, "safety-grade"),
        ({"serious": True}, "seriousness"),
        ({"life_threatening": True}, "seriousness"),
        ({"grade": 5}, "fatal-event"),
        ({"grade": 5, "outcome": "fatal"}, "fatal-event"),
        ({"outcome": "fatal", "serious": True, "results_in_death": True}, "fatal-event"),
        ({"related_to_product": "maybe"}, "safety-word"),
        ({"special_interest": "x"}, "safety-word"),
        ({"ctcae_version": "3"}, "safety-word"),
    ],
)
def test_event_against_a_rule_is_refused_with_its_sentence(subject, changes, code):
    refused(event(subject, **changes), code)


def test_day_that_does_not_exist_is_refused_by_the_form(subject):
    with pytest.raises(ValidationError, match="partial-date"):
        event(subject, started="2023-02-29", ended="").full_clean()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"temperature_max_c": "3.8"}, "safety-number"),
        ({"hypoxia": "some"}, "safety-word"),
        ({"investigator_grade": 6}, "safety-grade"),
        ({"temperature_max_c": None, "hypotension": "", "hypoxia": ""}, "day-incomplete"),
        ({"not_done_reason": "discharged"}, "day-incomplete"),
    ],
)
def test_crs_day_against_a_rule_is_refused(subject, changes, code):
    refused(crs_day(subject, 1, **changes), code)


def test_crs_day_may_be_partly_or_not_assessed_with_a_reason(subject):
    accepted(crs_day(subject, 1, temperature_max_c=None, hypoxia=""))
    accepted(crs_day(subject, 2, temperature_max_c=None, hypotension="", hypoxia="", not_done_reason="at home"))
    accepted(crs_day(subject, 3, temperature_max_c=None, hypotension="", hypoxia="", fatal=True))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ice_orientation": 5}, "ice-score"),
        ({"ice_naming": 4}, "ice-score"),
        ({"ice_attention": 2}, "ice-score"),
        ({"consciousness": "sleepy"}, "safety-word"),
        ({"not_done_reason": "at home"}, "day-incomplete"),
    ],
)
def test_icans_day_against_a_rule_is_refused(subject, changes, code):
    refused(icans_day(subject, 1, **changes), code)


def test_a_day_is_recorded_once(subject):
    accepted(crs_day(subject, 1))
    refused(crs_day(subject, 1), "day-twice")


def test_ice_total_needs_every_item(subject):
    assert icans_day(subject, 1, ice_writing=0).ice_total == 9
    assert icans_day(subject, 1, ice_writing=None).ice_total is None


def test_record_names_an_event_of_its_own_subject(subject):
    other = make_subject(make_trial("T-2"))
    theirs = event(other)
    theirs.save()
    refused(infection(subject, event=theirs), "wrong-subject")
    refused(IecHsAssessment(subject=subject, event=theirs, assessed_on=on(5)), "wrong-subject")
    mine = event(subject)
    mine.save()
    accepted(infection(subject, event=mine))
    # Moving the event away would leave its infection behind.
    with pytest.raises(IntegrityError), transaction.atomic():
        AdverseEvent.objects.filter(pk=mine.pk).update(subject=other)


def test_iec_hs_is_decided_by_somebody_on_a_day_for_a_reason(subject):
    decided = {
        "adjudication": "iec-hs", "adjudicated_on": on(9), "adjudicator": "irene", "rationale": "ferritin 40,000",
    }  # fmt: skip
    for missing in ("adjudicated_on", "adjudicator", "rationale"):
        absent = None if missing == "adjudicated_on" else ""
        refused(IecHsAssessment(subject=subject, assessed_on=on(8), **{**decided, missing: absent}), "adjudication")
    refused(IecHsAssessment(subject=subject, assessed_on=on(8), grade=3), "adjudication")
    refused(
        IecHsAssessment(subject=subject, assessed_on=on(8), grade=3, **{**decided, "adjudication": "not-iec-hs"}),
        "adjudication",
    )
    accepted(IecHsAssessment(subject=subject, assessed_on=on(8), grade=3, **decided))
    accepted(IecHsAssessment(subject=subject, assessed_on=on(9), hyperferritinaemia=True))


MALIGNANCY = {"diagnosis": "T-cell lymphoma", "diagnosed": "2026"}


def test_transgene_test_has_its_day_and_material_or_a_reason(subject):
    refused(SecondMalignancy(subject=subject, transgene="detected", **MALIGNANCY), "transgene-test")
    refused(SecondMalignancy(subject=subject, transgene="not-done", **MALIGNANCY), "transgene-test")
    tested = {"transgene_tested_on": dt.date(2026, 4, 1), "transgene_material": "tumour"}
    refused(SecondMalignancy(subject=subject, **MALIGNANCY, **tested), "transgene-test")
    accepted(SecondMalignancy(subject=subject, transgene="not-detected", **MALIGNANCY, **tested))
    accepted(SecondMalignancy(subject=subject, **MALIGNANCY))


def test_rcl_test_has_a_sample_or_a_reason(subject):
    refused(RclTest(subject=subject, planned_label="month 3"), "rcl-test")
    refused(RclTest(subject=subject, planned_label="month 3", result="not-done"), "rcl-test")
    refused(RclTest(subject=subject, planned_label="month 3", result="negative", sampled_on=on(90)), "rcl-test")
    accepted(RclTest(subject=subject, planned_label="month 3", result="not-done", not_done_reason="missed visit"))
    accepted(
        RclTest(subject=subject, planned_label="month 3", result="negative", sampled_on=on(95), method="VSV-G PCR")
    )


def test_pregnancy_has_its_outcome_with_a_date(subject):
    refused(Pregnancy(subject=subject, of="subject", reported_on=on(200), outcome="live-birth"), "pregnancy")
    refused(Pregnancy(subject=subject, of="subject", reported_on=on(200), partner_consented=True), "pregnancy")
    accepted(Pregnancy(subject=subject, of="partner", reported_on=on(200), partner_consented=False, outcome="unknown"))
    accepted(Pregnancy(subject=subject, of="subject", reported_on=on(200), outcome="live-birth", outcome_on="2025-01"))


def test_death_is_recorded_once_with_cause_and_date(subject):
    whole = {"died": "2025-02", "cause": "infection", "cause_text": "sepsis", "related_to_product": "possible"}
    for missing in ("died", "cause_text"):
        refused(Death(subject=subject, **{**whole, missing: ""}), "safety-incomplete")
    accepted(Death(subject=subject, **whole))
    with pytest.raises(ValidationError):
        Death(subject=subject, **whole).full_clean()


def test_dose_is_above_zero_and_stands_once(subject):
    therapy = ConcomitantTherapy.objects.create(subject=subject, drug="Tocilizumab", therapy_class="immunosuppressant")
    refused(TherapyDose(therapy=therapy, given_on=on(3), dose_mg=0), "negative-dose")
    refused(TherapyDose(therapy=therapy, given_on=on(3), dose_mg=8, doses=0), "negative-dose")
    accepted(TherapyDose(therapy=therapy, given_on=on(3), dose_mg=560))
    refused(TherapyDose(therapy=therapy, given_on=on(3), dose_mg=560), "dose-twice")


def test_every_input_of_the_safety_endpoints_makes_its_subject_stale(subject):
    therapy = ConcomitantTherapy.objects.create(subject=subject, drug="Dexamethasone", therapy_class="steroid")
    for record in (
        event(subject),
        crs_day(subject, 1),
        icans_day(subject, 1),
        TherapyDose(therapy=therapy, given_on=on(3), dose_mg=10),
    ):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM cart_stalesubject")
        record.save()
        assert stale() == [subject.pk], record
    # A dose row that moves to another subject's therapy leaves both stale.
    other = make_subject(make_trial("T-2"))
    theirs = ConcomitantTherapy.objects.create(subject=other, drug="Dexamethasone", therapy_class="steroid")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cart_stalesubject")
    TherapyDose.objects.update(therapy=theirs)
    assert stale() == sorted([subject.pk, other.pk])


def stale():
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject_id FROM cart_stalesubject ORDER BY 1")
        return [row[0] for row in cursor.fetchall()]
