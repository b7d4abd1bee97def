"""Response: ACR-CRISS and the revised CRISS, with the events of step 1."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.disease.criss import ACR_CRISS, STEP_ONE, Criss, StepOne, acr_criss, revised_criss, step_one_event
from cart.endpoints.outcomes.answering import complete, reasoned, recorded, with_last, with_status, yes_or_no
from cart.endpoints.outcomes.history import up_to
from cart.endpoints.outcomes.measures import (
    FVC,
    HAQ,
    ILD,
    INPUTS,
    LVEF,
    MRSS,
    PAH,
    PATIENT,
    PHYSICIAN,
    RENAL_CRISIS,
    SHARED,
    measures,
    side_by_side,
)
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

_ITEMS = (MRSS, FVC, HAQ, PATIENT, PHYSICIAN)
_CHANGES = {
    MRSS: "d_mrss",
    FVC: "d_fvc_pct_pred",
    PATIENT: "d_patient_global",
    PHYSICIAN: "d_physician_global",
    HAQ: "d_haq_di",
}
_REVISED = {MRSS: "mrss", FVC: "fvc", HAQ: "haq", PATIENT: "ptg", PHYSICIAN: "mdg"}
_CRISS_SOURCE = "Khanna D et al. Arthritis Rheumatol 2016;68:299-311"
NO_PAH_FOUND, PAH_UNKNOWN = "no-pah", "unknown"
IMPROVED_FROM = Parameter(
    "improved_from", ACR_CRISS.improved_from, "", _CRISS_SOURCE, "Probability from which a subject improved.", at_most=1
)
FVC_FALL = Parameter(
    "step1_fvc_fall", STEP_ONE.fvc_fall_pct, "%", _CRISS_SOURCE, "Relative fall of FVC of step 1.", at_most=100
)
FVC_BELOW = Parameter(
    "step1_fvc_below", STEP_ONE.fvc_below, "%", _CRISS_SOURCE, "FVC % predicted below which that fall counts."
)
LVEF_AT_MOST = Parameter(
    "step1_lvef_at_most", STEP_ONE.lvef_at_most, "%", _CRISS_SOURCE, "LVEF of step 1.", at_most=100
)
WITHOUT_CATHETER = Parameter(
    "without_catheter",
    NO_PAH_FOUND,
    "",
    "own choice: a catheter is done where PAH is suspected",
    "What a subject without right-heart catheter since time zero is taken for in step 1; the answer says so.",
    choices=(NO_PAH_FOUND, PAH_UNKNOWN),
)
STEP = (FVC_FALL, FVC_BELOW, LVEF_AT_MOST, WITHOUT_CATHETER)
IMPROVED_PCT = Parameter(
    "improved_percent",
    20.0,
    "%",
    "PMC10750249, as read: 20, 25, 30 or 50",
    "Relative fall of mRSS, HAQ-DI and globals that is an improvement.",
    at_least=1,
    at_most=100,
)
FVC_IMPROVED_PCT = Parameter(
    "fvc_improved_percent",
    5.0,
    "%",
    "PMC10750249, as read",
    "Relative rise of FVC % predicted that is an improvement.",
    at_least=1,
    at_most=100,
)
ITEMS_NEEDED = Parameter(
    "items_needed", 3, "", "PMC10750249, as read", "Improved items that make a response.", at_least=1, at_most=5
)
_NO_CATHETER = "no right-heart catheter since time zero: taken as no PAH"
ABSENT = "no mRSS, FVC, HAQ-DI or global assessment after time zero"


def _confirmed_falls(known: pl.DataFrame, base: pl.DataFrame, pct: float) -> pl.DataFrame:
    """For each FVC after time zero, whether the value before or after it confirms a fall of ``pct`` per cent."""
    rows = known.filter((pl.col("measure") == FVC) & pl.col("after") & pl.col("usable"))
    rows = rows.join(base, on="subject_id", how="inner").sort("subject_id", "collected_on", "result_id")
    fallen = (pl.col("base") - pl.col("value")) * 100 >= pl.col("base") * pct
    beside = [fallen.shift(step).over("subject_id") for step in (1, -1)]
    # Nothing follows yet: what did not fall before may still be confirmed.
    confirmed = (
        pl.when(pl.any_horizontal(beside).fill_null(value=False))
        .then(pl.lit(value=True))
        .when(beside[1].is_not_null())
        .then(pl.lit(value=False))
    )
    return rows.select("subject_id", pl.col("collected_on").alias(f"{FVC}_on"), confirmed.alias("confirmed"))


def _with_step_one(inputs: Prepared, parameters: Mapping[str, Any], grid: pl.DataFrame) -> pl.DataFrame:
    """The grid with step1 (yes, no, null), step1_why (what is not known) and the records it rests on."""
    known = measures(inputs, parameters)
    step = StepOne(
        fvc_fall_pct=float(parameters[FVC_FALL.name]),
        fvc_below=float(parameters[FVC_BELOW.name]),
        lvef_at_most=float(parameters[LVEF_AT_MOST.name]),
    )
    for measure, after, pick in ((RENAL_CRISIS, True, "max"), (LVEF, True, "min"), (PAH, True, "max")):
        grid = up_to(grid, known, measure, after=after, pick=pick)
    grid = up_to(grid, known, ILD, after=False, pick="last")
    base = grid.select("subject_id", pl.col(f"{FVC}_base").alias("base")).drop_nulls().unique("subject_id")
    falls = _confirmed_falls(known, base, step.fvc_fall_pct)
    grid = grid.join(falls, on=["subject_id", f"{FVC}_on"], how="left", maintain_order="left")
    pah = pl.col(PAH) == 1
    if parameters[WITHOUT_CATHETER.name] == NO_PAH_FOUND:
        pah = pah.fill_null(value=False)
    given = grid.select(
        (pl.col(RENAL_CRISIS) == 1).alias("renal_crisis"),
        pl.col("confirmed").alias("fvc_fall_confirmed"),
        (pl.col(ILD) == 1).alias("ild_on_hrct"),
        pah.alias("pah_on_catheter"),
        (100 * (1 - pl.col(FVC) / pl.col(f"{FVC}_base"))).alias("fvc_fall_pct"),
        pl.col(FVC).alias("fvc_pct_pred"),
        pl.col(LVEF).alias("lvef_pct"),
    )
    told = grid.with_columns(step_one_event(given, step=step).alias("event"), given["pah_on_catheter"].alias("pah"))
    # Whoever had an event has had it at every later visit.
    ever = pl.col("event").fill_null(value=False).cast(pl.Int8).cum_max().over("subject_id") == 1
    lacking = {
        "no answer on renal crisis since time zero": pl.col(RENAL_CRISIS).is_null(),
        "no LVEF since time zero": pl.col(LVEF).is_null(),
        "no FVC": pl.col(FVC).is_null() | pl.col(f"{FVC}_base").is_null(),
        "no right-heart catheter since time zero": pl.col("pah").is_null(),
    }
    why = pl.concat_str(
        [pl.when(condition).then(pl.lit(words)) for words, condition in lacking.items()],
        separator=", ",
        ignore_nulls=True,
    )
    others = pl.concat_list([pl.col(f"{name}_records").fill_null([]) for name in (RENAL_CRISIS, LVEF, PAH, ILD)])
    return told.with_columns(
        pl.when(ever).then(pl.lit(value=True)).otherwise("event").alias("step1"),
        pl.when(why == "")
        .then(pl.lit("FVC has fallen; no second value or no HRCT tells more"))
        .otherwise(why)
        .alias("step1_why"),
        pl.concat_list("records", others).alias("records"),
    )


def _grid(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    grid = side_by_side(inputs, parameters, _ITEMS, needed=_ITEMS).filter("after")
    return _with_step_one(inputs, parameters, grid)


def _remark(parameters: Mapping[str, Any]) -> pl.Expr:
    assumed = pl.col(PAH).is_null() & pl.lit(parameters[WITHOUT_CATHETER.name] == NO_PAH_FOUND)
    return (
        pl.when(pl.col("step1"))
        .then(pl.lit("event of step 1"))
        .when(assumed)
        .then(pl.lit(_NO_CATHETER))
        .otherwise(pl.lit(""))
    )


def probability(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """ACR-CRISS: predicted probability of improvement at each planned visit; ``text``: improved or not improved.

    0 from the first event of step 1 on. Without a catheter since time zero there was no PAH on one, unless the
    parameter says otherwise; the answer says so. Without timepoint: the last visit that has an answer.
    """
    if not recorded(inputs, parameters, *_ITEMS):
        return complete(inputs, None, definition=CRISS, absent=ABSENT)
    grid = _grid(inputs, parameters)
    given = grid.select(
        pl.col("step1").alias("step1_event"),
        *((pl.col(name) - pl.col(f"{name}_base")).alias(column) for name, column in _CHANGES.items()),
    )
    index = Criss(id="study", improved_from=float(parameters[IMPROVED_FROM.name]))
    beside = pl.concat([grid, acr_criss(given, index=index)], how="horizontal")
    improved = pl.col("improved")
    open_step = pl.when(pl.col("step1").is_null()).then("step1_why").otherwise(pl.lit(""))
    rows = beside.select(
        "subject_id",
        "timepoint",
        "day",
        pl.col("probability").alias("value"),
        pl.lit(None, pl.Float64).alias("low"),
        pl.lit(None, pl.Float64).alias("high"),
        pl.when(improved).then(pl.lit("improved")).when(~improved).then(pl.lit("not improved")).alias("text"),
        pl.when(pl.col("probability").is_null())
        .then(reasoned(pl.col("reason"), open_step))
        .otherwise(_remark(parameters))
        .alias("reason"),
        pl.col("records").alias("record_evidence"),
    )
    return complete(inputs, with_last(with_status(rows)), definition=CRISS, absent=ABSENT)


def responded(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Revised CRISS at each planned visit: ``text`` yes or no; ``value`` (or ``low``, ``high``): improved items of 5.

    A response has ``items_needed`` improved items and no event of step 1. Without timepoint: the last visit that has
    an answer.
    """
    if not recorded(inputs, parameters, *_ITEMS):
        return complete(inputs, None, definition=REVISED, absent=ABSENT)
    grid = _grid(inputs, parameters)
    given = grid.select(
        *(pl.col(f"{name}_base").alias(f"b_{short}") for name, short in _REVISED.items()),
        *(pl.col(name).alias(f"f_{short}") for name, short in _REVISED.items()),
        pl.col("step1").alias("step1_event"),
    )
    kernel = revised_criss(
        given,
        improved_pct=float(parameters[IMPROVED_PCT.name]),
        fvc_improved_pct=float(parameters[FVC_IMPROVED_PCT.name]),
        items_needed=int(parameters[ITEMS_NEEDED.name]),
    )
    beside = pl.concat([grid, kernel], how="horizontal")
    told = pl.col("responder").is_not_null()
    rows = beside.select(
        "subject_id",
        "timepoint",
        "day",
        pl.when(told).then(pl.col("improved").cast(pl.Float64)).alias("value"),
        pl.when(told & pl.col("improved").is_null()).then(pl.col("improved_low").cast(pl.Float64)).alias("low"),
        pl.when(told & pl.col("improved").is_null()).then(pl.col("improved_high").cast(pl.Float64)).alias("high"),
        yes_or_no(pl.col("responder")).alias("text"),
        pl.when(told)
        .then(reasoned(_remark(parameters), pl.when(pl.col("improved").is_null()).then("reason").otherwise(pl.lit(""))))
        .otherwise(
            reasoned(pl.col("reason"), pl.when(pl.col("step1").is_null()).then("step1_why").otherwise(pl.lit("")))
        )
        .alias("reason"),
        pl.col("records").alias("record_evidence"),
    )
    return complete(inputs, with_last(with_status(rows)), definition=REVISED, absent=ABSENT)


CRISS = register(
    Definition(
        "CRISS",
        "ACR-CRISS, probability",
        "",
        "1",
        _CRISS_SOURCE,
        INPUTS,
        probability,
        (*SHARED, IMPROVED_FROM, *STEP),
        summary=("categories", "numbers"),
    )
)
REVISED = register(
    Definition(
        "CRISSREV",
        "Revised CRISS, response",
        "",
        "1",
        "rule as read in PMC10750249",
        INPUTS,
        responded,
        (*SHARED, IMPROVED_PCT, FVC_IMPROVED_PCT, ITEMS_NEEDED, *STEP),
    )
)
