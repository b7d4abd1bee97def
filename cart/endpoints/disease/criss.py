"""Response by the ACR composite index CRISS and its revision."""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.disease.items import HAIR, Item, bounds, checked, decided, missing, only_where_equal
from cart.endpoints.errors import ParameterError


@dataclass(frozen=True)
class Criss:
    """Coefficients of ACR-CRISS for changes from baseline, and the probability from which a subject improved.

    Units: points of the mRSS, percentage points of FVC % predicted, points of 0-10 scales, points of the HAQ-DI.
    """

    id: str = "acr-criss-2016"
    intercept: float = -5.54
    mrss: float = -0.81
    fvc: float = 0.21
    patient_global: float = -0.40
    physician_global: float = -0.44
    haq_di: float = -3.41
    improved_from: float = 0.60


@dataclass(frozen=True)
class StepOne:
    """Thresholds of step 1: relative fall of FVC in per cent, FVC in % predicted, LVEF in per cent."""

    fvc_fall_pct: float = 15.0
    fvc_below: float = 80.0
    lvef_at_most: float = 45.0


ACR_CRISS = Criss()
STEP_ONE = StepOne()
CHANGES = (
    Item("d_mrss", "change of mRSS", -51, 51),
    Item("d_fvc_pct_pred", "change of FVC", -250, 250),
    Item("d_patient_global", "change of patient global", -10, 10),
    Item("d_physician_global", "change of physician global", -10, 10),
    Item("d_haq_di", "change of HAQ-DI", -3, 3),
)
_STEP_ONE_ITEM = Item("step1_event", "answer on step 1")
_EVENTS = (
    Item("renal_crisis", "answer on renal crisis"),
    Item("fvc_fall_confirmed", "answer on a confirmed fall of FVC"),
    Item("ild_on_hrct", "HRCT"),
    Item("pah_on_catheter", "answer on PAH"),
    Item("fvc_fall_pct", "fall of FVC", -1000, 100),
    Item("fvc_pct_pred", "FVC", 0, 250),
    Item("lvef_pct", "LVEF", 0, 100),
)
REVISED_ITEMS = (
    Item("b_mrss", "mRSS at baseline", 0, 51),
    Item("b_fvc", "FVC at baseline", 0, 250),
    Item("b_haq", "HAQ-DI at baseline", 0, 3),
    Item("b_ptg", "patient global at baseline", 0, 100),
    Item("b_mdg", "physician global at baseline", 0, 100),
    Item("f_mrss", "mRSS", 0, 51),
    Item("f_fvc", "FVC", 0, 250),
    Item("f_haq", "HAQ-DI", 0, 3),
    Item("f_ptg", "patient global", 0, 100),
    Item("f_mdg", "physician global", 0, 100),
)


def step_one_event(rows: pl.DataFrame, *, step: StepOne = STEP_ONE) -> pl.Series:
    """Whether each subject had an event that excludes improvement; null where what is missing decides.

    Parameters
    ----------
    rows
        Columns since baseline: renal_crisis, fvc_fall_confirmed, ild_on_hrct, pah_on_catheter (yes or no, new),
        fvc_fall_pct (relative, per cent), fvc_pct_pred, lvef_pct.
    step
        Thresholds.

    Notes
    -----
    Any of: new scleroderma renal crisis; FVC fallen by 15 % or more (relative), confirmed, with ILD on HRCT and FVC
    below 80 % predicted; LVEF of 45 % or less; pulmonary arterial hypertension on right-heart catheter.

    Source: Khanna D et al. Arthritis Rheumatol 2016;68:299-311.

    >>> rows = pl.DataFrame({"renal_crisis": [False, None], "fvc_fall_confirmed": True, "ild_on_hrct": True,
    ...     "pah_on_catheter": False, "fvc_fall_pct": [15.0, 3.0], "fvc_pct_pred": 79.0, "lvef_pct": 60.0})
    >>> step_one_event(rows).to_list()
    [True, None]
    """
    lung = pl.all_horizontal(
        pl.col("fvc_fall_confirmed"),
        pl.col("ild_on_hrct"),
        pl.col("fvc_fall_pct") >= step.fvc_fall_pct - HAIR,
        pl.col("fvc_pct_pred") < step.fvc_below,
    )
    heart = pl.col("lvef_pct") <= step.lvef_at_most
    event = pl.any_horizontal(pl.col("renal_crisis"), lung, heart, pl.col("pah_on_catheter"))
    return checked(rows, _EVENTS).select(event.alias("step1_event")).to_series()


def acr_criss(rows: pl.DataFrame, *, index: Criss = ACR_CRISS) -> pl.DataFrame:
    """Predicted probability that each subject improved.

    Parameters
    ----------
    rows
        Columns step1_event (yes or no) and the changes from baseline ``CHANGES``, follow-up less baseline; null
        where not known.
    index
        Coefficients and cut.

    Returns
    -------
    Columns linear_predictor, probability (0 to 1), improved (probability at or above the cut) and reason (what is
    missing). One row per row, in the same order.

    Notes
    -----
    p = 1 / (1 + exp(-x)), x = -5.54 - 0.81 dmRSS + 0.21 dFVC% - 0.40 dPatientGlobal - 0.44 dPhysicianGlobal
    - 3.41 dHAQ-DI; improved from 0.60. After an event of step 1 the probability is 0 whatever changed, also where a
    change is missing; without an answer on step 1 there is no probability. Nothing is imputed.

    Source: Khanna D et al. Arthritis Rheumatol 2016;68:299-311, table of coefficients in PMC4818571.

    >>> changes = {"d_mrss": -7, "d_fvc_pct_pred": 0, "d_patient_global": 0, "d_physician_global": -1}
    >>> rows = pl.DataFrame({"step1_event": [False, True, None], "d_haq_di": 0.125, **changes})
    >>> [(p and round(p, 6), better, why) for _, p, better, why in acr_criss(rows).rows()]
    [(0.535876, False, ''), (0.0, False, ''), (None, None, 'no answer on step 1')]
    """
    predictor = (
        index.intercept
        + index.mrss * pl.col("d_mrss")
        + index.fvc * pl.col("d_fvc_pct_pred")
        + index.patient_global * pl.col("d_patient_global")
        + index.physician_global * pl.col("d_physician_global")
        + index.haq_di * pl.col("d_haq_di")
    )
    items = (_STEP_ONE_ITEM, *CHANGES)
    event = pl.col("step1_event")
    probability = pl.when(event).then(0.0).when(~event).then(1 / (1 + (-pl.col("linear_predictor")).exp()))
    return (
        checked(rows, items)
        .with_columns(predictor.alias("linear_predictor"))
        .with_columns(probability.alias("probability"))
        .select(
            "linear_predictor",
            "probability",
            (pl.col("probability") >= index.improved_from).alias("improved"),
            pl.when(pl.col("probability").is_null()).then(missing(items)).otherwise(pl.lit("")).alias("reason"),
        )
    )


def revised_criss(
    rows: pl.DataFrame, *, improved_pct: float = 20.0, fvc_improved_pct: float = 5.0, items_needed: int = 3
) -> pl.DataFrame:
    """Response of each subject by the revised CRISS.

    Parameters
    ----------
    rows
        Columns ``REVISED_ITEMS``: mRSS, FVC (% predicted), HAQ-DI, patient and physician global at baseline (b_) and
        at follow-up (f_). May have step1_event: after one there is no response.
    improved_pct
        Relative fall of mRSS, HAQ-DI and the globals that is an improvement, per cent (20, 25, 30, 50).
    fvc_improved_pct
        Relative rise of FVC that is, per cent.
    items_needed
        Improved items that make a response, of five.

    Returns
    -------
    Columns improved_low, improved_high, improved (number of improved items; null where the missing ones decide),
    responder (yes or no where the bounds agree) and reason. One row per row, in the same order.

    Notes
    -----
    An item that is 0 at baseline cannot improve. An item without one of its two values counts as not improved in
    improved_low and as improved in improved_high.

    Source: rule as read in PMC10750249; number of items and per cent are parameters of the protocol.

    Raises
    ------
    ParameterError
        A per cent outside (0, 100] or a number of items outside 1 to 5.

    >>> rows = pl.DataFrame({"b_mrss": 24, "b_fvc": 70, "b_haq": 1.0, "b_ptg": 6, "b_mdg": [6, None],
    ...     "f_mrss": 18, "f_fvc": 73.5, "f_haq": 0.75, "f_ptg": 6, "f_mdg": 6})
    >>> revised_criss(rows, improved_pct=25).rows()
    [(3, 3, 3, True, ''), (3, 4, None, True, 'no physician global at baseline')]
    """
    if not (0 < improved_pct <= 100 and 0 < fvc_improved_pct <= 100):
        raise ParameterError(
            f"An improvement is above 0 and up to 100 %; found {improved_pct:g} and {fvc_improved_pct:g}. "
            "[criss-improvement]"
        )
    if not 1 <= items_needed <= len(REVISED_ITEMS) // 2:
        raise ParameterError(f"A response needs 1 to 5 of the 5 items; found {items_needed}. [criss-items]")

    def better(name: str, sign: int, pct: float) -> pl.Expr:
        base, later = pl.col(f"b_{name}"), pl.col(f"f_{name}")
        return (base > 0) & (sign * (later - base) * 100 >= base * (pct - HAIR))

    better_items = [
        better("fvc", 1, fvc_improved_pct),
        *(better(name, -1, improved_pct) for name in ("mrss", "haq", "ptg", "mdg")),
    ]
    items = [*REVISED_ITEMS, _STEP_ONE_ITEM] if "step1_event" in rows.columns else list(REVISED_ITEMS)
    counted = checked(rows, items).with_columns(
        pl.sum_horizontal(bounds(one)[end].cast(pl.Int64) for one in better_items).alias(f"improved_{name}")
        for end, name in enumerate(("low", "high"))
    )
    low, high = (pl.col(f"improved_{name}") >= items_needed for name in ("low", "high"))
    responder = decided(low, high)
    if "step1_event" in rows.columns:
        responder = responder & ~pl.col("step1_event")
    return counted.select(
        "improved_low",
        "improved_high",
        only_where_equal("improved_low", "improved_high").alias("improved"),
        responder.alias("responder"),
        missing(items).alias("reason"),
    )
