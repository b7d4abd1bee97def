"""How a laboratory criterion of the CTCAE is written down: borders, ladders of four grades, units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

NUMBER, ULN, LLN, BASELINE = "number", "ULN", "LLN", "baseline"


@dataclass(frozen=True)
class Border:
    """Beyond ``factor`` times ``of`` (a number, ULN, LLN or baseline) and ``plus``; ``itself``: the border counts too.

    ``given``: the border counts only for a value beyond that limit as well.
    """

    factor: float
    of: str = NUMBER
    itself: bool = False
    given: str = ""
    plus: float = 0.0


# Borders of grades 1 to 4; several in one place mean that either is enough, none that the value decides no such grade.
Ladder = Sequence[tuple[Border, ...]]


@dataclass(frozen=True)
class Criterion:
    """How values of one term are graded.

    ``unit``: of the value, where borders are numbers; empty where any unit does, as long as the limits share it.
    ``low``: low values are graded. ``ladder`` serves where the baseline is normal or does not matter,
    ``abnormal`` where the baseline is beyond the limit ``abnormal_of``. ``found`` takes the place of ``ladder``
    with the finding that ``finding`` names. ``ends``: beyond this number the criteria name no grade.
    ``elsewhere``: the same criterion in other units.
    """

    unit: str
    low: bool
    ladder: Ladder
    abnormal: Ladder | None = None
    abnormal_of: str = ULN
    found: Ladder | None = None
    finding: str = ""
    ends: float | None = None
    elsewhere: Mapping[str, "Criterion"] = field(default_factory=dict)

    def ladders(self) -> list[Ladder]:
        """Every ladder that can decide."""
        return [one for one in (self.ladder, self.abnormal, self.found) if one is not None]


# The names by which functions of this module take units.
_UNITS = {
    "giga": "10*9/L",
    "micro": "/uL",
    "g_l": "g/L",
    "g_dl": "g/dL",
    "mg_dl": "mg/dL",
    "mmol": "mmol/L",
    "umol": "umol/L",
    "meq": "meq/L",
}
Step = float | str | Border | None | tuple[Border, ...]


def ladder(*steps: Step) -> Ladder:
    """A number, the name of a limit, a border, several borders, or None where a grade is not decided by the value."""
    made: list[tuple[Border, ...]] = []
    for step in steps:
        if step is None:
            made.append(())
        elif isinstance(step, tuple):
            made.append(step)
        elif isinstance(step, Border):
            made.append((step,))
        else:
            made.append((Border(1, step),) if isinstance(step, str) else (Border(step),))
    return made


def in_numbers(low: bool, *, found: dict[str, Ladder] | None = None, finding: str = "", **units: Ladder) -> Criterion:
    """Borders in numbers by the name of their unit in ``_UNITS``; the first unit is the criterion's own."""
    made = [
        Criterion(_UNITS[name], low, steps, found=found[name] if found else None, finding=finding)
        for name, steps in units.items()
    ]
    return replace(made[0], elsewhere={other.unit: other for other in made[1:]})


def times_uln(*factors: float, abnormal: Ladder | None = None) -> Criterion:
    """High values, in multiples of ULN."""
    return Criterion("", low=False, ladder=[(Border(factor, ULN),) for factor in factors], abnormal=abnormal)


def times_baseline(first: float, *factors: float, itself: bool = True) -> Ladder:
    """Multiples of a baseline; ``itself``: the first counts at its border too."""
    return [(Border(first, BASELINE, itself),), *((Border(factor, BASELINE),) for factor in factors)]


def count_of_cells(*steps: Step, low: bool) -> Criterion:
    """Cells: the source states 1500/mm3 beside 1.5 x 10e9/L."""
    micro = [step * 1000 if isinstance(step, (int, float)) else step for step in steps]
    return in_numbers(low, giga=ladder(*steps), micro=ladder(*micro))


def monovalent(*steps: Step, low: bool) -> Criterion:
    """Sodium, potassium: one mmol is one mEq."""
    return in_numbers(low, mmol=ladder(*steps), meq=ladder(*steps))


def with_finding(plain: Ladder, found: Ladder, finding: str) -> Criterion:
    """High values that are of another grade with a finding."""
    return Criterion("", low=False, ladder=plain, found=found, finding=finding)
