"""Cases of progression of interstitial lung disease."""

from collections.abc import Mapping

import polars as pl

from cart.endpoints.disease.ild_progression import ITEMS as LUNG_ITEMS
from cart.endpoints.disease.ild_progression import ild_progression
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, number


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


RULES = (
    CaseRule(
        "ild_progression",
        "cart.endpoints.disease.ild_progression.ild_progression",
        tuple(item.name for item in LUNG_ITEMS),
        ("rel_fvc_decline", "rel_dlco_decline", "abs_fvc_decline", "result"),
        lung_progression,
    ),
)
