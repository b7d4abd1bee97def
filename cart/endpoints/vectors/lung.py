"""Cases of reference values of lung function and of progression of interstitial lung disease."""

from collections.abc import Mapping

import polars as pl

from cart.endpoints.disease.ild_progression import ITEMS as LUNG_ITEMS
from cart.endpoints.disease.ild_progression import ild_progression
from cart.endpoints.disease.lung_function import lung_function
from cart.endpoints.disease.lung_tables import RSPIRO
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, number

_CM = 100
_VALUES = {
    "L": "l",
    "M": "m",
    "S": "s",
    "predicted": "m",
    "LLN": "lln",
    "pct_pred": "pct_predicted",
    "z": "z",
}


def lung_progression(row: Row) -> Mapping[str, Found]:
    """FVC and DLCO at baseline and follow-up, by the definition of OMERACT."""
    given = {item.name: number(row[item.name]) for item in LUNG_ITEMS}
    found = ild_progression(pl.DataFrame(given), definition="omeract-2015").row(0, named=True)
    if found["progression"] is None:
        absent = "FVC" if found["rel_fvc_decline"] is None else "DLCO"
        result = f"not evaluable ({absent} missing)"
    else:
        result = f"progression({found['way']})" if found["progression"] else "stable"
    return {name: found[name] for name in ("rel_fvc_decline", "rel_dlco_decline", "abs_fvc_decline")} | {
        "result": result
    }


def reference_values(row: Row) -> Mapping[str, Found]:
    """One measurement; the cases are of the program rspiro, so that the tables are read as it does."""
    height, group = number(row["height_m"]), number(row["ethnicity"])
    rows = pl.DataFrame(
        {
            "age_years": number(row["age"]),
            # 1.62 m is 162 cm; the product alone is off in its last digit.
            "height_cm": None if height is None else round(height * _CM, 9),
            "measured": number(row["measured"]),
            "sex": row["sex"] if row["sex"] not in ("", "NA") else None,
            "group": group,
        },
        schema_overrides={"sex": pl.String, "group": pl.Float64},
    )
    answer = lung_function(rows, equation=row["equation"], measure=row["param"], reading=RSPIRO).row(0, named=True)
    return {column: answer[name] for column, name in _VALUES.items()}


RULES = (
    CaseRule(
        "gli_lung_function",
        "cart.endpoints.disease.lung_function.lung_function",
        ("equation", "param", "age", "height_m", "sex", "ethnicity", "measured"),
        tuple(_VALUES),
        reference_values,
    ),
    CaseRule(
        "ild_progression",
        "cart.endpoints.disease.ild_progression.ild_progression",
        tuple(item.name for item in LUNG_ITEMS),
        ("rel_fvc_decline", "rel_dlco_decline", "abs_fvc_decline", "result"),
        lung_progression,
    ),
)
