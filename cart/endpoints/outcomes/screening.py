"""Screening for pulmonary arterial hypertension: both steps of DETECT, from forms and the laboratory."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cart.endpoints.disease.pah_detection import DETECT, Detect, detect_referral
from cart.endpoints.outcomes.answering import complete, recorded, with_last, with_status
from cart.endpoints.outcomes.history import up_to
from cart.endpoints.outcomes.measures import (
    ATRIUM,
    CENTROMERE,
    DLCO,
    FVC,
    INPUTS,
    RIGHT_AXIS,
    SHARED,
    TELANGIECTASIA,
    TRV,
    measures,
    side_by_side,
)
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.windows import visit_records

SOURCE = "Coghlan JG et al. Ann Rheum Dis 2014;73:1340-9"
ABSENT = "no FVC and DLCO at a planned visit"
# To the units of the nomogram, pg/mL and mg/dL; another unit is not read. Urate of 168.11 g/mol.
_TO_PG_ML = {"ng/L": 1.0, "pg/mL": 1.0}
_TO_MG_DL = {"mg/dL": 1.0, "umol/L": 0.016811, "mmol/L": 16.811}
BNP_ANALYTES = Parameter(
    "bnp_analytes", ["NTPROBNP"], "", "own code list", "Codes of NT-proBNP, in ng/L or pg/mL.", reads=True
)
URATE_ANALYTES = Parameter(
    "urate_analytes", ["URATE"], "", "own code list", "Codes of urate, in mg/dL or umol/L.", reads=True
)
ECHO_ABOVE = Parameter("echo_above", DETECT.echo_above, "", SOURCE, "Points of step 1 above which echo is asked for.")
CATHETER_ABOVE = Parameter(
    "catheter_above", DETECT.catheter_above, "", SOURCE, "Points of step 2 above which the catheter is asked for."
)
_OF_VISIT = (FVC, DLCO)
# Telangiectasia counts present or past, an antibody once found stays found; an examination stands until the next.
_EARLIER = ((TELANGIECTASIA, "max"), (CENTROMERE, "max"), (RIGHT_AXIS, "last"), (TRV, "last"), (ATRIUM, "last"))


def _laboratory(inputs: Prepared, analytes: Sequence[str], factors: Mapping[str, float], name: str) -> pl.DataFrame:
    """The exact value nearest to each planned visit, in the unit of the nomogram."""
    number = pl.col("value") * pl.col("unit").replace_strict(dict(factors), default=None, return_dtype=pl.Float64)
    rows = (
        inputs.evaluable(analytes, of_observed=True)
        .with_columns(number.alias("number"))
        # A censored value is no number on a scale that has no steps.
        .filter((pl.col("number") > 0) & (pl.col("qualifier") == "="))
    )
    return (
        visit_records(rows, inputs.planned_visits, by=["subject_id"])
        .filter("chosen")
        .select("subject_id", "timepoint", pl.col("number").alias(name), pl.col("result_id").alias(f"{name}_id"))
    )


def _screened(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    grid = side_by_side(inputs, parameters, _OF_VISIT, needed=_OF_VISIT)
    known = measures(inputs, parameters)
    for measure, pick in _EARLIER:
        grid = up_to(grid, known, measure, after=False, pick=pick)
    for name, analytes, factors in (("BNP", BNP_ANALYTES, _TO_PG_ML), ("URATE", URATE_ANALYTES, _TO_MG_DL)):
        found = _laboratory(inputs, parameters[analytes.name], factors, name)
        grid = grid.join(found, on=["subject_id", "timepoint"], how="left", maintain_order="left")
    detect = Detect(
        id="study",
        echo_above=float(parameters[ECHO_ABOVE.name]),
        catheter_above=float(parameters[CATHETER_ABOVE.name]),
    )
    kernel = detect_referral(
        grid.select(
            pl.col(FVC).alias("fvc_pct"),
            pl.col(DLCO).alias("dlco_pct"),
            (pl.col(TELANGIECTASIA) == 1).alias("telangiectasia"),
            (pl.col(CENTROMERE) == 1).alias("aca"),
            pl.col("BNP").alias("ntprobnp_pg_mL"),
            pl.col("URATE").alias("urate_mg_dL"),
            (pl.col(RIGHT_AXIS) == 1).alias("right_axis_dev"),
            pl.col(ATRIUM).alias("ra_area_cm2"),
            pl.col(TRV).alias("tr_velocity_m_s"),
        ),
        detect=detect,
    )
    earlier = pl.concat_list([pl.col(f"{measure}_records").fill_null([]) for measure, _ in _EARLIER])
    return pl.concat([grid, kernel], how="horizontal").with_columns(pl.concat_list("records", earlier).alias("records"))


def _kept(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    own = (BNP_ANALYTES, URATE_ANALYTES, ECHO_ABOVE, CATHETER_ABOVE)
    key = ("screened", *(repr(parameters[one.name]) for one in (*SHARED, *own)))
    return inputs.kept(key, lambda: _screened(inputs, parameters))


def _answers(inputs: Prepared, rows: pl.DataFrame, step: str, refer: str, definition: Definition) -> pl.DataFrame:
    referred, exact = pl.col(refer), pl.col(f"{step}_total").is_not_null()
    bounds = ("step1_low", "step1_high") if step == "step1" else (None, None)
    none = pl.lit(None, pl.Float64)
    told = rows.select(
        "subject_id",
        "timepoint",
        "day",
        pl.col(f"{step}_total").alias("value"),
        *(
            (pl.when(~exact).then(end) if end else none).cast(pl.Float64).alias(name)
            for name, end in zip(("low", "high"), bounds, strict=True)
        ),
        pl.when(referred).then(pl.lit("refer")).when(~referred).then(pl.lit("no referral")).alias("text"),
        pl.when(~exact).then(f"reason_{step}").otherwise(pl.lit("")).alias("reason"),
        pl.concat_list("BNP_id", "URATE_id").alias("evidence"),
        pl.col("records").alias("record_evidence"),
    )
    return complete(inputs, with_last(with_status(told)), definition=definition, absent=ABSENT)


def _step(
    inputs: Prepared, parameters: Mapping[str, Any], step: str, refer: str, definition: Definition
) -> pl.DataFrame:
    if not recorded(inputs, parameters, *_OF_VISIT):
        return complete(inputs, None, definition=definition, absent=ABSENT)
    return _answers(inputs, _kept(inputs, parameters), step, refer, definition)


def first_step(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Points of step 1 at each planned visit with FVC or DLCO; ``text``: refer (to echocardiography) or no referral.

    FVC, DLCO, NT-proBNP and urate are those of the visit; telangiectasia counts present or past, an anticentromere
    antibody once found; the axis is that of the last ECG up to the visit. A finding or urate that is missing leaves
    bounds, and the text where they agree. Without timepoint: the last visit that has an answer.
    """
    return _step(inputs, parameters, "step1", "refer_echo", FIRST)


def second_step(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Points of step 2 at the same visits; ``text``: refer (to right-heart catheter) or no referral.

    Velocity and area are those of the last echocardiogram up to the visit. Counted wherever its inputs are there; it is
    meant for subjects whom step 1 refers. An empty velocity is one that is not known, it is not taken for 0.
    """
    return _step(inputs, parameters, "step2", "refer_catheter", SECOND)


_READS = (*INPUTS, "observations")
_SHARED = (*SHARED, BNP_ANALYTES, URATE_ANALYTES, ECHO_ABOVE, CATHETER_ABOVE)
_SUMMARY = ("categories", "numbers")
FIRST = register(
    Definition("DETECT1", "DETECT, step 1", "", "1", SOURCE, _READS, first_step, _SHARED, summary=_SUMMARY)
)
SECOND = register(
    Definition("DETECT2", "DETECT, step 2", "", "1", SOURCE, _READS, second_step, _SHARED, summary=_SUMMARY)
)
