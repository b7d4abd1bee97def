"""Disease activity by the index of EUSTAR, from forms and the laboratory's CRP."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.disease.activity import EUSTAR_2017, ActivityIndex, eustar_activity
from cart.endpoints.outcomes.answering import complete, recorded, with_last, with_status
from cart.endpoints.outcomes.measures import DLCO, INPUTS, MRSS, RUBS, SHARED, SKIN_WORSE, ULCERS, side_by_side
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.windows import visit_records

_SOURCE = "Valentini G et al. Ann Rheum Dis 2017;76:270-6"
_FORMS = (SKIN_WORSE, MRSS, ULCERS, RUBS, DLCO)
# To mg/dL; CRP in another unit is not read.
_FACTORS = {"mg/L": 0.1, "mg/dL": 1.0}
_MOST_MG_DL = 1000.0
CRP_ANALYTES = Parameter(
    "crp_analytes", ["CRP"], "", "own code list", "Codes of the study's CRP, in mg/L or mg/dL.", reads=True
)
CRP_ABOVE = Parameter("crp_above", EUSTAR_2017.crp_above, "mg/dL", _SOURCE, "CRP above which it has points.")
ACTIVE_FROM = Parameter(
    "active_from", EUSTAR_2017.active_from, "", _SOURCE, "Points from which the disease is active.", at_most=10
)


def _crp(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """CRP in mg/dL of each planned visit; a censored value counts where its limit decides."""
    value = pl.col("value") * pl.col("unit").replace_strict(_FACTORS, default=None, return_dtype=pl.Float64)
    above = pl.col("number") > parameters[CRP_ABOVE.name]
    decides = (
        (pl.col("qualifier") == "=")
        | ((pl.col("qualifier") == "<") & ~above)
        | ((pl.col("qualifier") == ">") & (pl.col("number") >= parameters[CRP_ABOVE.name]))
    )
    # Above the very limit it has points, on the limit it has none.
    number = pl.when(pl.col("qualifier") == ">").then(pl.col("number") * (1 + 1e-9)).otherwise("number")
    rows = (
        inputs.evaluable(parameters[CRP_ANALYTES.name], of_observed=True)
        .with_columns(value.alias("number"))
        .filter((decides & pl.col("number").is_between(0, _MOST_MG_DL)).fill_null(value=False))
    )
    return (
        visit_records(rows, inputs.planned_visits, by=["subject_id"])
        .filter("chosen")
        .select("subject_id", "timepoint", number.alias("CRP"), pl.col("result_id").alias("crp_id"))
    )


def activity(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """EUSTAR index of 2017 at each planned visit with an mRSS: 0 to 10 points; ``text``: active or not active.

    A missing item leaves bounds; where they agree the text is known all the same. A CRP beyond a limit of
    quantification counts where the limit decides. Without timepoint: the last visit that has an answer.
    """
    absent = "no mRSS at a planned visit"
    if not recorded(inputs, parameters, MRSS):
        return complete(inputs, None, definition=EUSTAR, absent=absent)
    grid = side_by_side(inputs, parameters, _FORMS, needed=[MRSS]).join(
        _crp(inputs, parameters), on=["subject_id", "timepoint"], how="left", maintain_order="left"
    )
    index = ActivityIndex(
        id="study", crp_above=float(parameters[CRP_ABOVE.name]), active_from=float(parameters[ACTIVE_FROM.name])
    )
    kernel = eustar_activity(
        grid.select(
            (pl.col(SKIN_WORSE) == 1).alias("delta_skin_worse"),
            pl.col(MRSS).alias("mrss"),
            (pl.col(ULCERS) == 1).alias("digital_ulcers"),
            (pl.col(RUBS) == 1).alias("tendon_friction_rubs"),
            pl.col("CRP").alias("crp_mg_dL"),
            pl.col(DLCO).alias("dlco_pct"),
        ),
        index=index,
    )
    beside = pl.concat([grid, kernel], how="horizontal")
    exact, active = pl.col("score").is_not_null(), pl.col("active")
    rows = beside.select(
        "subject_id",
        "timepoint",
        "day",
        pl.col("score").alias("value"),
        pl.when(~exact).then("score_low").alias("low"),
        pl.when(~exact).then("score_high").alias("high"),
        pl.when(active).then(pl.lit("active")).when(~active).then(pl.lit("not active")).alias("text"),
        "reason",
        pl.concat_list("crp_id").alias("evidence"),
        pl.col("records").alias("record_evidence"),
    )
    return complete(inputs, with_last(with_status(rows)), definition=EUSTAR, absent=absent)


EUSTAR = register(
    Definition(
        "EUSTAR",
        "EUSTAR activity index",
        "",
        "1",
        _SOURCE,
        (*INPUTS, "observations"),
        activity,
        (*SHARED, CRP_ANALYTES, CRP_ABOVE, ACTIVE_FROM),
        summary=("categories", "numbers"),
    )
)
