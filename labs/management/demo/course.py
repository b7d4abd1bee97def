"""Believable courses, seeded: B cells, autoantibodies, immunoglobulins of nine invented subjects. PURE."""

import datetime as dt
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

SEED = 20240903
VISIT_DAYS = {
    "SCR": -42, "BL": -7, "D7": 7, "D14": 14, "D28": 28, "D56": 56,
    "M3": 91, "M4": 122, "M6": 183, "M9": 274, "M12": 365,
}  # fmt: skip
CD19_LLOQ, ATA_LLOQ, ARA_LLOQ, ANA_LOWEST = 1.0, 10.0, 5.0, 40
IGG_HALF_LIFE_DAYS = 21.0
CAR_LLOQ = 50.0
# Transgene copies per ug of DNA: samples beside the visits, peak and half-lives of both constructs.
CAR_VISITS, UNSCHEDULED = ("BL", "D7", "D14", "D28", "D56", "M3"), {"UNS 3": 3, "UNS 10": 10, "UNS 21": 21}
CAR_PEAK_DAY, CAR_FALL_DAYS = 11.0, 5.0
CAR_PEAKS = {"CAR19": 60_000.0, "CARB": 25_000.0}
CAR_STREAM = 7_919


@dataclass(frozen=True)
class Plan:
    """What makes a subject's course its own; days are protocol days (Day 0 = infusion)."""

    site: str
    infusion_on: dt.date
    year_of_birth: int
    sex: str
    weight_kg: float
    antibody_half_life_days: float
    recovery_day: int | None
    naive_share: float = 88.0
    antibody: str = "ATA"
    antibody_baseline: float = 400.0
    blip_day: int | None = None
    ivig_day: int | None = None
    prior_rituximab: bool = False
    mycophenolate_from: int | None = None
    late: dict[str, int] = field(default_factory=dict)
    not_done: tuple[str, ...] = ()
    without_row: tuple[str, ...] = ()
    haemolysed: tuple[str, ...] = ()
    mistyped: str = ""


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


PLANS = (
    Plan("KUL", _day("2024-09-03"), 1968, "F", 61.5, 26, 91, antibody_baseline=412, mistyped="D14"),
    Plan("KUL", _day("2024-09-17"), 1979, "F", 70.2, 41, 122, antibody_baseline=655, ivig_day=50),
    Plan("KUL", _day("2024-10-01"), 1959, "M", 82.0, 22, 183, antibody_baseline=280, blip_day=56),
    Plan("KUL", _day("2024-10-15"), 1972, "F", 58.4, 35, None, antibody_baseline=510),
    Plan("KUL", _day("2024-10-29"), 1984, "F", 66.0, 45, 91, antibody="ARA", antibody_baseline=120),
    Plan("BOS", _day("2024-09-10"), 1963, "M", 88.7, 30, 183, antibody_baseline=340, prior_rituximab=True),
    Plan("BOS", _day("2024-09-24"), 1990, "F", 54.9, 58, 122, antibody_baseline=820, mycophenolate_from=120),
    Plan(
        "BOS", _day("2024-10-08"), 1975, "F", 73.3, 28, 91, antibody_baseline=195,
        late={"D14": 21}, not_done=("D56",), without_row=("M4",),
    ),
    Plan(
        "BOS", _day("2024-10-22"), 1981, "M", 79.1, 33, 122, antibody_baseline=470,
        naive_share=71, haemolysed=("D28",),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One result on its way to the laboratory's file."""

    subject: int
    visit: str
    day: int
    test: str
    material: str
    result: str
    unit: str
    condition: str = ""
    reason: str = ""


def _below(value: float, lloq: float, digits: int) -> str:
    return f"<{lloq:g}" if value < lloq else f"{value:.{digits}f}"


def _titer(value: float) -> str:
    step = round(math.log2(max(value, 1) / ANA_LOWEST))
    return f"<1:{ANA_LOWEST}" if step < 0 else f"1:{ANA_LOWEST * 2**step}"


def cd19_count(plan: Plan, day: int, chance: random.Random) -> float:
    """CD19+ B cells per uL."""
    if day < 0:
        return 0.4 if plan.prior_rituximab else chance.uniform(110, 260)
    if plan.blip_day is not None and day == plan.blip_day:
        return chance.uniform(12, 16)
    if plan.recovery_day is None or day < plan.recovery_day:
        return chance.uniform(1.5, 7) if 7 <= day < 14 and not plan.prior_rituximab else chance.uniform(0.1, 0.9)
    return chance.uniform(14, 30) + 0.5 * (day - plan.recovery_day) * chance.uniform(0.8, 1.2)


def antibody_level(plan: Plan, day: int, chance: random.Random) -> float:
    """Autoantibody: constant before the infusion, then an exponential fall; IVIG brings foreign IgG."""
    noise = math.exp(chance.gauss(0, 0.04))
    level = plan.antibody_baseline * noise
    if day > 0:
        level *= 2 ** (-day / plan.antibody_half_life_days)
    if plan.ivig_day is not None and 0 <= day - plan.ivig_day <= 30:
        level *= 1.6
    return level


def immunoglobulin(start: float, floor: float, plan: Plan, day: int, chance: random.Random) -> float:
    """Immunoglobulin in g/L: falls towards a floor with the half-life of IgG."""
    level = floor + (start - floor) * 2 ** (-max(day, 0) / IGG_HALF_LIFE_DAYS)
    if plan.ivig_day is not None and 0 <= day - plan.ivig_day <= 30:
        level += 4.0
    return level * math.exp(chance.gauss(0, 0.03))


def transgene_copies(peak: float, day: int, chance: random.Random) -> float:
    """Copies of a construct per ug of DNA: none before the infusion, a rise by threefold a day, then a slower fall."""
    if day <= 0:
        return 0.0
    rise, fall = min(day - CAR_PEAK_DAY, 0.0), max(day - CAR_PEAK_DAY, 0.0)
    return peak * 3.0 ** (rise / 1.5) * 2 ** (-fall / CAR_FALL_DAYS) * math.exp(chance.gauss(0, 0.1))


def transgene_samples(number: int, plan: Plan, days: Mapping[str, int]) -> list[Sample]:
    """Both constructs at the visits to month 3, and unscheduled between; their dice leave those of the others alone.

    Parameters
    ----------
    days
        Day of each visit that has rows.
    """
    chance = random.Random(SEED + CAR_STREAM + number)
    peaks = {test: peak * math.exp(chance.gauss(0, 0.5)) for test, peak in CAR_PEAKS.items()}
    taken = [(visit, days[visit]) for visit in CAR_VISITS if visit in days]
    # A late visit can fall on the day of an unscheduled sample, which is then not taken.
    taken += [(visit, day) for visit, day in UNSCHEDULED.items() if day not in dict(taken).values()]
    rows = []
    for visit, day in taken:
        for test, peak in peaks.items():
            result = _below(transgene_copies(peak, day, chance), CAR_LLOQ, 0)
            if visit in plan.not_done:
                rows.append(Sample(number, visit, day, test, "EDTA blood", "", "{copies}/ug", reason="not done"))
            else:
                rows.append(Sample(number, visit, day, test, "EDTA blood", result, "{copies}/ug"))
    return rows


def samples_of(number: int, plan: Plan) -> list[Sample]:
    """All results of one subject in the order of collection."""
    chance = random.Random(SEED + number)
    rows: list[Sample] = []
    days: dict[str, int] = {}
    for visit, target in VISIT_DAYS.items():
        jitter = 0 if target == plan.blip_day or target in (7, plan.recovery_day) else chance.choice([-1, 0, 0, 1])
        day = plan.late.get(visit, target + jitter)
        if visit in plan.without_row:
            continue
        days[visit] = day
        rows += _visit_samples(number, plan, visit, target, day, chance)
    return sorted([*rows, *transgene_samples(number, plan, days)], key=lambda sample: sample.day)


def _visit_samples(number: int, plan: Plan, visit: str, target: int, day: int, chance: random.Random) -> list[Sample]:
    cells = cd19_count(plan, target, chance)
    antibody = antibody_level(plan, day, chance)
    tests: list[tuple[str, str, str, str]] = [("CD19", "EDTA blood", _below(cells, CD19_LLOQ, 1), "{cells}/uL")]
    if cells >= 5:
        naive = plan.naive_share if target > 0 else chance.uniform(52, 66)
        switched = chance.uniform(3, 6) if target > 0 else chance.uniform(14, 22)
        tests += [
            ("NAIVE", "EDTA blood", f"{naive + chance.uniform(-2, 2):.1f}", "%"),
            ("TRANS", "EDTA blood", f"{chance.uniform(2, 4):.1f}", "%"),
            ("SWMEM", "EDTA blood", f"{switched:.1f}", "%"),
        ]
    lloq = ATA_LLOQ if plan.antibody == "ATA" else ARA_LLOQ
    positive, unit = ("SCL70", "{CU}") if plan.antibody == "ATA" else ("RNAP3", "{U}")
    tests += [
        (positive, "Serum", _below(antibody, lloq, 1), unit),
        ("ANA", "Serum", _titer(1280 * antibody / plan.antibody_baseline), ""),
        ("IGG", "Serum", f"{immunoglobulin(11.2, 4.6, plan, day, chance):.2f}", "g/L"),
        ("IGA", "Serum", f"{immunoglobulin(2.4, 0.7, plan, day, chance):.2f}", "g/L"),
        ("IGM", "Serum", f"{immunoglobulin(1.3, 0.3, plan, day, chance):.2f}", "g/L"),
        ("TET", "Serum", f"{1.8 * 2 ** (-max(day, 0) / 400) * math.exp(chance.gauss(0, 0.05)):.2f}", "[IU]/mL"),
        ("CRP", "Serum", f"{chance.uniform(1, 9):.1f}", "mg/L"),
    ]
    haemolysed = visit in plan.haemolysed
    rows = []
    for test, material, result, test_unit in tests:
        if visit in plan.not_done:
            rows.append(Sample(number, visit, day, test, material, "", test_unit, reason="not done"))
        else:
            condition = "haemolysed" if haemolysed and material == "Serum" else ""
            rows.append(Sample(number, visit, day, test, material, result, test_unit, condition=condition))
    return rows
