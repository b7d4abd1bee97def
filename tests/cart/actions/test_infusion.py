"""An infusion is recorded whole: course, administration, components, custody, lots; or not at all."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from cart.actions.infusion import ComponentGiven, dose_summary, record_infusion
from cart.models import Administration, CustodyEvent, InfusionComponent, InfusionCourse, Lot
from tests.cart.records import DAY_ZERO, make_eligible, make_lot, make_subject
from trialsite.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
STORED = (InfusionCourse, Administration, InfusionComponent, CustodyEvent)


@pytest.fixture
def subject(trial):
    subject = make_subject(trial)
    make_eligible(subject)
    return subject


@pytest.fixture
def lot(trial, subject):
    return make_lot(trial, subject, number="L-19")


def given(lot, target="CD19", **changes):
    fields = {
        "started_at": DAY_ZERO,
        "stopped_at": DAY_ZERO + dt.timedelta(minutes=15),
        "volume_ml": Decimal(20),
        "nucleated_cells_per_ml": Decimal(10_000_000),
        "viability_fraction": Decimal("0.9"),
        "cd3_fraction": Decimal("0.95"),
        "car_fraction": Decimal("0.4"),
    }
    return ComponentGiven(lot=lot, target=target, **{**fields, **changes})


def record(subject, components, **changes):
    values = {
        "weight_kg": Decimal(70),
        "planned_cells_per_kg_e6": Decimal(2),
        "planned_by_target_e6": {},
        "place": "Leuven",
        "first_person": "nurse A",
        "second_person": "physician C",
        "actor": "carol",
        "reason": "infusion record",
        "deviation_reason": "a small bag",
        **changes,
    }
    return record_infusion(subject=subject, components=components, **values)


def refused(subject, components, match, **changes):
    def rows():
        return [model.objects.count() for model in STORED], dict(Lot.objects.values_list("number", "state"))

    before = rows()
    with pytest.raises(ValidationError, match=match):
        record(subject, components, **changes)
    assert rows() == before


def test_subject_without_a_signed_decision_is_not_infused(trial):
    waiting = make_subject(trial, "KUL-002")
    lot = make_lot(trial, waiting, number="L-2")
    refused(waiting, [given(lot)], r"no decision before it. \[not-eligible\]")


def test_infusion_is_stored_whole_by_the_actor(subject, lot):
    administration = record(subject, [given(lot)])
    course = administration.course
    assert (course.subject, course.number, course.weight_kg) == (subject, 1, 70)
    component = administration.components.get()
    assert (component.lot, component.target, component.weight_kg) == (lot, "CD19", 70)
    # 20 mL x 1e7/mL x 0.9 x 0.95 x 0.4
    assert component.viable_car_cells == Decimal(68_400_000)
    custody = CustodyEvent.objects.get()
    assert (custody.kind, custody.lot, custody.apheresis, custody.occurred_at) == (
        "infused",
        lot,
        lot.apheresis,
        DAY_ZERO,
    )
    lot.refresh_from_db()
    assert lot.state == Lot.State.INFUSED
    events = AuditEvent.objects.filter(table_name__in=["cart_infusioncomponent", "cart_custodyevent"])
    assert set(events.values_list("context__actor", "context__reason")) == {("carol", "infusion record")}


def test_two_products_are_two_components_with_custody_of_each_lot(trial, subject, lot):
    other = make_lot(trial, subject, number="L-BCMA", target="BCMA")
    later = DAY_ZERO + dt.timedelta(minutes=30)
    administration = record(
        subject, [given(lot), given(other, "BCMA", started_at=later, stopped_at=later + dt.timedelta(minutes=15))]
    )
    assert list(administration.components.values_list("target", "lot__number")) == [
        ("CD19", "L-19"),
        ("BCMA", "L-BCMA"),
    ]
    assert set(CustodyEvent.objects.values_list("lot__number", "occurred_at")) == {
        ("L-19", DAY_ZERO),
        ("L-BCMA", later),
    }
    assert set(Lot.objects.values_list("state", flat=True)) == {Lot.State.INFUSED}


def test_one_lot_against_both_targets_is_two_components_and_one_custody_step(trial, subject):
    dual = make_lot(trial, subject, number="L-D", target="CD19+BCMA")
    administration = record(subject, [given(dual), given(dual, "BCMA")])
    assert administration.components.count() == 2
    assert CustodyEvent.objects.get().lot == dual


def test_dose_off_its_plan_says_why(subject, lot):
    unexplained = {"deviation_reason": "  "}
    # 68.4 million cells for 70 kg, planned 2 million/kg.
    refused(subject, [given(lot)], r"total -51.1 % of the plan. .*\[dose-deviation\]", **unexplained)
    administration = record(subject, [given(lot)], planned_cells_per_kg_e6=Decimal("0.9772"), **unexplained)
    assert administration.deviation_reason.strip() == ""
    connection.check_constraints()


def test_each_target_is_held_against_its_own_plan(trial, subject, lot):
    other = make_lot(trial, subject, number="L-BCMA", target="BCMA")
    # 68.4 million cells for 70 kg of each: 0.9771 million/kg, together 1.9543.
    both = [given(lot), given(other, "BCMA")]
    plan = {"planned_cells_per_kg_e6": Decimal(2), "deviation_reason": ""}
    uneven = {"CD19": Decimal("1.5"), "BCMA": Decimal("0.5")}
    match = r"tolerance: CD19 -34.9 %, BCMA \+95.4 % of the plan. .*\[dose-deviation\]"
    refused(subject, both, match, **plan, planned_by_target_e6=uneven)
    administration = record(subject, both, **plan, planned_by_target_e6={"CD19": Decimal(1), "BCMA": Decimal(1)})
    assert administration.course.planned_by_target() == {"CD19": Decimal(1), "BCMA": Decimal(1)}
    connection.check_constraints()


def test_uneven_dose_is_recorded_with_its_reason(trial, subject, lot):
    other = make_lot(trial, subject, number="L-BCMA", target="BCMA")
    both = [given(lot), given(other, "BCMA")]
    uneven = {"CD19": Decimal("1.5"), "BCMA": Decimal("0.5")}
    administration = record(subject, both, planned_by_target_e6=uneven, deviation_reason="one bag broke")
    assert administration.deviation_reason == "one bag broke"
    assert [(one.what, one.within_tolerance) for one in dose_summary(administration.course).deviations] == [
        ("total", True),
        ("CD19", False),
        ("BCMA", False),
    ]


@pytest.mark.parametrize(
    "parts",
    [
        {"CD19": Decimal(1)},
        {"CD19": Decimal(1), "BCMA": Decimal("0.5")},
        {"CD19": Decimal(3), "BCMA": Decimal(-1)},
        {"CD19": Decimal(1), "CD22": Decimal(1)},
    ],
    ids=["one-left-out", "not-the-total", "negative", "unknown-target"],
)
def test_plan_by_target_that_does_not_add_up_is_refused(subject, lot, parts):
    refused(subject, [given(lot)], r"\[dose-plan\]", planned_by_target_e6=parts)


def test_target_planned_and_not_given_is_a_deviation(subject, lot):
    planned = {"planned_cells_per_kg_e6": Decimal("0.98"), "deviation_reason": ""}
    parts = {"CD19": Decimal("0.49"), "BCMA": Decimal("0.49")}
    refused(subject, [given(lot)], r"CD19 \+99.4 %, BCMA -100.0 %", **planned, planned_by_target_e6=parts)


def test_infusion_without_component_is_refused(subject):
    refused(subject, [], "no-component")


@pytest.mark.parametrize(
    "state", [Lot.State.IN_PROCESS, Lot.State.QUARANTINED, Lot.State.REJECTED, Lot.State.DESTROYED]
)
def test_unreleased_lot_is_refused(trial, subject, state):
    refused(subject, [given(make_lot(trial, subject, number="L-1", state=state))], "lot-not-released")


@pytest.mark.parametrize("state", [Lot.State.RELEASED, Lot.State.CONDITIONALLY_RELEASED])
def test_released_lot_is_infused(trial, subject, state):
    record(subject, [given(make_lot(trial, subject, number="L-1", state=state))])


def test_approved_exception_is_infused(subject, lot):
    Lot.objects.filter(pk=lot.pk).update(state=Lot.State.OUT_OF_SPECIFICATION, release_note="viability 68 %, board 4")
    record(subject, [given(lot)])
    lot.refresh_from_db()
    assert lot.state == Lot.State.INFUSED


def test_lot_rejected_after_it_was_read_is_refused_with_a_sentence(subject, lot):
    Lot.objects.filter(pk=lot.pk).update(state=Lot.State.REJECTED)
    assert lot.state == Lot.State.RELEASED
    refused(subject, [given(lot)], "lot-not-released")


def test_lot_of_another_subject_is_refused(trial, subject):
    refused(subject, [given(make_lot(trial, make_subject(trial, "KUL-002"), number="L-2"))], "wrong-subject")


def test_lot_of_another_subject_beside_a_right_one_leaves_nothing(trial, subject, lot):
    theirs = make_lot(trial, make_subject(trial, "KUL-002"), number="L-2", target="BCMA")
    refused(subject, [given(lot), given(theirs, "BCMA")], "wrong-subject")


def test_infusion_before_release_is_refused_with_a_sentence(subject, lot):
    early = lot.released_at - dt.timedelta(minutes=1)
    refused(subject, [given(lot, started_at=early)], "lot-not-released")
    record(subject, [given(lot, started_at=lot.released_at)])


def test_target_that_the_lot_does_not_bind_is_refused(subject, lot):
    refused(subject, [given(lot, "BCMA")], "lot-target")


def test_same_lot_and_target_twice_in_one_sitting_is_refused(subject, lot):
    refused(subject, [given(lot), given(lot)], "infusion-twice")
    later = DAY_ZERO + dt.timedelta(minutes=15)
    refused(subject, [given(lot), given(lot, started_at=later, stopped_at=later)], "already exists")


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 15), (0, None), (5, 10), (5, 30), (5, None), (-5, 5), (-5, 30)],
    ids=["the same", "the same, open", "within", "over its end", "open within", "over its start", "around"],
)
def test_cells_recorded_already_are_not_recorded_again(subject, lot, start, stop):
    record(subject, [given(lot)])
    started = DAY_ZERO + dt.timedelta(minutes=start)
    stopped = None if stop is None else DAY_ZERO + dt.timedelta(minutes=stop)
    refused(subject, [given(lot, started_at=started, stopped_at=stopped)], "infusion-twice")


def test_second_bag_of_a_lot_later_is_a_second_course(subject, lot):
    record(subject, [given(lot)])
    later = DAY_ZERO + dt.timedelta(days=90)
    second = record(subject, [given(lot, started_at=later, stopped_at=later + dt.timedelta(minutes=15))])
    assert second.course.number == 2
    assert lot.components.count() == 2


def test_bag_that_follows_at_once_is_another(subject, lot):
    record(subject, [given(lot)])
    stop = DAY_ZERO + dt.timedelta(minutes=15)
    record(subject, [given(lot, started_at=stop, stopped_at=stop + dt.timedelta(minutes=15))])
    assert lot.components.count() == 2


def test_course_number_follows_the_highest(subject, lot):
    InfusionCourse.objects.create(subject=subject, number=2, weight_kg=70, planned_cells_per_kg_e6=1)
    assert record(subject, [given(lot)]).course.number == 3


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"viability_fraction": Decimal("91.5")}, "1 digit before the decimal point"),
        ({"car_fraction": Decimal("1.0001")}, "negative-dose"),
        ({"volume_ml": Decimal(0)}, "negative-dose"),
        ({"nucleated_cells_per_ml": Decimal(-1)}, "negative-dose"),
        ({"stopped_at": DAY_ZERO - dt.timedelta(minutes=1)}, "period"),
    ],
)
def test_impossible_component_is_refused(subject, lot, changes, match):
    refused(subject, [given(lot, **changes)], match)


@pytest.mark.parametrize("field", ["weight_kg", "planned_cells_per_kg_e6"])
def test_course_without_weight_or_plan_is_refused(subject, lot, field):
    refused(subject, [given(lot)], "negative-dose", **{field: Decimal(0)})


def test_one_person_is_no_witness_of_oneself(subject, lot):
    refused(subject, [given(lot)], "two-people", second_person="nurse A")


def test_infusion_is_recorded_before_its_conditioning_is(subject, lot):
    # What happened is recorded, also where it departs from the protocol or an earlier step is entered later.
    assert not subject.conditioning_courses.exists()
    record(subject, [given(lot)])
