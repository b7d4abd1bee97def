"""Cases of cytokine release, neurotoxicity and hematotoxicity."""

from collections.abc import Mapping

import polars as pl

from cart.endpoints.toxicity.car_hematotox import car_hematotox
from cart.endpoints.toxicity.crs import BY_PROTOCOL, crs_grades
from cart.endpoints.toxicity.icaht import CUMULATIVE, LONGEST, icaht_early, icaht_late
from cart.endpoints.toxicity.icans import icans_grades
from cart.endpoints.toxicity.t_icaht import t_icaht_early
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, number, numbers, truth

_NOTHING = ("", "NA")
_HEMATOTOX = {
    "platelets": "platelets_1e9_L",
    "anc": "anc_per_uL",
    "hemoglobin": "hb_g_dL",
    "crp": "crp_mg_dL",
    "ferritin": "ferritin_ng_mL",
}


def crs(row: Row) -> Mapping[str, Found]:
    """An assessment in the words of the consensus."""
    given = {
        "fever": _truth(row["fever_ge_38C"]),
        "fever_waived": _truth(row["fever_waived_after_antipyretic_or_anticytokine"]),
        "hypotension": _word(row["hypotension"]),
        "hypoxia": _word(row["hypoxia"]),
    }
    low, high, reason = crs_grades(_one(given, {"fever": pl.Boolean, "fever_waived": pl.Boolean})).row(0)
    return {"grade": low if low == high else reason if reason == BY_PROTOCOL else None}


def icans(row: Row) -> Mapping[str, Found]:
    """An assessment in the words of the consensus."""
    given = {
        "ice_score": number(row["ice_score"]),
        "consciousness": _word(row["consciousness"]),
        "seizure": _word(row["seizure"]),
        "deep_focal_motor_weakness": _truth(row["deep_focal_motor_weakness"]),
        "icp_oedema": _word(row["icp_oedema"]),
    }
    types = {"ice_score": pl.Float64, "deep_focal_motor_weakness": pl.Boolean}
    low, high, _ = icans_grades(_one(given, types)).row(0)
    return {"grade": low if low == high else None}


def early_icaht(row: Row) -> Mapping[str, Found]:
    """Neutrophils of the days 0, 1, 2... The column is the whole window, also where it ends before day 30."""
    counts = _counts(row["anc_per_uL_day0_to_30"])
    last_day = counts.filter(pl.col("value").is_not_null())["day"].max()
    found: dict[str, Found] = dict.fromkeys(_EARLY)
    if not isinstance(last_day, int):
        return found
    for method in (LONGEST, CUMULATIVE):
        known = counts.filter(pl.col("day") <= last_day)
        graded = icaht_early(known, method=method, last_day=last_day).row(0, named=True)
        found |= {f"{method}_days_{limit}": graded[f"{method}_{limit}"] for limit in ("le500", "le100")}
        found[f"grade_{method}"] = graded["low"]
    return found


def late_icaht(row: Row) -> Mapping[str, Found]:
    """Neutrophils after day 30; one count alone is graded as the file's source does, by its upper bound."""
    graded = icaht_late(_counts(row["anc_per_uL_after_day30"]))
    return {"grade": graded["high"][0] if graded.height else None}


def early_t_icaht(row: Row) -> Mapping[str, Found]:
    """Days of low platelets."""
    given = {"lt50": number(row["days_plt_lt50"]), "lt20": number(row["days_plt_lt20"])}
    low, high, _ = t_icaht_early(_one(given, dict.fromkeys(given, pl.Float64))).row(0)
    return {"grade": low if low == high else None}


def hematotox(row: Row) -> Mapping[str, Found]:
    """Five values before conditioning."""
    given = {name: number(row[column]) for name, column in _HEMATOTOX.items()}
    score, category, *_ = car_hematotox(_one(given, dict.fromkeys(given, pl.Float64))).row(0)
    return {"score": score, "category": category}


def _truth(text: str) -> bool | None:
    return None if text in _NOTHING else truth(text)


def _word(text: str) -> str | None:
    return None if text in _NOTHING else text


def _one(given: Mapping[str, Found], types: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame([given], schema={name: types.get(name, pl.String) for name in given})


def _counts(text: str) -> pl.DataFrame:
    values = numbers(text)
    return pl.DataFrame(
        {"subject_id": 1, "day": range(len(values)), "qualifier": "=", "value": values, "lloq": None},
        schema={
            "subject_id": pl.Int64,
            "day": pl.Int64,
            "qualifier": pl.String,
            "value": pl.Float64,
            "lloq": pl.Float64,
        },
    )


_EARLY = tuple(
    name
    for method in (LONGEST, CUMULATIVE)
    for name in (f"{method}_days_le500", f"{method}_days_le100", f"grade_{method}")
)
RULES = (
    CaseRule(
        "crs_astct",
        "cart.endpoints.toxicity.crs.crs_grades",
        ("fever_ge_38C", "fever_waived_after_antipyretic_or_anticytokine", "hypotension", "hypoxia"),
        ("grade",),
        crs,
    ),
    CaseRule(
        "icans_astct",
        "cart.endpoints.toxicity.icans.icans_grades",
        ("ice_score", "consciousness", "seizure", "deep_focal_motor_weakness", "icp_oedema"),
        ("grade",),
        icans,
    ),
    CaseRule(
        "icaht_early", "cart.endpoints.toxicity.icaht.icaht_early", ("anc_per_uL_day0_to_30",), _EARLY, early_icaht
    ),
    CaseRule(
        "icaht_late", "cart.endpoints.toxicity.icaht.icaht_late", ("anc_per_uL_after_day30",), ("grade",), late_icaht
    ),
    CaseRule(
        "t_icaht_early",
        "cart.endpoints.toxicity.t_icaht.t_icaht_early",
        ("days_plt_lt50", "days_plt_lt20"),
        ("grade",),
        early_t_icaht,
    ),
    CaseRule(
        "car_hematotox",
        "cart.endpoints.toxicity.car_hematotox.car_hematotox",
        tuple(_HEMATOTOX.values()),
        ("score", "category"),
        hematotox,
    ),
)
