"""Proposal for a conditioning course: body surface, creatinine clearance, fludarabine by renal function."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl

from cart.endpoints.dosing.body_surface import body_surface
from cart.endpoints.dosing.fludarabine import DEFINITION, fludarabine_dose
from cart.endpoints.dosing.renal_function import creatinine_clearance
from cart.endpoints.errors import ParameterError

RULE = DEFINITION
# Deviation from a planned or proposed dose that needs no reason, in per cent. [D]: rounding to ampoules.
DOSE_TOLERANCE_PERCENT = Decimal(5)
# Difference between the site's own value and the computed one that opens a data query, in per cent. [D]
OWN_VALUE_TOLERANCE_PERCENT = Decimal(5)


@dataclass(frozen=True)
class Measures:
    """What a course's doses rest on; None where it was not measured."""

    height_cm: Decimal
    weight_kg: Decimal
    bsa_formula: str
    own_bsa_m2: Decimal | None
    creatinine: Decimal | None
    creatinine_unit: str
    age_years: int | None
    sex: str
    own_clearance_ml_min: Decimal | None
    full_dose_mg_m2: Decimal | None


@dataclass(frozen=True)
class Proposal:
    """Computed values, rounded to what is stored.

    ``reason`` says why there is no dose; a dose of zero says that the rule gives none, not that it is unknown.
    """

    bsa_m2: Decimal
    clearance_ml_min: Decimal | None
    clearance_reason: str
    dose_mg_m2: Decimal | None
    dose_mg: Decimal | None
    reason: str


def conditioning_proposal(measures: Measures) -> Proposal:
    """Body surface by the formula, clearance by Cockcroft-Gault, and the daily dose of fludarabine that follows.

    Notes
    -----
    The dose rests on the site's own clearance and body surface where they were given, else on the computed ones. A
    sex that is not F or M has no clearance. The rule is ``RULE``; a proposal to check the dose by, not an order.

    Raises
    ------
    ParameterError
        A measure that no subject has.

    >>> sizes = (Decimal(170), Decimal(70), "mosteller", None)
    >>> given = Measures(*sizes, Decimal(100), "umol/L", 60, "F", None, full_dose_mg_m2=Decimal(25))
    >>> found = conditioning_proposal(given)
    >>> found.bsa_m2, found.clearance_ml_min, found.dose_mg_m2
    (Decimal('1.8181'), Decimal('58.46'), Decimal('20.00'))
    """
    sizes = _row({"height_cm": measures.height_cm, "weight_kg": measures.weight_kg})
    bsa = body_surface(sizes, formula=measures.bsa_formula)["bsa_m2"][0]
    numbers = _row(
        {"creatinine": measures.creatinine, "age_years": measures.age_years, "weight_kg": measures.weight_kg}
    )
    known = creatinine_clearance(
        numbers.with_columns(
            unit=pl.lit(measures.creatinine_unit or None, pl.String),
            sex=pl.lit(measures.sex if measures.sex in ("F", "M") else None, pl.String),
        )
    ).row(0, named=True)
    own = measures.own_clearance_ml_min
    clearance = known["crcl_ml_min"] if own is None else float(own)
    dose_mg_m2, dose_mg, why = _dose(
        clearance, bsa if measures.own_bsa_m2 is None else measures.own_bsa_m2, measures.full_dose_mg_m2
    )
    return Proposal(
        bsa_m2=_rounded(bsa, "0.0001"),
        clearance_ml_min=_rounded_or_none(known["crcl_ml_min"], "0.01"),
        clearance_reason=known["reason"],
        dose_mg_m2=_rounded_or_none(dose_mg_m2, "0.01"),
        dose_mg=_rounded_or_none(dose_mg, "0.01"),
        reason=f"{why} ({known['reason']})" if why and clearance is None else why,
    )


def _dose(
    clearance: float | None, bsa: Decimal | float, full_dose_mg_m2: Decimal | None
) -> tuple[float | None, float | None, str]:
    """Dose in mg/m2 and mg, and why there is none; zero where the rule gives none."""
    if full_dose_mg_m2 is None:
        return None, None, "no full dose of fludarabine"
    rows = _row({"crcl_ml_min": clearance, "bsa_m2": bsa})
    found = fludarabine_dose(rows, full_dose_mg_m2=float(full_dose_mg_m2)).row(0, named=True)
    if found["fraction"] is None and clearance is not None:
        return 0.0, 0.0, found["reason"]
    return found["dose_mg_m2"], found["dose_mg"], found["reason"]


def deviation_percent(given: Decimal, planned: Decimal) -> Decimal:
    """Given against planned, in per cent of the plan.

    >>> deviation_percent(Decimal("47.5"), Decimal(50))
    Decimal('-5.0')
    """
    if planned <= 0:
        raise ParameterError(f"A planned dose is above zero; found {planned}. [dose-value]")
    return 100 * (given - planned) / planned


def _row(values: Mapping[str, Decimal | float | None]) -> pl.DataFrame:
    given = {name: None if value is None else float(value) for name, value in values.items()}
    return pl.DataFrame([given], schema=dict.fromkeys(given, pl.Float64))


def _rounded(value: float, step: str) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(step), rounding=ROUND_HALF_EVEN)


def _rounded_or_none(value: float | None, step: str) -> Decimal | None:
    return None if value is None else _rounded(value, step)
