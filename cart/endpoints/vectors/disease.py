"""Cases of classification, very early disease, activity, response and screening for pulmonary hypertension."""

from collections.abc import Mapping

import polars as pl

from cart.endpoints.disease.activity import eustar_activity
from cart.endpoints.disease.classification import ITEMS as CRITERIA_ITEMS
from cart.endpoints.disease.classification import acr_eular_classification
from cart.endpoints.disease.criss import REVISED_ITEMS, acr_criss, revised_criss
from cart.endpoints.disease.pah_detection import STEP_ONE, STEP_TWO, detect_referral
from cart.endpoints.disease.vedoss import RED_FLAGS, vedoss_levels
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, number, required, truth

_CHANGES = {
    "d_mrss": "d_mrss",
    "d_fvc_pct_pred": "d_fvc_pct_pred",
    "d_patient_global": "d_patient_global_0_10",
    "d_physician_global": "d_physician_global_0_10",
    "d_haq_di": "d_haq_di",
}
_POINTS = ("p_ratio", "p_tel", "p_aca", "p_bnp", "p_urate", "p_rad")


def one_row(answers: pl.DataFrame) -> dict[str, Found]:
    """The only row of an answer."""
    return answers.row(0, named=True)


def yes_or_no(text: str) -> bool | None:
    """Yes, no, or nothing."""
    return None if text in ("", "NA") else truth(text)


def vedoss(row: Row) -> Mapping[str, Found]:
    """Five red flags."""
    found = one_row(vedoss_levels(pl.DataFrame({flag.name: yes_or_no(row[flag.name]) for flag in RED_FLAGS})))
    return {"level": found["level"], "n_red_flags_of_5": found["red_flags"]}


def classification(row: Row) -> Mapping[str, Found]:
    """Thirteen items; where the sufficient one is present the file has words instead of the score."""
    rows = pl.DataFrame({item.name: yes_or_no(row[item.name]) for item in CRITERIA_ITEMS})
    found = one_row(acr_eular_classification(rows))
    return {
        "score": "sufficient(>=9)" if found["sufficient"] else found["score"],
        "classified": found["classified"],
    }


def activity(row: Row) -> Mapping[str, Found]:
    """Six items of the activity index."""
    findings = ("delta_skin_worse", "digital_ulcers", "tendon_friction_rubs")
    measured = ("mrss", "crp_mg_dL", "dlco_pct")
    given = {name: yes_or_no(row[name]) for name in findings} | {name: number(row[name]) for name in measured}
    found = one_row(eustar_activity(pl.DataFrame(given)))
    return {"score": found["score"], "active_ge_2_5": found["active"]}


def composite_response(row: Row) -> Mapping[str, Found]:
    """Five changes and the event of step 1."""
    changes = {name: number(row[column]) for name, column in _CHANGES.items()}
    found = one_row(acr_criss(pl.DataFrame({"step1_event": yes_or_no(row["step1_event"]), **changes})))
    # After an event the predictor decides nothing: a file may leave it out.
    stated = found["probability"] != 0 or row["linear_predictor"] not in ("", "NA")
    return {
        "linear_predictor": found["linear_predictor"] if stated else None,
        "probability": found["probability"],
        "improved_ge_0_60": found["improved"],
    }


def revised_response(row: Row) -> Mapping[str, Found]:
    """Five items at baseline and follow-up; three or two of them are needed."""
    rows = pl.DataFrame({item.name: number(row[item.name]) for item in REVISED_ITEMS})
    pct = required(row["pct"])
    of_three, of_two = (one_row(revised_criss(rows, improved_pct=pct, items_needed=needed)) for needed in (3, 2))
    return {
        "n_improved": of_three["improved"],
        "resp_ge3of5": of_three["responder"],
        "resp_ge2of5": of_two["responder"],
    }


def pah_screening(row: Row) -> Mapping[str, Found]:
    """Both steps of DETECT."""
    given = {
        item.name: number(row[item.name]) if item.is_number else yes_or_no(row[item.name])
        for item in (*STEP_ONE, *STEP_TWO)
    }
    found = one_row(detect_referral(pl.DataFrame(given)))
    return {name: found[name] for name in (*_POINTS, "step1_total", "p_ra", "p_tr", "step2_total")} | {
        "p_step1conv": found["p_step1"],
        "refer_echo_gt300": found["refer_echo"],
        "refer_rhc_gt35": found["refer_catheter"],
    }


RULES = (
    CaseRule(
        "vedoss",
        "cart.endpoints.disease.vedoss.vedoss_levels",
        tuple(flag.name for flag in RED_FLAGS),
        ("level", "n_red_flags_of_5"),
        vedoss,
    ),
    CaseRule(
        "acr_eular_2013",
        "cart.endpoints.disease.classification.acr_eular_classification",
        tuple(item.name for item in CRITERIA_ITEMS),
        ("score", "classified"),
        classification,
    ),
    CaseRule(
        "eustar_activity_index",
        "cart.endpoints.disease.activity.eustar_activity",
        ("delta_skin_worse", "mrss", "digital_ulcers", "tendon_friction_rubs", "crp_mg_dL", "dlco_pct"),
        ("score", "active_ge_2_5"),
        activity,
    ),
    CaseRule(
        "acr_criss",
        "cart.endpoints.disease.criss.acr_criss",
        ("step1_event", *_CHANGES.values()),
        ("linear_predictor", "probability", "improved_ge_0_60"),
        composite_response,
    ),
    CaseRule(
        "revised_criss",
        "cart.endpoints.disease.criss.revised_criss",
        (*(item.name for item in REVISED_ITEMS), "pct"),
        ("n_improved", "resp_ge3of5", "resp_ge2of5"),
        revised_response,
    ),
    CaseRule(
        "detect_pah",
        "cart.endpoints.disease.pah_detection.detect_referral",
        tuple(item.name for item in (*STEP_ONE, *STEP_TWO)),
        (
            *_POINTS,
            "step1_total",
            "refer_echo_gt300",
            "p_step1conv",
            "p_ra",
            "p_tr",
            "step2_total",
            "refer_rhc_gt35",
        ),
        pah_screening,
    ),
)
