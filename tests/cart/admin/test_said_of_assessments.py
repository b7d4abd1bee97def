"""Assessments and safety records: asked twice, complete or not, moved to the right subject."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from cart.models import (
    ASSESSMENTS,
    AdverseEvent,
    Consent,
    CrsAssessment,
    DataQuery,
    DiffusingCapacity,
    RecordCompletion,
    RightHeartCatheter,
    Role,
    SkinScore,
    Spirometry,
    Subject,
    Visit,
    WarningOverride,
)
from cart.models.completeness import is_completable
from cart.models.plausible import soft_warnings
from cart.models.plausible_assessments import KINDS
from cart.models.skin import SITE_NAMES
from tests.cart.admin.pages import add_page, change_page, member, send
from tests.cart.records import DAY_ZERO, make_infused_subject, make_subject

ON = dt.date(2024, 6, 3)


def text_of(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


@pytest.fixture
def subject(trial):
    one = make_subject(trial)
    Subject.objects.filter(pk=one.pk).update(year_of_birth=1974, sex="F")
    one.refresh_from_db()
    return one


@pytest.fixture
def manager(trial):
    return member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)


def skin(subject, on=ON, each=1, **more):
    return SkinScore(subject=subject, assessed_on=on, **{**dict.fromkeys(SITE_NAMES, each), **more})


def spirometry(subject, on=ON, **more):
    return Spirometry(subject=subject, assessed_on=on, **more)


def codes(record):
    return [(one.field, one.code) for one in soft_warnings(record)]


def test_every_kind_is_asked_about_its_day_and_marked():
    assert {kind for kind, _ in KINDS} == set(ASSESSMENTS)
    assert all(is_completable(kind) for kind in ASSESSMENTS)


def test_day_weeks_from_the_visit_is_asked_about_and_the_limit_is_not(subject):
    visit = Visit.objects.create(subject=subject, label="M3", occurred_on=ON)
    near, far = ON + dt.timedelta(days=14), ON + dt.timedelta(days=15)
    assert codes(skin(subject, near, visit=visit)) == []
    assert codes(skin(subject, far, visit=visit)) == [("assessed_on", "off-visit")]
    assert codes(SkinScore(subject=subject, assessed_on=far, visit=visit, not_done_reason="ill")) == []
    assert codes(skin(subject, far)) == []


def test_jump_since_the_score_before_is_asked_about_in_either_direction(subject):
    skin(subject, dt.date(2024, 3, 1), 1).save()
    skin(subject, dt.date(2024, 9, 1), 3).save()
    assert codes(skin(subject, ON, 1, face=3, chest=3, abdomen=3, right_hand=3, left_hand=3)) == []
    assert codes(skin(subject, ON, 2)) == [("face", "unusual-change")]
    assert codes(skin(subject, ON, 0)) == [("face", "unusual-change")]
    # A site that is missing has no total, and a first score has nothing before it.
    assert codes(skin(subject, ON, 3, face=None)) == []
    assert codes(skin(subject, dt.date(2024, 2, 1), 3)) == []


def test_lung_tests_are_compared_with_the_one_before_in_the_same_unit(subject):
    spirometry(subject, dt.date(2024, 3, 1), fvc_l=Decimal(4), height_cm=Decimal(170)).save()
    assert codes(spirometry(subject, fvc_l=Decimal(3), height_cm=Decimal(173))) == []
    assert codes(spirometry(subject, fvc_l=Decimal("2.99"), height_cm=Decimal("173.1"))) == [
        ("height_cm", "unusual-change"), ("fvc_l", "unusual-change"),
    ]  # fmt: skip
    assert codes(spirometry(subject, fvc_l=Decimal(4), fev1_l=Decimal("1.9"))) == [("fev1_l", "unusual-value")]
    old = {"dlco": Decimal(6), "unit": "mmol/min/kPa", "assessed_on": dt.date(2024, 3, 1)}
    DiffusingCapacity.objects.create(subject=subject, **old)
    later = {"subject": subject, "assessed_on": ON}
    assert codes(DiffusingCapacity(**later, dlco=Decimal(18), unit="mL/min/mm[Hg]")) == []
    assert codes(DiffusingCapacity(**later, dlco=Decimal("3.8"), unit="mmol/min/kPa")) == [("dlco", "unusual-change")]


def test_value_is_stored_with_the_reason_why_it_is_right(coordinator, subject):
    page = f"{add_page('cart.RightHeartCatheter')}?subject={subject.pk}"
    values = {"assessed_on": ON, "mpap_mmhg": "85"}
    refused = send(coordinator, page, **values)
    assert "Usually between 8 and 80 mmHg; found 85. [unusual-value]" in text_of(refused)
    assert not RightHeartCatheter.objects.exists()
    assert send(coordinator, page, **values, warning_reason="severe PAH, read twice").status_code == 302
    kept = WarningOverride.objects.get()
    assert (kept.target_table, kept.target_field) == ("cart_rightheartcatheter", "mpap_mmhg")
    assert (kept.reason, kept.subject) == ("severe PAH, read twice", subject)


def event(subject, **more):
    return AdverseEvent(
        subject=subject, ctcae_version="5", outcome="unknown",
        **{"term": "Sepsis", "grade": 4, "started": "2024-06", "related_to_product": "related",
           "related_to_conditioning": "not-related", **more},
    )  # fmt: skip


def test_grave_event_that_is_not_serious_and_event_before_consent_are_asked_about(subject):
    assert codes(event(subject)) == [("serious", "seldom-not-serious")]
    assert codes(event(subject, grade=3)) == []
    assert codes(event(subject, serious=True)) == []
    Consent.objects.create(subject=subject, version="1", signed_on=dt.date(2024, 6, 20))
    assert codes(event(subject, grade=1)) == []
    assert codes(event(subject, grade=1, started="2024-06-19")) == [("started", "unusual-day")]
    assert codes(event(subject, grade=1, started="2023")) == [("started", "unusual-day")]


def test_day_of_a_syndrome_before_the_cells_or_long_after_is_asked_about(trial):
    infused = make_infused_subject(trial)
    zero = DAY_ZERO.date()

    def day(number, **more):
        return CrsAssessment(subject=infused, assessed_on=zero + dt.timedelta(days=number), **more)

    assert [codes(day(number)) for number in (0, 60)] == [[], []]
    assert [codes(day(number)) for number in (-1, 61)] == [[("assessed_on", "unusual-day")]] * 2
    assert codes(day(3, temperature_max_c=Decimal("42.1"))) == [("temperature_max_c", "unusual-value")]
    # Without an infusion there is no day to count from.
    assert codes(CrsAssessment(subject=make_subject(trial, "KUL-9"), assessed_on=zero)) == []


def test_complete_assessment_lacks_nothing_or_was_not_done(coordinator, subject):
    record = spirometry(subject, fvc_l=Decimal(3))
    record.save()
    page = change_page(record)
    refused = send(coordinator, page, completion_state="complete")
    assert text_of(refused).count("[incomplete]") >= 2
    assert not RecordCompletion.objects.exists()
    assert send(coordinator, page, completion_state="incomplete").status_code == 302
    assert RecordCompletion.objects.get().state == "incomplete"
    full = {"height_cm": "170", "quality": "A", "change_reason": "report came"}
    assert send(coordinator, page, completion_state="complete", **full).status_code == 302
    assert RecordCompletion.objects.get().state == "complete"
    missed = f"{add_page('cart.Spirometry')}?subject={subject.pk}"
    values = {"assessed_on": "2024-07-01", "not_done_reason": "device broken", "completion_state": "complete"}
    assert send(coordinator, missed, **values).status_code == 302


def test_event_is_complete_once_its_dlt_is_decided(coordinator, subject):
    record = event(subject, serious=True, medically_important=True, ctcae_term="Sepsis")
    record.save()
    assert "[incomplete]" in text_of(send(coordinator, change_page(record), completion_state="complete"))
    decided = {"dlt": "false", "change_reason": "board"}
    assert send(coordinator, change_page(record), completion_state="complete", **decided).status_code == 302
    assert RecordCompletion.objects.get().target_table == "cart_adverseevent"


def move(client, record, **values):
    page = reverse(f"admin:cart_{record._meta.model_name}_move", args=[record.pk])
    return client.post(page, {"change_reason": "wrong chart", **values})


def test_assessment_moves_without_its_visit_and_with_what_was_said_of_it(manager, trial, subject):
    right = make_subject(trial, "KUL-002")
    Subject.objects.filter(pk=right.pk).update(year_of_birth=1934, sex="M")
    visit = Visit.objects.create(subject=subject, label="M3", occurred_on=ON)
    record = spirometry(
        subject, visit=visit, fvc_l=Decimal(3), height_cm=Decimal(170), device_fvc_pct=Decimal(88),
        device_reference="GLI Global 2022",
    )  # fmt: skip
    record.save()
    about = {"subject": subject, "target_table": "cart_spirometry", "target_id": record.pk}
    DataQuery.objects.create(**about, text="Whose is it?", origin=DataQuery.Origin.PERSON)
    RecordCompletion.objects.create(**about, state="complete", marked_by="carol")
    page = reverse("admin:cart_spirometry_move", args=[record.pk])
    assert "does not come along" in text_of(manager.get(page))
    assert move(manager, record, subject=right.code).status_code == 302
    record.refresh_from_db()
    assert (record.subject, record.visit) == (right, None)
    assert RecordCompletion.objects.get().subject == right
    # The one that a person asked, and the one that the other sex and age ask.
    asked = DataQuery.objects.filter(target_id=record.pk)
    assert set(asked.values_list("subject__code", "origin")) == {
        ("KUL-002", DataQuery.Origin.PERSON), ("KUL-002", DataQuery.Origin.COMPUTED),
    }  # fmt: skip


def test_assessment_that_was_not_done_at_a_visit_stays_and_says_why(manager, trial, subject):
    right = make_subject(trial, "KUL-002")
    visit = Visit.objects.create(subject=subject, label="M3", occurred_on=ON)
    record = Spirometry.objects.create(subject=subject, visit=visit, not_done_reason="device broken")
    answer = move(manager, record, subject=right.code)
    assert "[assessment-undated]" in text_of(answer)
    record.refresh_from_db()
    assert (record.subject, record.visit) == (subject, visit)


def test_right_subject_that_has_the_assessment_of_that_day_refuses_another(manager, trial, subject):
    right = make_subject(trial, "KUL-002")
    skin(right).save()
    record = skin(subject)
    record.save()
    assert "[assessment-twice]" in text_of(move(manager, record, subject=right.code))


def test_coordinator_does_not_move_and_the_subject_stays_on_the_form(coordinator, trial, subject):
    right = make_subject(trial, "KUL-002")
    record = skin(subject)
    record.save()
    assert move(coordinator, record, subject=right.code).status_code == 403
    changed = send(coordinator, change_page(record), subject=right.pk, face=2, change_reason="misread")
    assert changed.status_code == 302
    record.refresh_from_db()
    assert (record.subject, record.face) == (subject, 2)
