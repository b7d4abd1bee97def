"""Cases of body surface, renal function, conditioning and cell doses."""

from collections.abc import Mapping

import polars as pl

from cart.endpoints.dosing.body_surface import DU_BOIS, HAYCOCK, MOSTELLER, body_surface
from cart.endpoints.dosing.cell_dose import cell_dose, dual_dose
from cart.endpoints.dosing.fludarabine import FULL_DOSE_MG_M2, fludarabine_dose
from cart.endpoints.dosing.renal_function import creatinine_clearance, egfr_ckd_epi
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, number, whole

_NOTHING = ("", "NA")
_BY_FORMULA = {"bsa_Mosteller": MOSTELLER, "bsa_DuBois-DuBois": DU_BOIS, "bsa_Haycock": HAYCOCK}
_METHODS = {"CKD-EPI": egfr_ckd_epi, "CRCL": creatinine_clearance}
_CELLS = {
    "volume_ml": "volume_mL",
    "nucleated_cells_per_ml": "nucleated_cells_per_mL",
    "viability": "viability",
    "cd3_of_viable": "cd3_of_viable",
    "car_of_viable_cd3": "car_of_viable_cd3",
    "weight_kg": "weight_kg",
}
_CELLS_FOUND = ("total_nucleated", "total_viable", "viable_car_pos", "viable_car_pos_per_kg")


def bsa(row: Row) -> Mapping[str, Found]:
    """A height and a weight by every formula."""
    given = _one(row, {"height_cm": "height_cm", "weight_kg": "weight_kg"})
    return {name: body_surface(given, formula=formula)["bsa_m2"][0] for name, formula in _BY_FORMULA.items()}


def renal(row: Row) -> Mapping[str, Found]:
    """Creatinine in mg/dL by both equations."""
    numbers = _one(row, {"creatinine": "creat_mgdl", "age_years": "age", "weight_kg": "weight"})
    given = numbers.with_columns(unit=pl.lit("mg/dL"), sex=_text(row["sex"]))
    return {
        "crcl_cg": creatinine_clearance(given)["crcl_ml_min"][0],
        "egfr_ckdepi2021": egfr_ckd_epi(given)["egfr_ml_min_173m2"][0],
    }


def renal_published(row: Row) -> Mapping[str, Found]:
    """Creatinine in its unit by the equation that the row names, rounded as it was published."""
    if row["method"] not in _METHODS:
        raise ValueError(f"A method is one of {', '.join(_METHODS)}; found {row['method']!r}. [case-value]")
    numbers = _one(row, {"creatinine": "creat", "age_years": "age", "weight_kg": "weight"})
    given = numbers.with_columns(unit=_text(row["unit"]), sex=_text(row["sex"]))
    found = _METHODS[row["method"]](given).to_series(0)[0]
    return {"expected": None if found is None else round(found, whole(row["round_digits"], high=15))}


def fludarabine(row: Row) -> Mapping[str, Found]:
    """Clearance and body surface, for a full dose of 25 mg/m2."""
    given = _one(row, {"crcl_ml_min": "crcl_ml_min", "bsa_m2": "bsa_m2"})
    found = fludarabine_dose(given, full_dose_mg_m2=FULL_DOSE_MG_M2).row(0, named=True)
    return {
        "label_dose_mg_m2_if_full_is_25": found["dose_mg_m2"],
        "dose_mg": found["dose_mg"],
        "fraction_of_full": found["fraction"],
    }


def cells(row: Row) -> Mapping[str, Found]:
    """A product's certificate and a weight."""
    found = cell_dose(_one(row, _CELLS)).row(0, named=True)
    return {name: found[name] for name in _CELLS_FOUND}


def dual(row: Row) -> Mapping[str, Found]:
    """Doses of two products."""
    total, ratio, _ = dual_dose(_one(row, {"first_per_kg": "cd19_per_kg", "second_per_kg": "bcma_per_kg"})).row(0)
    return {"total_per_kg": total, "ratio_cd19_to_bcma": ratio}


def _one(row: Row, columns: Mapping[str, str]) -> pl.DataFrame:
    """A frame of one row of numbers."""
    given = {name: number(row[column]) for name, column in columns.items()}
    return pl.DataFrame([given], schema=dict.fromkeys(given, pl.Float64))


def _text(text: str) -> pl.Expr:
    return pl.lit(None if text in _NOTHING else text, pl.String)


RULES = (
    CaseRule(
        "bsa", "cart.endpoints.dosing.body_surface.body_surface", ("height_cm", "weight_kg"), tuple(_BY_FORMULA), bsa
    ),
    CaseRule(
        "renal_function",
        "cart.endpoints.dosing.renal_function",
        ("creat_mgdl", "age", "sex", "weight"),
        ("crcl_cg", "egfr_ckdepi2021"),
        renal,
    ),
    CaseRule(
        "renal_function_published",
        "cart.endpoints.dosing.renal_function",
        ("method", "creat", "unit", "age", "sex", "weight", "round_digits"),
        ("expected",),
        renal_published,
    ),
    CaseRule(
        "fludarabine_renal",
        "cart.endpoints.dosing.fludarabine.fludarabine_dose",
        ("crcl_ml_min", "bsa_m2"),
        ("label_dose_mg_m2_if_full_is_25", "dose_mg", "fraction_of_full"),
        fludarabine,
    ),
    CaseRule("cart_dose", "cart.endpoints.dosing.cell_dose.cell_dose", tuple(_CELLS.values()), _CELLS_FOUND, cells),
    CaseRule(
        "cart_dual_ratio",
        "cart.endpoints.dosing.cell_dose.dual_dose",
        ("cd19_per_kg", "bcma_per_kg"),
        ("total_per_kg", "ratio_cd19_to_bcma"),
        dual,
    ),
)
