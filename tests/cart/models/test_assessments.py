"""Assessments: dated, of their subject, once a visit; not done has a reason and no values; totals by the database."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from cart.models import (
    ASSESSMENTS,
    DiffusingCapacity,
    DiseaseFindings,
    Echocardiogram,
    GlobalAssessment,
    HealthQuestionnaire,
    HrctScan,
    LungUltrasound,
    RightHeartCatheter,
    SkinScore,
    Spirometry,
    Visit,
)
from cart.models.skin import SITE_NAMES
from tests.cart.assessed import ON, VALUES, assessment, not_done, planned_visit
from tests.cart.records import make_subject, make_trial
from trialsite.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
KINDS = [pytest.param(kind, id=kind.__name__) for kind in ASSESSMENTS]


@pytest.fixture
def subject(as_tester):
    return make_subject(make_trial())


def refused(record):
    """The sentences that a form would show; the database refuses the row too."""
    with pytest.raises(ValidationError) as error:
        record.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        record.save()
    return " ".join(error.value.messages)


def stored(record):
    record.full_clean()
    record.save()
    record.refresh_from_db()
    return record


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_stored_with_an_audit_event(subject, kind):
    record = stored(assessment(kind, subject))
    event = AuditEvent.objects.get(table_name=kind._meta.db_table, row_id=str(record.pk))
    assert (event.context.actor, event.operation) == ("tester", "I")


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_done_has_a_reason_and_no_values(subject, kind):
    stored(not_done(kind, subject))
    other = make_subject(subject_trial(subject), "KUL-002")
    assert "[not-done-with-values]" in refused(assessment(kind, other, not_done_reason="refused"))
    assert "[assessment-empty]" in refused(kind(subject=other, assessed_on=ON))


def subject_trial(subject):
    """The subject's trial as ``make_subject`` wants it."""
    return type("Of", (), {"study": subject.study, "site": subject.site, "arm": subject.arm})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("column", ["first", "last"])
def test_one_value_alone_contradicts_not_done(subject, kind, column):
    name = list(VALUES[kind])[0 if column == "first" else -1]
    if kind in (Spirometry, DiffusingCapacity) and column == "last":
        name = "device_fvc_pct" if kind is Spirometry else "device_pct"
    value = VALUES[kind].get(name, Decimal(80))
    more = {"unit": "mmol/min/kPa"} if name == "dlco" else {"ild": True} if name == "extent_pct" else {}
    assert "[not-done-with-values]" in refused(not_done(kind, subject, **{name: value}, **more))


@pytest.mark.parametrize("kind", KINDS)
def test_a_visit_and_a_day_have_one_of_a_kind(subject, kind):
    visit = planned_visit(subject)
    stored(assessment(kind, subject, visit=visit))
    later = ON + dt.timedelta(days=1)
    assert "[assessment-twice]" in refused(assessment(kind, subject, later, visit=visit))
    assert "[assessment-twice]" in refused(assessment(kind, subject))
    stored(assessment(kind, subject, later))


@pytest.mark.parametrize("kind", KINDS)
def test_the_visit_is_of_the_subject(subject, kind):
    theirs = planned_visit(make_subject(subject_trial(subject), "KUL-002"))
    record = assessment(kind, subject, visit=theirs)
    with pytest.raises(ValidationError, match="wrong-subject"):
        record.full_clean()
    with pytest.raises(IntegrityError, match="visit_of_subject"), transaction.atomic():
        record.save()


def test_what_was_done_has_a_day_and_what_was_not_a_visit_or_a_day(subject):
    assert "[assessment-undated]" in refused(assessment(SkinScore, subject, None))
    assert "[assessment-undated]" in refused(not_done(SkinScore, subject, assessed_on=None))
    missed = Visit.objects.create(subject=subject, label="Extra", status="missed", missed_reason="ill")
    stored(not_done(SkinScore, subject, assessed_on=None, visit=missed))


def test_nothing_is_assessed_at_a_missed_visit_nor_in_the_future(subject):
    missed = Visit.objects.create(subject=subject, label="Extra", status="missed", missed_reason="ill")
    with pytest.raises(ValidationError, match="assessment-of-missed-visit"):
        assessment(SkinScore, subject, visit=missed).full_clean()
    with pytest.raises(ValidationError, match="future-date"):
        assessment(SkinScore, subject, dt.date(2999, 1, 1)).full_clean()


def test_mrss_total_is_the_sum_and_missing_where_a_site_is(subject):
    scores = dict(zip(SITE_NAMES, [3, 2, 1, 0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2], strict=True))
    assert stored(assessment(SkinScore, subject, **scores)).total == 29
    later = ON + dt.timedelta(days=28)
    assert stored(assessment(SkinScore, subject, later, **{**scores, "chest": None})).total is None


@pytest.mark.parametrize("site", [SITE_NAMES[0], SITE_NAMES[-1]])
def test_a_site_is_scored_0_to_3(subject, site):
    assert "3" in refused(assessment(SkinScore, subject, **{site: 4}))


def test_b_lines_add_up_and_are_missing_where_a_zone_is(subject):
    assert stored(assessment(LungUltrasound, subject, right_3=9)).b_lines == 22
    later = ON + dt.timedelta(days=28)
    assert stored(assessment(LungUltrasound, subject, later, left_7=None)).b_lines is None


def test_spap_is_four_times_the_squared_velocity_and_rap_to_every_digit(subject):
    echo = stored(assessment(Echocardiogram, subject))
    assert echo.spap_mmhg == Decimal("37.9476")  # 4 * 2.87^2 + 5
    assert echo.tapse_spap == Decimal("0.5270")  # 20 / 37.9476 = 0.52704
    later = ON + dt.timedelta(days=28)
    without = stored(assessment(Echocardiogram, subject, later, trv_m_s=None))
    assert (without.spap_mmhg, without.tapse_spap) == (None, None)


def test_pvr_is_pressure_difference_over_output(subject):
    assert stored(assessment(RightHeartCatheter, subject)).pvr_wu == Decimal(4)


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        (Spirometry, {"fev1_l": Decimal("2.61")}, "fev1-above-fvc"),
        (Spirometry, {"fvc_l": Decimal("26")}, "spirometry-value"),
        (Spirometry, {"height_cm": Decimal("1.7")}, "lung-test-body"),
        (Spirometry, {"device_fvc_pct": Decimal("0.8")}, "percent-predicted"),
        (DiffusingCapacity, {"unit": ""}, "dlco-unit"),
        (DiffusingCapacity, {"dlco": Decimal(26)}, "dlco-value"),
        (DiffusingCapacity, {"haemoglobin_g_dl": Decimal(135)}, "dlco-value"),
        (HrctScan, {"ild": False}, "hrct-without-ild"),
        (Echocardiogram, {"trv_m_s": Decimal("0.3")}, "echo-value"),
        (Echocardiogram, {"ra_area_cm2": Decimal("90")}, "echo-value"),
        (RightHeartCatheter, {"cardiac_output_l_min": Decimal("0.4")}, "catheter-value"),
        (GlobalAssessment, {"patient_global": Decimal(55)}, "global-scale"),
        (DiseaseFindings, {"topo1_high": True}, "topo1-high"),
        (HealthQuestionnaire, {"index_in_source": Decimal("3.5")}, "haq-answer"),
    ],
)
def test_values_that_cannot_be_are_refused_with_their_sentence(subject, kind, changes, code):
    with pytest.raises(ValidationError) as error:
        assessment(kind, subject, **changes).full_clean()
    assert code in str(error.value)
    with pytest.raises(IntegrityError), transaction.atomic():
        assessment(kind, subject, **changes).save()


def test_a_raw_update_is_in_the_history_with_the_total_it_made(subject):
    record = stored(assessment(SkinScore, subject))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cart_skinscore SET chest = 3 WHERE id = %s", [record.pk])
    event = AuditEvent.objects.filter(table_name="cart_skinscore", operation="U").get()
    assert event.changed_fields()["chest"] == (1, 3)
    assert event.changed_fields()["total"] == (17, 19)
