"""Believable courses of skin, lung and disability of the nine invented subjects, seeded. PURE."""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from cart.endpoints.disease.disability import CATEGORIES
from cart.endpoints.disease.lung_function import lung_function
from cart.endpoints.disease.skin import SITES
from labs.management.demo.course import PLANS, SEED, VISIT_DAYS, Plan

HEIGHT_CM = 168.0
SKIN_VISITS = ("BL", "D28", "M3", "M6", "M9", "M12")
LUNG_VISITS = ("BL", "M3", "M6", "M12")
IMAGE_VISITS = ("BL", "M12")
# How much of the thickening a site has: fingers and hands first, the trunk last.
_WEIGHTS = {
    "fingers": 3.0, "hand": 2.4, "forearm": 1.9, "face": 1.6, "foot": 1.5,
    "leg": 1.2, "upper_arm": 1.1, "chest": 0.9, "thigh": 0.7, "abdomen": 0.4,
}  # fmt: skip
_HALF_TIME_DAYS = 130.0
# Gain of a year over that of the exponential at its end.
_WHOLE = 1 - 2 ** (-365 / _HALF_TIME_DAYS)


@dataclass(frozen=True)
class DiseasePlan:
    """Values at baseline and after a year; in between they move along an exponential.

    ``unscored``: visit to a site that was bandaged; ``lung_not_done``: visit to why; ``device_points``: how far the
    device's own % predicted lies from the computed one.
    """

    mrss: tuple[int, int]
    fvc_pct: tuple[float, float]
    dlco_pct: tuple[float, float]
    haq: tuple[float, float]
    patient: tuple[float, float]
    physician: tuple[float, float]
    ild: bool = True
    high_titer: bool = True
    unscored: Mapping[str, str] = field(default_factory=dict)
    lung_not_done: Mapping[str, str] = field(default_factory=dict)
    device_points: float = 0.3


DISEASE_PLANS = (
    DiseasePlan((24, 10), (78, 83), (62, 66), (1.25, 0.5), (6.0, 2.5), (5.5, 2.0)),
    DiseasePlan((29, 13), (71, 74), (55, 57), (1.75, 0.875), (7.0, 3.0), (6.5, 3.0), device_points=5.4),
    DiseasePlan((19, 9), (88, 91), (70, 74), (0.875, 0.25), (5.0, 2.0), (4.5, 1.5), high_titer=False),
    DiseasePlan((32, 20), (66, 68), (51, 50), (2.0, 1.375), (7.5, 5.0), (7.0, 4.5)),
    DiseasePlan((22, 8), (92, 94), (75, 78), (1.0, 0.25), (5.5, 1.5), (5.0, 1.5), ild=False, high_titer=False),
    DiseasePlan((26, 24), (74, 65), (58, 48), (1.5, 1.5), (6.5, 6.0), (6.0, 6.0)),
    DiseasePlan((30, 16), (69, 72), (54, 57), (1.625, 0.75), (7.0, 3.0), (6.5, 2.5), unscored={"M3": "left_hand"}),
    DiseasePlan(
        (17, 10), (95, 96), (80, 81), (0.75, 0.375), (4.5, 2.5), (4.0, 2.0),
        ild=False, high_titer=False, lung_not_done={"M3": "respiratory infection, postponed"},
    ),
    DiseasePlan((25, 14), (80, 83), (64, 66), (1.375, 0.75), (6.0, 3.5), (5.5, 3.0)),
)  # fmt: skip


@dataclass(frozen=True)
class VisitFindings:
    """What one visit found; numbers as a form takes them."""

    code: str
    on: dt.date
    sites: Mapping[str, int | None]
    haq: Mapping[str, int]
    patient: float
    physician: float
    fvc_l: float
    fev1_l: float
    fvc_pct: float
    dlco: float
    dlco_pct: float
    haemoglobin: float
    ulcers: int
    lung_not_done: str


def findings_of(number: int) -> list[VisitFindings]:
    """What the visits of one subject found, in their order."""
    plan, disease = PLANS[number], DISEASE_PLANS[number]
    chance = random.Random(SEED * 7 + number)
    found = []
    for code, target in VISIT_DAYS.items():
        if code in plan.without_row or code not in SKIN_VISITS:
            continue
        day = plan.late.get(code, target)
        found.append(_visit(plan, disease, code, day, chance))
    return found


def _visit(plan: Plan, disease: DiseasePlan, code: str, day: int, chance: random.Random) -> VisitFindings:
    on = plan.infusion_on + dt.timedelta(days=day)
    fvc_pct = _between(disease.fvc_pct, day) + chance.gauss(0, 0.5)
    dlco_pct = _between(disease.dlco_pct, day) + chance.gauss(0, 0.7)
    fvc_l = round(_reference(plan, on, "GLI-Global-2022", "FVC") * fvc_pct / 100, 2)
    return VisitFindings(
        code=code,
        on=on,
        sites=_sites(round(_between(disease.mrss, day)), disease.unscored.get(code)),
        haq=_answers(round(_between(disease.haq, day) * len(CATEGORIES))),
        patient=round(_between(disease.patient, day) * 2) / 2,
        physician=round(_between(disease.physician, day) * 2) / 2,
        fvc_l=fvc_l,
        fev1_l=round(fvc_l * chance.uniform(0.80, 0.85), 2),
        fvc_pct=round(fvc_pct + disease.device_points, 1),
        dlco=round(_reference(plan, on, "GLI-2017-TLCO(corr2020)-SI", "TLCO") * dlco_pct / 100, 2),
        dlco_pct=round(dlco_pct + disease.device_points / 2, 1),
        # At the standard of the sex: the correction then changes nothing, as in a subject without anaemia.
        haemoglobin=14.6 if plan.sex == "M" else 13.4,
        ulcers=max(0, round(_between((disease.mrss[0] / 10 - 1, 0), day))),
        lung_not_done=disease.lung_not_done.get(code, ""),
    )


def _between(ends: tuple[float, float], day: int) -> float:
    """Value on a protocol day: the first until the infusion, the second a year later."""
    share = 0.0 if day <= 0 else (1 - 2 ** (-day / _HALF_TIME_DAYS)) / _WHOLE
    return ends[0] + (ends[1] - ends[0]) * share


def _reference(plan: Plan, on: dt.date, equation: str, measure: str) -> float:
    """Predicted value, at the age of somebody born in the middle of the year."""
    rows = pl.DataFrame(
        {
            "age_years": (on - dt.date(plan.year_of_birth, 7, 2)).days / 365.25,
            "height_cm": HEIGHT_CM,
            "measured": 1.0,
            "sex": plan.sex,
        }
    )
    return float(lung_function(rows, equation=equation, measure=measure)["m"][0])


def _sites(total: int, unscored: str | None) -> dict[str, int | None]:
    """A total shared out point by point: each to the site whose weight per point it would have is highest."""
    scores = {site.name: 0 for site in SITES}
    weights = {name: _WEIGHTS[name.removeprefix("right_").removeprefix("left_")] for name in scores}
    for _ in range(total):
        below = [name for name in scores if scores[name] < 3]
        chosen = max(below, key=lambda name: weights[name] / (scores[name] + 1))
        scores[chosen] += 1
    return {name: None if name == unscored else score for name, score in scores.items()}


def _answers(points: int) -> dict[str, int]:
    """Score of each category that add up to ``points``, higher where hands are needed."""
    ordered = ("grip", "activities", "reach", "hygiene", "dressing", "arising", "eating", "walking")
    scores = dict.fromkeys(ordered, 0)
    for place in range(points):
        scores[ordered[place % len(ordered)]] += 1
    return scores
