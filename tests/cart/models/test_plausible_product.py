"""What is asked about the way of the cells: apheresis, lot, release tests, custody, bridging, chelation."""

import datetime as dt
from decimal import Decimal

import pytest

from cart.models import (
    Apheresis,
    BridgingTherapy,
    Chelation,
    Consent,
    CustodyEvent,
    Lot,
    ReleaseSpecification,
    ReleaseTest,
    Subject,
)
from cart.models.plausible import soft_warnings
from cart.models.plausible_product import CUSTODY_SPAN_C
from tests.cart.records import DAY_ZERO, make_infused_subject, make_lot, make_subject, make_trial

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial():
    return make_trial()


@pytest.fixture
def subject(trial):
    one = make_subject(trial)
    Consent.objects.create(subject=one, version="1", signed_on=dt.date(2024, 2, 1))
    return one


def codes(record):
    return [(one.field, one.code) for one in soft_warnings(record)]


def apheresis(subject, at=dt.datetime(2024, 2, 10, 9, tzinfo=dt.UTC), **more):
    return Apheresis(subject=subject, chain_of_identity="COI-1", collected_at=at, **more)


def test_cells_collected_before_the_consent_are_asked_about(subject):
    assert codes(apheresis(subject)) == []
    # 23:30 UTC is the day of the consent on the clocks of Brussels, the evening before is not.
    assert codes(apheresis(subject, dt.datetime(2024, 1, 31, 23, 30, tzinfo=dt.UTC))) == []
    asked = soft_warnings(apheresis(subject, dt.datetime(2024, 1, 31, 20, tzinfo=dt.UTC)))
    assert [one.sentence for one in asked] == [
        "Usually from the first consent on, which was on 2024-02-01; found 2024-01-31. [unusual-day]"
    ]


def test_cells_collected_without_any_consent_are_asked_about(trial):
    assert codes(apheresis(make_subject(trial))) == [("collected_at", "unusual-day")]


@pytest.mark.parametrize(
    ("field", "usual", "seldom"),
    [("volume_ml", ("20", "600"), ("19.9", "601")), ("cd3_cells_e9", ("0.1", "50"), ("0.09", "50.1"))],
)
def test_amount_of_an_apheresis_beyond_its_limits_is_asked_about(subject, field, usual, seldom):
    assert [codes(apheresis(subject, **{field: Decimal(value)})) for value in usual] == [[], []]
    asked = [codes(apheresis(subject, **{field: Decimal(value)})) for value in seldom]
    assert asked == [[(field, "unusual-value")]] * 2


def test_lot_is_made_from_cells_that_are_there(trial, subject):
    lot = make_lot(trial, subject, number="L-1")
    collected = (DAY_ZERO - dt.timedelta(days=30)).date()
    asked = []
    for days in (-1, 0, 60, 61):
        lot.manufactured_on = collected + dt.timedelta(days=days)
        asked.append(codes(lot))
    beyond = [("manufactured_on", "unusual-day")]
    assert asked == [beyond, [], [], beyond]


def test_share_written_as_a_fraction_and_test_before_the_cells_are_asked_about(trial, subject):
    lot = make_lot(trial, subject, number="L-1")
    criterion = ReleaseSpecification.objects.create(
        product=trial.product, test="Viability", comparison="ge", limit=70, unit="%"
    )
    copies = ReleaseSpecification.objects.create(
        product=trial.product, test="VCN", comparison="lt", limit=5, unit="copies/cell"
    )

    def test(specification, value, on=dt.date(2024, 3, 12)):
        return ReleaseTest(
            lot=lot,
            specification=specification,
            received_text=str(value),
            value=Decimal(value),
            passed=True,
            tested_on=on,
        )

    assert codes(test(criterion, "92")) == []
    assert codes(test(criterion, "0.92")) == [("value", "unusual-value")]
    assert codes(test(copies, "0.92")) == []
    assert codes(test(criterion, "92", dt.date(2024, 2, 10))) == [("tested_on", "unusual-day")]


def custody(subject, low=None, high=None, at=DAY_ZERO):
    return CustodyEvent(
        apheresis=apheresis(subject), kind="shipped", occurred_at=at, place="x", first_person="a", second_person="b",
        temperature_min_c=low and Decimal(low), temperature_max_c=high and Decimal(high),
    )  # fmt: skip


def test_temperature_that_no_shipment_has_is_asked_about(subject):
    assert [codes(custody(subject, *span)) for span in (("-200", "-150"), ("2", "40"), (None, None))] == [[], [], []]
    assert codes(custody(subject, "-200.1", "-150")) == [("temperature_min_c", "unusual-value")]
    assert codes(custody(subject, None, "40.1")) == [("temperature_max_c", "unusual-value")]
    # A sign that was left out: -180 to 150.
    assert codes(custody(subject, "-60", "40")) == []
    assert codes(custody(subject, str(-60), str(CUSTODY_SPAN_C - 60))) == []
    assert codes(custody(subject, "-150", "-49.9")) == [("temperature_max_c", "unusual-value")]


def test_custody_before_the_collection_is_asked_about(subject):
    before = dt.datetime(2024, 2, 10, 8, 59, tzinfo=dt.UTC)
    assert codes(custody(subject, at=before)) == [("occurred_at", "unusual-day")]


def test_bridging_lies_between_apheresis_and_infusion(trial):
    infused = make_infused_subject(trial)
    collected = DAY_ZERO - dt.timedelta(days=30)

    def bridging(started):
        return codes(BridgingTherapy(subject=infused, drug="prednisone", started=started))

    assert bridging(f"{collected:%Y-%m-%d}") == []
    assert bridging(f"{collected - dt.timedelta(days=1):%Y-%m-%d}") == [("started", "unusual-day")]
    assert bridging(f"{DAY_ZERO:%Y-%m-%d}") == []
    assert bridging(f"{DAY_ZERO + dt.timedelta(days=1):%Y-%m-%d}") == [("started", "unusual-day")]
    # A month or year in which it may lie is not outside.
    assert [bridging(text) for text in ("2024", "2024-03", "2024-02")] == [[], [], []]


def chelation(subject, **more):
    values = {"dose_mg": Decimal(1500), "started_at": DAY_ZERO - dt.timedelta(days=1), **more}
    return Chelation(subject=subject, **values)


@pytest.mark.parametrize(
    ("unit", "usual", "low", "fallen"), [("mmol/L", "1.2", "0.89", "0.99"), ("mg/dL", "4.8", "3.5", "3.9")]
)
def test_ionised_calcium_is_asked_about_in_its_own_unit(subject, unit, usual, low, fallen):
    def calcium(before, after=None):
        return codes(
            chelation(
                subject, ionised_calcium_unit=unit, ionised_calcium_before=before and Decimal(before),
                ionised_calcium_after=after and Decimal(after),
            )
        )  # fmt: skip

    assert calcium(usual, usual) == []
    assert calcium(low) == [("ionised_calcium_before", "unusual-value")]
    assert calcium(None, low) == [("ionised_calcium_after", "unusual-value")]
    assert calcium(usual, fallen) == [("ionised_calcium_after", "unusual-change")]


def test_calcium_in_the_other_unit_is_asked_about(subject):
    assert codes(chelation(subject, ionised_calcium_before=Decimal("4.8")))[0] == (
        "ionised_calcium_before",
        "unusual-value",
    )


def test_chelation_far_from_every_infusion_and_odd_dose_are_asked_about(trial):
    infused = make_infused_subject(trial)
    assert codes(chelation(infused, started_at=DAY_ZERO - dt.timedelta(days=30))) == []
    far = chelation(infused, started_at=DAY_ZERO - dt.timedelta(days=31))
    assert codes(far) == [("started_at", "unusual-day")]
    assert codes(chelation(infused, dose_mg=Decimal("1.5"))) == [("dose_mg", "unusual-value")]
    assert codes(chelation(infused, dose_mg=Decimal("1.5"), agent="DMSA")) == []


def test_record_that_hangs_on_a_refused_one_is_not_asked_about():
    assert soft_warnings(Lot(number="L-1", manufactured_on=dt.date(2024, 1, 1))) == []
    assert soft_warnings(Apheresis(subject=Subject(), collected_at=DAY_ZERO)) == []
