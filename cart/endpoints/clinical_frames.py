"""Columns of the frames of assessments, one frame a form; null where something was not assessed."""

from typing import Any

import polars as pl

from cart.endpoints.disease.disability import CATEGORIES
from cart.endpoints.disease.skin import SITES
from cart.endpoints.disease.ultrasound import ZONES

_RECORD: dict[str, Any] = {
    "record": pl.String,
    "record_id": pl.Int64,
    "subject_id": pl.Int64,
    "visit": pl.String,
    "assessed_on": pl.Date,
    "not_done": pl.String,
}
_BODY: dict[str, Any] = {
    "year_of_birth": pl.Int64,
    "sex": pl.String,
    "age_years": pl.Float64,
    "height_cm": pl.Float64,
    "quality": pl.String,
}
# The items of HAQ-DI by category, in the order of the questionnaire.
ITEMS_OF = {
    "dressing": ("dress", "shampoo"),
    "arising": ("stand_up", "bed"),
    "eating": ("cut_meat", "lift_cup", "open_carton"),
    "walking": ("walk_outdoors", "climb_steps"),
    "hygiene": ("wash", "bath", "toilet"),
    "reach": ("reach_up", "bend_down"),
    "grip": ("car_doors", "jars", "taps"),
    "activities": ("errands", "car", "chores"),
}
FINDING_COLUMNS = (
    "raynaud",
    "puffy",
    "skin_prox_mcp",
    "sclerodactyly",
    "tip_ulcer",
    "pitting",
    "telangiectasia",
    "nailfold",
    "pah",
    "ild",
    "ana",
    "aca",
    "topo1",
    "topo1_high",
    "rnap3",
    "other_ssc_antibody",
    "tendon_friction_rubs",
    "renal_crisis",
)
_OWN: dict[str, dict[str, Any]] = {
    "skin_scores": dict.fromkeys((site.name for site in SITES), pl.Int64),
    "ulcer_counts": {"active": pl.Int64},
    "questionnaires": {
        **dict.fromkeys(CATEGORIES, pl.Int64),
        **{f"{name}_aid": pl.Boolean for name in CATEGORIES},
    },
    "global_assessments": {
        "patient_global": pl.Float64,
        "physician_global": pl.Float64,
        "skin_worse": pl.Boolean,
    },
    "spirometry": {**_BODY, "gli_group": pl.Int64, "fvc_l": pl.Float64},
    "diffusing_capacity": {
        **_BODY,
        "gli_group": pl.Int64,
        "dlco": pl.Float64,
        "unit": pl.String,
        "haemoglobin_g_dl": pl.Float64,
    },
    "lung_ultrasounds": {**dict.fromkeys((zone.name for zone in ZONES), pl.Int64), "pleural_irregularity": pl.Boolean},
    "hrct_scans": {"ild": pl.Boolean, "comparison": pl.String},
    "echocardiograms": {
        "lvef_pct": pl.Float64,
        "trv_m_s": pl.Float64,
        "ra_area_cm2": pl.Float64,
        "right_axis_deviation": pl.Boolean,
    },
    "catheters": {"pah": pl.Boolean},
    "findings": dict.fromkeys(FINDING_COLUMNS, pl.Boolean),
}
CLINICAL_FRAMES = {name: {**_RECORD, **columns} for name, columns in _OWN.items()}
