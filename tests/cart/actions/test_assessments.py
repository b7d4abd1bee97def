"""What differs from the computed value is asked about once, in words, and again only when a value changes."""

from decimal import Decimal

import pytest

from cart.actions.assessments import ask_about_differences, differences
from cart.models import (
    DataQuery,
    DiffusingCapacity,
    Echocardiogram,
    GlobalAssessment,
    HealthQuestionnaire,
    ProtocolVersion,
    SkinScore,
    Spirometry,
)
from tests.cart.assessed import ON, assessment
from tests.cart.records import make_subject

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject(trial):
    subject = make_subject(trial)
    subject.year_of_birth, subject.sex = 1968, "F"
    subject.save()
    return subject


def asked(record):
    record.save()
    return ask_about_differences(record=record, actor="carol", reason="entry")


def test_total_in_the_source_that_is_not_the_sum_opens_a_query(subject):
    (query,) = asked(assessment(SkinScore, subject, total_in_source=18))
    assert (query.target_table, query.target_field) == ("cart_skinscore", "total_in_source")
    assert "source says 18, the 17 sites add up to 17" in query.text
    assert query.origin == DataQuery.Origin.COMPUTED


def test_equal_totals_missing_sites_and_other_kinds_ask_nothing(subject):
    assert differences(assessment(SkinScore, subject, total_in_source=17)) == []
    assert differences(assessment(SkinScore, subject, total_in_source=18, chest=None)) == []
    assert differences(assessment(GlobalAssessment, subject)) == []


@pytest.mark.parametrize(("index", "count"), [("1.00", 0), ("1.005", 0), ("1.01", 1), ("0.75", 1)])
def test_index_in_the_source_may_be_rounded_to_two_decimals(subject, index, count):
    record = assessment(HealthQuestionnaire, subject, index_in_source=Decimal(index))
    assert len(differences(record)) == count


@pytest.mark.parametrize(("report", "count"), [("38", 0), ("37", 0), ("36.9", 1), ("39", 1)])
def test_pressure_in_the_report_may_be_rounded_to_whole_mmhg(subject, report, count):
    # 4 * 2.87^2 + 5 = 37.9476
    assert len(differences(assessment(Echocardiogram, subject, spap_in_report=Decimal(report)))) == count


# 2.60 L of a woman born in 1968, 168 cm, on 1 March 2024: 77.2 % (76.9 to 77.5 by birthday) of GLI Global.
@pytest.mark.parametrize(("device", "count"), [("77.0", 0), ("79.3", 0), ("79.6", 1), ("74.7", 1), ("75.0", 0)])
def test_devices_per_cent_is_allowed_two_points_from_the_nearest_birthday(subject, device, count):
    assert len(differences(assessment(Spirometry, subject, device_fvc_pct=Decimal(device)))) == count


def test_a_study_sets_the_allowed_points_and_the_equations(subject):
    far = assessment(Spirometry, subject, device_fvc_pct=Decimal("81.0"))
    assert len(differences(far)) == 1
    ProtocolVersion.objects.create(
        study=subject.study, number=1, effective_on=ON, parameters={"*": {"device_limit_points": 6.0}}
    )
    assert differences(far) == []
    # GLI-2012 without the subject's group has no answer, so there is nothing to compare with.
    ProtocolVersion.objects.create(
        study=subject.study, number=2, effective_on=ON, parameters={"*": {"spirometry_equation": "GLI-2012"}}
    )
    assert differences(assessment(Spirometry, subject, device_fvc_pct=Decimal("120"))) == []
    assert len(differences(assessment(Spirometry, subject, device_fvc_pct=Decimal("120"), gli_group=1))) == 1


def test_devices_dlco_is_compared_corrected_only_where_it_is_corrected(subject):
    # Anaemia of 8 g/dL: 5.0 mmol/min/kPa are 6.39 corrected: 70.3 and 89.9 % of predicted.
    anaemic = {"haemoglobin_g_dl": Decimal(8), "device_pct": Decimal("88")}
    assert differences(assessment(DiffusingCapacity, subject, **anaemic, device_corrected=True)) == []
    (plain,) = differences(assessment(DiffusingCapacity, subject, **anaemic, device_corrected=False))
    assert "device says 88.0 % predicted, computed are 70" in plain.text


def test_without_sex_nothing_is_computed_and_nothing_asked(subject):
    subject.sex = "U"
    assert differences(assessment(Spirometry, subject, device_fvc_pct=Decimal("120"))) == []


def test_a_query_is_not_asked_twice_nor_again_after_it_was_closed(subject):
    record = assessment(SkinScore, subject, total_in_source=18)
    (query,) = asked(record)
    assert asked(record) == []
    query.status = DataQuery.Status.CLOSED
    query.save()
    assert asked(record) == []
    record.total_in_source = 20
    (again,) = asked(record)
    assert "source says 20" in again.text
