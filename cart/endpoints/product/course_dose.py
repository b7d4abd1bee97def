"""Dose of a course in exact decimals: per target, in total, as a ratio, against the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

# Digits of a quotient: far beyond every count of cells, so that no deviation turns on a rounded digit.
_DIGITS = 40
_MILLION = 1_000_000


@dataclass(frozen=True)
class Given:
    """Cells against one target, with every denominator; shares from 0 to 1."""

    target: str
    volume_ml: Decimal
    nucleated_cells_per_ml: Decimal
    viability_fraction: Decimal
    cd3_fraction: Decimal
    car_fraction: Decimal
    weight_kg: Decimal

    def viable_car_cells(self) -> Decimal:
        """Viable CAR-positive cells."""
        with localcontext() as context:
            context.prec = _DIGITS
            nucleated = self.volume_ml * self.nucleated_cells_per_ml
            return nucleated * self.viability_fraction * self.cd3_fraction * self.car_fraction


@dataclass(frozen=True)
class Deviation:
    """Given against planned cells/kg, in per cent of the plan."""

    what: str
    planned_per_kg: Decimal
    given_per_kg: Decimal
    percent: Decimal
    within_tolerance: bool


@dataclass(frozen=True)
class CourseDose:
    """Dose in viable CAR+ cells/kg. ``ratio`` is first target to second, None with the reason beside it."""

    cells_by_target: dict[str, Decimal]
    per_kg_by_target: dict[str, Decimal]
    total_per_kg: Decimal
    ratio: Decimal | None
    ratio_reason: str
    deviations: tuple[Deviation, ...]

    @property
    def deviation_percent(self) -> Decimal:
        """Deviation of the total."""
        return self.deviations[0].percent

    @property
    def within_tolerance(self) -> bool:
        """No deviation, of the total or of a target with a plan of its own, is beyond the tolerance."""
        return all(deviation.within_tolerance for deviation in self.deviations)


def course_dose(
    components: Sequence[Given],
    *,
    planned_per_kg_e6: Decimal,
    planned_by_target_e6: Mapping[str, Decimal],
    tolerance_percent: Decimal | None,
    ratio_of: tuple[str, str] = ("CD19", "BCMA"),
) -> CourseDose:
    """Dose of all components of a course.

    Parameters
    ----------
    components
        What was given, of all administrations: one of two fractions is no deviation by half.
    planned_per_kg_e6
        Planned total, million viable CAR+ cells/kg, above zero.
    planned_by_target_e6
        Plan of each target where the protocol has one; zero plans nothing against it.
    tolerance_percent
        Deviation that is still as planned, the limit included; None where no product is known: nothing is as planned.
    ratio_of
        Targets of the ratio.

    Notes
    -----
    Cells = volume * nucleated cells/mL * viability * CD3+ share of viable * CAR+ share of viable CD3+; per kg on the
    weight kept with each component. Deviation = 100 * (given - planned) / planned. The same arithmetic as the kernel
    ``cell_dose``, in decimals.

    >>> cells = Given("CD19", *(Decimal(text) for text in ("50", "10000000", "1", "1", "0.14", "70")))
    >>> plan = {"planned_per_kg_e6": Decimal(1), "planned_by_target_e6": {}, "tolerance_percent": Decimal(20)}
    >>> dose = course_dose([cells], **plan)
    >>> int(dose.total_per_kg), dose.deviations[0].percent == 0, dose.ratio_reason
    (1000000, True, 'no cells against BCMA')
    """
    with localcontext() as context:
        context.prec = _DIGITS
        cells: dict[str, Decimal] = {}
        per_kg: dict[str, Decimal] = {}
        for component in components:
            count = component.viable_car_cells()
            cells[component.target] = cells.get(component.target, Decimal(0)) + count
            per_kg[component.target] = per_kg.get(component.target, Decimal(0)) + count / component.weight_kg
        total = sum(per_kg.values(), Decimal(0))
        plans = [("total", planned_per_kg_e6, total)]
        plans += [
            (target, planned, per_kg.get(target, Decimal(0)))
            for target, planned in planned_by_target_e6.items()
            if planned > 0
        ]
        first, second = (per_kg.get(target, Decimal(0)) for target in ratio_of)
        return CourseDose(
            cells_by_target=cells,
            per_kg_by_target=per_kg,
            total_per_kg=total,
            ratio=first / second if first and second else None,
            ratio_reason=", ".join(
                f"no cells against {target}" for target, dose in zip(ratio_of, (first, second), strict=True) if not dose
            ),
            deviations=tuple(_deviation(what, plan * _MILLION, dose, tolerance_percent) for what, plan, dose in plans),
        )


def _deviation(what: str, planned: Decimal, given: Decimal, tolerance_percent: Decimal | None) -> Deviation:
    percent = 100 * (given - planned) / planned
    within = tolerance_percent is not None and abs(percent) <= tolerance_percent
    return Deviation(what, planned, given, percent, within)
