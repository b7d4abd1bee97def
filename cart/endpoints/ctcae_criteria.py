"""Laboratory criteria of the CTCAE, versions 4.03, 5.0 and 6.0, as data.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events: the grades that a laboratory
value decides. What needs a clinical finding alone (urgent intervention, death) is left out. Where the same values
are of two grades by a finding (signs or symptoms, anticoagulation, fasting), both are here and the value alone has
bounds. A term is missing from a version whose text does not grade it by a value: hyperglycemia in version 5,
hypophosphatemia from version 5 on. Criteria in numbers are stated in each unit as the source states them: 300 mg/dL
of cholesterol beside 7.75 mmol/L, never one calculated from the other.
"""

from collections.abc import Mapping
from dataclasses import replace

from cart.endpoints.ctcae_criterion import (
    BASELINE,
    LLN,
    ULN,
    Border,
    Criterion,
    Ladder,
    Step,
    count_of_cells,
    in_numbers,
    ladder,
    monovalent,
    times_baseline,
    times_uln,
    with_finding,
)

VERSIONS = ("4", "5", "6")
_SYMPTOMS, _FASTING = "signs or symptoms", "fasting"
_CONSEQUENCES, _ANTICOAGULATION = "physiologic consequences", "anticoagulation"


def _pancreas(second: float, *, both: bool) -> Criterion:
    """Lipase, amylase. ``both``: the same values are a grade higher with signs or symptoms."""
    severe = [(Border(factor, ULN),) for factor in (1, 1.5, second, 5)]
    if not both:
        return Criterion("", low=False, ladder=severe)
    return with_finding([*severe[:2], (Border(5, ULN),), ()], severe, _SYMPTOMS)


def _creatinine(first: tuple[Border, ...]) -> Criterion:
    both = [(Border(factor, BASELINE), Border(factor, ULN)) for factor in (1.5, 3)]
    return Criterion("", low=False, ladder=[first, *both, (Border(6, ULN),)])


def _fibrinogen(*, given: str) -> Criterion:
    """A share of LLN or a fall from baseline; from version 5 on the fall counts for an abnormal value only."""
    steps: list[Step] = [
        (Border(1, LLN), Border(1, BASELINE, given=given)),
        *((Border(share, LLN), Border(share, BASELINE, itself=True, given=given)) for share in (0.75, 0.5)),
    ]
    worst = (Border(0.25, LLN), Border(0.25, BASELINE, itself=True, given=given))
    return in_numbers(True, g_l=ladder(*steps, (*worst, Border(0.5))), mg_dl=ladder(*steps, (*worst, Border(50))))


def _inr(first: Border, second: Border, third: Border) -> Criterion:
    plain = [(first,), (second,), (third,)]
    on = [(*one, Border(factor, BASELINE)) for one, factor in zip(plain, (1, 1.5, 2.5), strict=True)]
    return with_finding([*plain, ()], [*on, ()], _ANTICOAGULATION)


def _glucose(*, fasting: bool) -> Criterion:
    """Grades 1 and 2 are of fasting values."""
    mmol, mg = ladder(ULN, 8.9, 13.9, 27.8), ladder(ULN, 160, 250, 500)
    if fasting:
        return in_numbers(False, mmol=mmol, mg_dl=mg)
    plain = {"mmol": ladder(None, None, 13.9, 27.8), "mg_dl": ladder(None, None, 250, 500)}
    return in_numbers(False, found={"mmol": mmol, "mg_dl": mg}, finding=_FASTING, **plain)


def _uric_acid(*, ends_in_numbers: bool) -> Criterion:
    if not ends_in_numbers:
        return with_finding(ladder(ULN, None, None, None), ladder(ULN, None, ULN, None), _CONSEQUENCES)
    tops = {"mmol": 0.59, "umol": 590, "mg_dl": 10}
    return in_numbers(
        False,
        found={unit: ladder(ULN, None, ULN, top) for unit, top in tops.items()},
        finding=_CONSEQUENCES,
        **{unit: ladder(ULN, None, None, top) for unit, top in tops.items()},
    )


def _hemoglobin() -> Criterion:
    """So much above ULN, or above a baseline that is above ULN itself."""

    def above(limit: str, *, gram: int) -> Ladder:
        return [*((Border(1, limit, plus=step * gram),) for step in (0, 2, 4)), ()]

    made = in_numbers(False, g_l=above(ULN, gram=10), g_dl=above(ULN, gram=1))
    other = replace(made.elsewhere["g/dL"], abnormal=above(BASELINE, gram=1))
    return replace(made, abnormal=above(BASELINE, gram=10), elsewhere={"g/dL": other})


_ALL: dict[str, Criterion] = {
    "Anemia": in_numbers(
        True, g_l=ladder(LLN, 100, 80, None), g_dl=ladder(LLN, 10, 8, None), mmol=ladder(LLN, 6.2, 4.9, None)
    ),
    "Leukocytosis": count_of_cells(None, None, 100, None, low=False),
    "Lymphocyte count increased": count_of_cells(None, 4, 20, None, low=False),
    "CD4 lymphocytes decreased": count_of_cells(LLN, 0.5, 0.2, 0.05, low=True),
    "White blood cell decreased": count_of_cells(LLN, 3, 2, 1, low=True),
    "Activated partial thromboplastin time prolonged": Criterion("", low=False, ladder=[
        (Border(1, ULN),), (Border(1.5, ULN),), (Border(2.5, ULN),), ()
    ]),
    "Cholesterol high": in_numbers(
        False, mmol=ladder(ULN, 7.75, 10.34, 12.92), mg_dl=ladder(ULN, 300, 400, 500)
    ),
    "Hypertriglyceridemia": in_numbers(
        False,
        mmol=ladder(Border(1.71, itself=True), 3.42, 5.7, 11.4),
        mg_dl=ladder(Border(150, itself=True), 300, 500, 1000),
    ),
    "Hypoalbuminemia": in_numbers(True, g_l=ladder(LLN, 30, 20, None), g_dl=ladder(LLN, 3, 2, None)),
    # Both mean calcium corrected for albumin; ionized calcium has criteria of its own.
    "Hypocalcemia": in_numbers(True, mmol=ladder(LLN, 2.0, 1.75, 1.5), mg_dl=ladder(LLN, 8, 7, 6)),
    "Hypercalcemia": in_numbers(False, mmol=ladder(ULN, 2.9, 3.1, 3.4), mg_dl=ladder(ULN, 11.5, 12.5, 13.5)),
    "Hypocalcemia (Ionized)": in_numbers(True, mmol=ladder(LLN, 1.0, 0.9, 0.8)),
    "Hypercalcemia (Ionized)": in_numbers(False, mmol=ladder(ULN, 1.5, 1.6, 1.8)),
    "Hypoglycemia": in_numbers(True, mmol=ladder(LLN, 3.0, 2.2, 1.7), mg_dl=ladder(LLN, 55, 40, 30)),
    "Hypomagnesemia": in_numbers(True, mmol=ladder(LLN, 0.5, 0.4, 0.3), mg_dl=ladder(LLN, 1.2, 0.9, 0.7)),
    "Hypermagnesemia": in_numbers(False, mmol=ladder(ULN, None, 1.23, 3.3), mg_dl=ladder(ULN, None, 3, 8)),
    "Hyperkalemia": monovalent(ULN, 5.5, 6.0, 7.0, low=False),
    "Hypernatremia": monovalent(ULN, 150, 155, 160, low=False),
    # Grade 2 is grade 1 with symptoms.
    "Hypokalemia": in_numbers(
        True,
        found=dict.fromkeys(("mmol", "meq"), ladder(LLN, LLN, 3.0, 2.5)),
        finding=_SYMPTOMS,
        **dict.fromkeys(("mmol", "meq"), ladder(LLN, None, 3.0, 2.5)),
    ),
}  # fmt: skip
_TO_VERSION_5 = {
    "Lymphocyte count decreased": count_of_cells(LLN, 0.8, 0.5, 0.2, low=True),
    "Neutrophil count decreased": count_of_cells(LLN, 1.5, 1.0, 0.5, low=True),
    "Platelet count decreased": count_of_cells(LLN, 75, 50, 25, low=True),
    "CPK increased": times_uln(1, 2.5, 5, 10),
    "Haptoglobin decreased": Criterion("", low=True, ladder=ladder(LLN, None, None, None)),
    "Hemoglobin increased": _hemoglobin(),
}
# The text names whole numbers (125-129, 120-124); between them nothing is left out.
_HYPONATREMIA = in_numbers(
    True,
    found=dict.fromkeys(("mmol", "meq"), ladder(LLN, None, 130, 120)),
    finding=_SYMPTOMS,
    **dict.fromkeys(("mmol", "meq"), ladder(LLN, 130, 125, 120)),
)
_INR_FROM_5 = _inr(Border(1.2), Border(1.5), Border(2.5))
_VERSION_4 = {
    "Alanine aminotransferase increased": times_uln(1, 3, 5, 20),
    "Aspartate aminotransferase increased": times_uln(1, 3, 5, 20),
    "Alkaline phosphatase increased": times_uln(1, 2.5, 5, 20),
    "GGT increased": times_uln(1, 2.5, 5, 20),
    "Blood bilirubin increased": times_uln(1, 1.5, 3, 10),
    "Creatinine increased": _creatinine((Border(1, BASELINE), Border(1, ULN))),
    "Fibrinogen decreased": _fibrinogen(given=""),
    "Hyperglycemia": _glucose(fasting=False),
    "Hyperglycemia (Fasting)": _glucose(fasting=True),
    "Hyperuricemia": _uric_acid(ends_in_numbers=True),
    "Hyponatremia": monovalent(LLN, None, 130, 120, low=True),
    "Hypophosphatemia": in_numbers(True, mmol=ladder(LLN, 0.8, 0.6, 0.3), mg_dl=ladder(LLN, 2.5, 2.0, 1.0)),
    "INR increased": _inr(Border(1, ULN), Border(1.5, ULN), Border(2.5, ULN)),
    "Lipase increased": _pancreas(2, both=False),
    "Serum amylase increased": _pancreas(2, both=False),
}
_VERSION_5 = {
    "Alanine aminotransferase increased": times_uln(1, 3, 5, 20, abnormal=times_baseline(1.5, 3, 5, 20)),
    "Aspartate aminotransferase increased": times_uln(1, 3, 5, 20, abnormal=times_baseline(1.5, 3, 5, 20)),
    "Alkaline phosphatase increased": times_uln(1, 2.5, 5, 20, abnormal=times_baseline(2, 2.5, 5, 20)),
    "GGT increased": times_uln(1, 2.5, 5, 20, abnormal=times_baseline(2, 2.5, 5, 20)),
    "Blood bilirubin increased": times_uln(1, 1.5, 3, 10, abnormal=times_baseline(1, 1.5, 3, 10, itself=False)),
    "Blood bicarbonate decreased": Criterion("", low=True, ladder=ladder(LLN, None, None, None)),
    "Blood lactate dehydrogenase increased": times_uln(1),
    "Creatinine increased": _creatinine((Border(1, ULN),)),
    "Eosinophilia": Criterion("", low=False, ladder=ladder(Border(1, ULN, given=BASELINE), None, None, None)),
    "Fibrinogen decreased": _fibrinogen(given=LLN),
    "Hyperuricemia": _uric_acid(ends_in_numbers=False),
    "Hyponatremia": _HYPONATREMIA,
    "INR increased": _INR_FROM_5,
    "Lipase increased": _pancreas(2, both=True),
    "Serum amylase increased": _pancreas(2, both=True),
}
_VERSION_6 = {
    "Alanine aminotransferase increased": times_uln(1, 3, 5, 20, abnormal=times_baseline(1, 1.5, 2, 4)),
    "Aspartate aminotransferase increased": times_uln(1, 3, 5, 20, abnormal=times_baseline(1, 1.5, 2, 4)),
    # Above baseline and ULN: above whichever is higher.
    "Alkaline phosphatase increased": times_uln(1, abnormal=times_baseline(1, itself=False)),
    "GGT increased": times_uln(1, 2.5, 5, 20, abnormal=times_baseline(1, 1.5, 3, 10)),
    "Blood bilirubin increased": times_uln(1, 1.5, 3, 10, abnormal=times_baseline(1, 1.5, 2.5, 10)),
    "Blood lactate dehydrogenase increased": times_uln(1),
    "Creatinine clearance decreased": Criterion(
        "mL/min", low=True, ladder=ladder(None, Border(49, itself=True), Border(25, itself=True), None), ends=10
    ),
    # A multiple of the baseline counts where the baseline is below LLN.
    "Creatinine increased": replace(
        times_uln(1, 1.5, 3, 6, abnormal=_creatinine((Border(1, ULN),)).ladder), abnormal_of=LLN
    ),
    "Fibrinogen decreased": _fibrinogen(given=LLN),
    "Hyperglycemia": _glucose(fasting=False),
    "Hyperglycemia (Fasting)": _glucose(fasting=True),
    "Hyperuricemia": _uric_acid(ends_in_numbers=False),
    "Hyponatremia": _HYPONATREMIA,
    "INR increased": _INR_FROM_5,
    "Lipase increased": _pancreas(3, both=True),
    "Neutrophil count decreased": count_of_cells(1.5, 1.0, 0.5, 0.1, low=True),
    "Serum amylase increased": _pancreas(2, both=True),
    "Thrombocytopenia": count_of_cells(LLN, 75, 50, 10, low=True),
}
CRITERIA: Mapping[str, Mapping[str, Criterion]] = {
    "4": {**_ALL, **_TO_VERSION_5, **_VERSION_4},
    "5": {**_ALL, **_TO_VERSION_5, **_VERSION_5},
    "6": {**_ALL, **_VERSION_6},
}
