"""Laboratory criteria of the CTCAE, versions 4.03, 5.0 and 6.0, as data.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, the grades that a laboratory
value alone decides; what needs a clinical finding (symptoms, urgent intervention) is left out. Of version 6 only
terms are here whose text was at hand; the border between grades 2 and 3 of thrombocytopenia in version 6 is taken
over from version 5 (50), because it is not confirmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

VERSIONS = ("4", "5", "6")
NUMBER, ULN, LLN, BASELINE = "number", "ULN", "LLN", "baseline"


@dataclass(frozen=True)
class Border:
    """Beyond ``factor`` times ``of`` (a number, ULN, LLN or baseline); ``itself`` where the border counts too."""

    factor: float
    of: str = NUMBER
    itself: bool = False


# Borders of grades 1 to 4; several in one place mean that either is enough, none that the value decides no such grade.
Ladder = Sequence[tuple[Border, ...]]


@dataclass(frozen=True)
class Criterion:
    """How values of one term are graded.

    ``unit``: of the value, where borders are numbers; empty where any unit does, as long as the limits share it.
    ``low``: low values are graded. ``ladder`` serves where the baseline is normal or does not matter,
    ``abnormal`` where the baseline is above ULN.
    """

    unit: str
    low: bool
    ladder: Ladder
    abnormal: Ladder | None = None


def _numbers(unit: str, *borders: float | str | None, low: bool) -> Criterion:
    """Borders are numbers, LLN or ULN; None where a grade is not decided by the value."""
    ladder = [
        () if border is None else (Border(1, border),) if isinstance(border, str) else (Border(border),)
        for border in borders
    ]
    return Criterion(unit, low, ladder)


def _times_uln(*factors: float, abnormal: Ladder | None = None) -> Criterion:
    return Criterion("", low=False, ladder=[(Border(factor, ULN),) for factor in factors], abnormal=abnormal)


def _times_baseline(first: float, *factors: float, itself: bool = True) -> Ladder:
    return [(Border(first, BASELINE, itself),), *((Border(factor, BASELINE),) for factor in factors)]


_COUNT, _GRAM, _MMOL = "10*9/L", "g/L", "mmol/L"
_TO_VERSION_5: dict[str, Criterion] = {
    "Anemia": _numbers(_GRAM, LLN, 100, 80, None, low=True),
    "CD4 lymphocytes decreased": _numbers(_COUNT, LLN, 0.5, 0.2, 0.05, low=True),
    "Lymphocyte count decreased": _numbers(_COUNT, LLN, 0.8, 0.5, 0.2, low=True),
    "Neutrophil count decreased": _numbers(_COUNT, LLN, 1.5, 1.0, 0.5, low=True),
    "Platelet count decreased": _numbers(_COUNT, LLN, 75, 50, 25, low=True),
    "White blood cell decreased": _numbers(_COUNT, LLN, 3, 2, 1, low=True),
    "Hypoalbuminemia": _numbers(_GRAM, LLN, 30, 20, None, low=True),
    "Hypocalcemia": _numbers(_MMOL, LLN, 2.0, 1.75, 1.5, low=True),
    "Hypomagnesemia": _numbers(_MMOL, LLN, 0.5, 0.4, 0.3, low=True),
    "Hypercalcemia": _numbers(_MMOL, ULN, 2.9, 3.1, 3.4, low=False),
    "Hyperkalemia": _numbers(_MMOL, ULN, 5.5, 6.0, 7.0, low=False),
    "Hypernatremia": _numbers(_MMOL, ULN, 150, 155, 160, low=False),
    "Cholesterol high": _numbers(_MMOL, ULN, 7.75, 10.34, 12.92, low=False),
    "CPK increased": _times_uln(1, 2.5, 5, 10),
    "Activated partial thromboplastin time prolonged": Criterion(
        "", low=False, ladder=[(Border(1, ULN),), (Border(1.5, ULN),), (Border(2.5, ULN),), ()]
    ),
}
_VERSION_4 = {
    "Alanine aminotransferase increased": _times_uln(1, 3, 5, 20),
    "Aspartate aminotransferase increased": _times_uln(1, 3, 5, 20),
    "Alkaline phosphatase increased": _times_uln(1, 2.5, 5, 20),
    "GGT increased": _times_uln(1, 2.5, 5, 20),
    "Blood bilirubin increased": _times_uln(1, 1.5, 3, 10),
    "Creatinine increased": Criterion(
        "",
        low=False,
        ladder=[
            (Border(1, BASELINE), Border(1, ULN)),
            (Border(1.5, BASELINE), Border(1.5, ULN)),
            (Border(3, BASELINE), Border(3, ULN)),
            (Border(6, ULN),),
        ],
    ),
    "Hypophosphatemia": _numbers(_MMOL, LLN, 0.8, 0.6, 0.3, low=True),
}
_VERSION_5 = {
    "Alanine aminotransferase increased": _times_uln(1, 3, 5, 20, abnormal=_times_baseline(1.5, 3, 5, 20)),
    "Aspartate aminotransferase increased": _times_uln(1, 3, 5, 20, abnormal=_times_baseline(1.5, 3, 5, 20)),
    "Alkaline phosphatase increased": _times_uln(1, 2.5, 5, 20, abnormal=_times_baseline(2, 2.5, 5, 20)),
    "GGT increased": _times_uln(1, 2.5, 5, 20, abnormal=_times_baseline(2, 2.5, 5, 20)),
    "Blood bilirubin increased": _times_uln(1, 1.5, 3, 10, abnormal=_times_baseline(1, 1.5, 3, 10, itself=False)),
    "Creatinine increased": Criterion(
        "",
        low=False,
        ladder=[
            (Border(1, ULN),),
            (Border(1.5, BASELINE), Border(1.5, ULN)),
            (Border(3, BASELINE), Border(3, ULN)),
            (Border(6, ULN),),
        ],
    ),
}
_VERSION_6 = {
    "Alanine aminotransferase increased": _times_uln(1, 3, 5, 20, abnormal=_times_baseline(1, 1.5, 2, 4)),
    "Aspartate aminotransferase increased": _times_uln(1, 3, 5, 20, abnormal=_times_baseline(1, 1.5, 2, 4)),
    "Blood bilirubin increased": _times_uln(1, 1.5, 3, 10, abnormal=_times_baseline(1, 1.5, 2.5, 10)),
    "GGT increased": _times_uln(1, 2.5, 5, 20, abnormal=_times_baseline(1, 1.5, 3, 10)),
    "Anemia": _numbers(_GRAM, LLN, 100, 80, None, low=True),
    "Neutrophil count decreased": _numbers(_COUNT, 1.5, 1.0, 0.5, 0.1, low=True),
    "Thrombocytopenia": _numbers(_COUNT, 100, 75, 50, 10, low=True),
    "White blood cell decreased": _numbers(_COUNT, LLN, 3, 2, 1, low=True),
}
CRITERIA: Mapping[str, Mapping[str, Criterion]] = {
    "4": {**_TO_VERSION_5, **_VERSION_4},
    "5": {**_TO_VERSION_5, **_VERSION_5},
    "6": _VERSION_6,
}
