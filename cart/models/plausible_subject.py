"""Soft limits of a subject's own records: age, visits, therapies with their doses.

Limits are own design for data entry, not from a source: they ask, they refuse nothing.
"""

from collections.abc import Iterator
from decimal import Decimal

from django.utils import timezone

from cart.endpoints.timing import PartialDate
from cart.models.exposure import ConcomitantTherapy, TherapyClass
from cart.models.fields import plain
from cart.models.plausible import SoftWarning, before_consent, outside, register_check, unusual_day
from cart.models.plausible_product import first_infusion_day
from cart.models.subject import Subject, Visit
from cart.models.therapy_dose import TherapyDose

AGE_YEARS = (18, 85)
DAILY_DOSE_MG = {
    TherapyClass.STEROID: (Decimal(1), Decimal(1000)),
    TherapyClass.MYCOPHENOLATE: (Decimal(250), Decimal(3000)),
}
IVIG_G_KG = (Decimal("0.1"), Decimal(2))
PLASMA_VOLUMES = (Decimal("0.5"), Decimal(2))
# Of one day: pulses of methylprednisolone reach 1000 mg, tocilizumab 800 mg.
DOSE_OF_A_DAY_MG = (Decimal("0.1"), Decimal(1000))


def _subject(subject: Subject) -> Iterator[SoftWarning]:
    if subject.year_of_birth is not None:
        age = timezone.now().year - subject.year_of_birth
        if subject.status == Subject.Status.SCREENING and not AGE_YEARS[0] <= age <= AGE_YEARS[1]:
            yield SoftWarning(
                "year_of_birth",
                "unusual-value",
                f"In screening subjects are usually {AGE_YEARS[0]} to {AGE_YEARS[1]} years old; found about {age}. "
                "[unusual-value]",
            )


def _visit(visit: Visit) -> Iterator[SoftWarning]:
    if visit.occurred_on is not None:
        yield from before_consent("occurred_on", visit.subject_id, visit.occurred_on, str(visit.occurred_on))


def _therapy(therapy: ConcomitantTherapy) -> Iterator[SoftWarning]:
    kind = TherapyClass(therapy.therapy_class)
    if kind in DAILY_DOSE_MG:
        yield from outside("daily_dose_mg", therapy.daily_dose_mg, DAILY_DOSE_MG[kind], "mg a day")
    if kind == TherapyClass.IVIG and therapy.dose_unit == "g/kg":
        yield from outside("dose", therapy.dose, IVIG_G_KG, "g/kg")
    yield from outside("plasma_volumes", therapy.plasma_volumes, PLASMA_VOLUMES, "plasma volumes")
    yield from _prior(therapy)


def _prior(therapy: ConcomitantTherapy) -> Iterator[SoftWarning]:
    """A prior therapy that goes on, or one that ended after Day 0: endpoints read its days, listings the mark."""
    zero = first_infusion_day(therapy.subject)
    late = bool(zero and therapy.stopped and PartialDate(therapy.stopped).earliest > zero)
    if therapy.prior and (therapy.ongoing or late):
        found = "it is ongoing" if therapy.ongoing else f"it stopped on {therapy.stopped}"
        yield SoftWarning(
            "prior",
            "computed-differs",
            f"A prior therapy ended before time zero; found that {found}. [computed-differs]",
        )


def _therapy_dose(dose: TherapyDose) -> Iterator[SoftWarning]:
    total = dose.doses * dose.dose_mg
    if not DOSE_OF_A_DAY_MG[0] <= total <= DOSE_OF_A_DAY_MG[1]:
        yield SoftWarning(
            "dose_mg",
            "unusual-value",
            f"Usually between {DOSE_OF_A_DAY_MG[0]} and {DOSE_OF_A_DAY_MG[1]} mg on one day; found {plain(total)} mg. "
            "[unusual-value]",
        )
    started, stopped = dose.therapy.started, dose.therapy.stopped
    early = started and dose.given_on < PartialDate(started).earliest
    if early or (stopped and dose.given_on > PartialDate(stopped).latest):
        yield unusual_day(
            "given_on",
            f"A dose is given while the therapy lasts, {started or 'start unknown'} to {stopped or 'now'}; found "
            f"{dose.given_on}.",
        )


for _model, _check in (
    (Subject, _subject),
    (Visit, _visit),
    (ConcomitantTherapy, _therapy),
    (TherapyDose, _therapy_dose),
):
    register_check(_model, _check)
