"""Soft limits of the way of the cells: apheresis, lot, custody, conditioning, chelation, infusion.

Limits are own design for data entry, not from a source, unless said: they ask, they refuse nothing.
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Min

from cart.endpoints.timing import PartialDate
from cart.models.bridging import BridgingTherapy
from cart.models.chelation import Chelation
from cart.models.custody import CustodyEvent
from cart.models.fields import plain
from cart.models.infusion import InfusionComponent
from cart.models.plausible import SoftWarning, before_consent, first_consent, outside, register_check, unusual_day
from cart.models.product import Apheresis, Lot, ReleaseTest
from cart.models.subject import Subject

APHERESIS_ML, APHERESIS_CD3_E9 = (Decimal(20), Decimal(600)), (Decimal("0.1"), Decimal(50))
# From the collection of the cells on.
LOT_DAYS = (0, 60)
PERCENT = (Decimal(1), Decimal(100))
# Vapour of liquid nitrogen to body temperature; one step of a bag does not pass from frozen to warm.
CUSTODY_C, CUSTODY_SPAN_C = (Decimal(-200), Decimal(40)), Decimal(100)
# Ionised calcium of adults is 1.15 to 1.33 mmol/L (generally known); a citrate or EDTA load takes it lower.
CALCIUM = {"mmol/L": (Decimal("0.9"), Decimal("1.4")), "mg/dL": (Decimal("3.6"), Decimal("5.6"))}
CALCIUM_FALL = {"mmol/L": Decimal("0.2"), "mg/dL": Decimal("0.8")}
EDTA_MG = (Decimal(100), Decimal(4000))
CHELATION_DAYS = 30


def _local(at: dt.datetime, subject: Subject) -> dt.date:
    """Day on the clocks of the subject's site."""
    return at.astimezone(subject.site.zone).date()


def first_infusion_day(subject: Subject) -> dt.date | None:
    """Day 0 by the components that are stored; None without one."""
    found = InfusionComponent.objects.filter(subject=subject.pk).aggregate(first=Min("started_at"))["first"]
    return None if found is None else _local(found, subject)


def _apheresis(apheresis: Apheresis) -> Iterator[SoftWarning]:
    yield from outside("volume_ml", apheresis.volume_ml, APHERESIS_ML, "mL")
    yield from outside("cd3_cells_e9", apheresis.cd3_cells_e9, APHERESIS_CD3_E9, "10^9 cells")
    if first_consent(apheresis.subject_id) is None:
        yield unusual_day("collected_at", "Cells are collected from the first consent on; none is recorded.")
    day = _local(apheresis.collected_at, apheresis.subject)
    yield from before_consent("collected_at", apheresis.subject_id, day, str(day))


def _lot(lot: Lot) -> Iterator[SoftWarning]:
    if lot.manufactured_on is None:
        return
    days = (lot.manufactured_on - _local(lot.apheresis.collected_at, lot.subject)).days
    if not LOT_DAYS[0] <= days <= LOT_DAYS[1]:
        yield unusual_day(
            "manufactured_on",
            f"Usually {LOT_DAYS[0]} to {LOT_DAYS[1]} days after the cells were collected; found {days} days.",
        )


def _release_test(test: ReleaseTest) -> Iterator[SoftWarning]:
    if test.specification.unit == "%":
        # A share that was written as a fraction.
        yield from outside("value", test.value, PERCENT, "%")
    collected = _local(test.lot.apheresis.collected_at, test.lot.subject)
    if test.tested_on < collected:
        yield unusual_day(
            "tested_on",
            f"Usually from the collection of the cells on, which was on {collected}; found {test.tested_on}.",
        )


def _custody(event: CustodyEvent) -> Iterator[SoftWarning]:
    low, high = event.temperature_min_c, event.temperature_max_c
    yield from outside("temperature_min_c", low, CUSTODY_C, "°C")
    yield from outside("temperature_max_c", high, CUSTODY_C, "°C")
    if low is not None and high is not None and high - low > CUSTODY_SPAN_C:
        yield SoftWarning(
            "temperature_max_c",
            "unusual-value",
            f"Lowest and highest are usually within {CUSTODY_SPAN_C} °C; found {plain(low)} and {plain(high)}. "
            "[unusual-value]",
        )
    collected = event.apheresis.collected_at
    if collected is not None and event.occurred_at < collected:
        yield unusual_day(
            "occurred_at",
            f"Usually from the collection of the cells on, {collected:%d %b %Y, %H:%M} UTC; found "
            f"{event.occurred_at:%d %b %Y, %H:%M} UTC.",
        )


def _bridging(therapy: BridgingTherapy) -> Iterator[SoftWarning]:
    started = PartialDate(therapy.started)
    zero = first_infusion_day(therapy.subject)
    if zero is not None and started.earliest > zero:
        yield unusual_day("started", f"Bridging ends before the infusion, which was on {zero}; found {started.text}.")
    first = Apheresis.objects.filter(subject=therapy.subject_id).aggregate(first=Min("collected_at"))["first"]
    if first is not None and started.latest < _local(first, therapy.subject):
        day = _local(first, therapy.subject)
        yield unusual_day("started", f"Bridging begins after the apheresis, which was on {day}; found {started.text}.")


def _chelation(chelation: Chelation) -> Iterator[SoftWarning]:
    unit = chelation.ionised_calcium_unit
    before, after = chelation.ionised_calcium_before, chelation.ionised_calcium_after
    yield from outside("ionised_calcium_before", before, CALCIUM[unit], unit)
    yield from outside("ionised_calcium_after", after, CALCIUM[unit], unit)
    if before is not None and after is not None and before - after > CALCIUM_FALL[unit]:
        yield SoftWarning(
            "ionised_calcium_after",
            "unusual-change",
            f"Usually not more than {CALCIUM_FALL[unit]} {unit} below the one before, which was {plain(before)}; found "
            f"{plain(after)}. [unusual-change]",
        )
    if chelation.agent.strip().upper().endswith("EDTA"):
        yield from outside("dose_mg", chelation.dose_mg, EDTA_MG, "mg")
    hours = chelation.hours_to_infusion()
    if hours is not None and abs(hours) > CHELATION_DAYS * 24:
        yield unusual_day(
            "started_at", f"Usually within {CHELATION_DAYS} days of an infusion; found {abs(hours) / 24:.0f} days."
        )


for _model, _check in (
    (Apheresis, _apheresis),
    (Lot, _lot),
    (ReleaseTest, _release_test),
    (CustodyEvent, _custody),
    (BridgingTherapy, _bridging),
    (Chelation, _chelation),
):
    register_check(_model, _check)
