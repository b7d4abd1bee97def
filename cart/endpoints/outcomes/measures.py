"""Assessments as one long frame of numbers: a row for each measure of each record, or why it has none.

Yes and no are 1 and 0 here. A measure is compared with itself only, so a series is subject and measure.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from cart.endpoints.baseline import VISIT_RULE, baseline_rows, missing_baseline
from cart.endpoints.depletion import BASELINE
from cart.endpoints.disease.disability import haq_di
from cart.endpoints.disease.predicted import SPIROMETRY_EQUATION, UNUSABLE_GRADES, dlco_predicted, predicted
from cart.endpoints.disease.skin import mrss_total
from cart.endpoints.disease.ultrasound import b_lines
from cart.endpoints.prepared import COLLECTED, Prepared, after_time_zero
from cart.endpoints.timing import protocol_day
from cart.endpoints.windows import visit_records

MRSS, HAQ, FVC, DLCO = "MRSS", "HAQ", "FVC", "DLCO"
PATIENT, PHYSICIAN, SKIN_WORSE = "PTG", "MDG", "SKINWORSE"
ULCERS, RUBS, RENAL_CRISIS = "ULCERS", "RUBS", "RENAL"
ILD, HRCT_WORSE, LVEF, PAH = "ILD", "HRCTWORSE", "LVEF", "PAH"
B_LINES = "BLINES"
TRV, ATRIUM, RIGHT_AXIS = "TRV", "RAAREA", "RAXIS"
TELANGIECTASIA, CENTROMERE = "TELANG", "ACA"
SERIES = ["subject_id", "measure"]
# How answers of many subjects are summarised.
NUMBERS, COMPARED = ("numbers",), ("numbers", "differences")
SHARED = (SPIROMETRY_EQUATION, UNUSABLE_GRADES, BASELINE)
INPUTS = (
    "subjects",
    "time_zero",
    "entries",
    "planned_visits",
    "skin_scores",
    "ulcer_counts",
    "questionnaires",
    "global_assessments",
    "spirometry",
    "diffusing_capacity",
    "lung_ultrasounds",
    "hrct_scans",
    "echocardiograms",
    "catheters",
    "findings",
)
_NUMBERS = ("value", "low", "high", "lln")
# What the shared functions for observations read beside; assessments have a day, no time, and no source's flag.
_AS_OBSERVATIONS: dict[str, tuple[Any, Any]] = {
    "collected_at": (None, pl.Datetime("us")),
    "sequence": (0, pl.Int64),
    "value_text": (None, pl.String),
    "baseline_flag": (False, pl.Boolean),
}


def _key(what: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    return (what, *(repr(parameters[one.name]) for one in SHARED))


def _rows(frame: pl.DataFrame, measure: str, **columns: pl.Expr) -> pl.DataFrame:
    """Rows of one measure; ``columns`` are value and, where there are any, low, high, lln, why and remark."""
    none = pl.lit(None, pl.Float64)
    not_done = pl.col("not_done") != ""
    value = pl.when(~not_done).then(columns["value"].cast(pl.Float64))
    why = columns.get("why", pl.lit("")).fill_null("")
    return frame.select(
        "record",
        pl.col("record_id").alias("result_id"),
        "subject_id",
        "visit",
        pl.col("assessed_on").alias("collected_on"),
        pl.lit(measure).alias("measure"),
        value.alias("value"),
        *(columns.get(name, none).cast(pl.Float64).alias(name) for name in _NUMBERS[1:]),
        pl.when(not_done)
        .then(pl.format("not done: {}", "not_done"))
        .when(value.is_null() & (why == ""))
        .then(pl.lit("not assessed"))
        .when(value.is_null())
        .then(why)
        .otherwise(pl.lit(""))
        .alias("why"),
        columns.get("remark", pl.lit("")).fill_null("").alias("remark"),
    )


def _beside(frame: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, answers.rename({"reason": "kernel_reason"})], how="horizontal")


def _of_lung(frame: pl.DataFrame, answers: pl.DataFrame, measure: str, unusable: Sequence[str]) -> pl.DataFrame:
    graded = pl.col("quality").is_in(unusable).fill_null(value=False)
    return _rows(
        _beside(frame, answers),
        measure,
        value=pl.when(~graded).then("pct"),
        low=pl.col("pct_low"),
        high=pl.col("pct_high"),
        lln=pl.col("lln_pct"),
        why=pl.when(graded).then(pl.format("quality grade {}: not usable", "quality")).otherwise("kernel_reason"),
        remark=pl.col("remark"),
    )


def _of_kernel(frame: pl.DataFrame, answers: pl.DataFrame, measure: str, column: str) -> pl.DataFrame:
    return _rows(_beside(frame, answers), measure, value=pl.col(column), why=pl.col("kernel_reason"))


def _of_ultrasound(frame: pl.DataFrame) -> pl.DataFrame:
    # What the zones examined hold says something also where one was not.
    done = pl.when(pl.col("not_done") == "")
    return _rows(
        _beside(frame, b_lines(frame)),
        B_LINES,
        value=pl.col("total"),
        low=done.then("total_low"),
        high=done.then("total_high"),
        why=pl.col("kernel_reason"),
        remark=pl.when("pleural_irregularity").then(pl.lit("pleural irregularity")),
    )


def _plain_columns() -> list[tuple[str, str, pl.Expr]]:
    """Frame, measure and value of what a form says outright."""
    progressed = pl.when(pl.col("comparison") != "").then(pl.col("comparison") == "progressed")
    return [
        ("ulcer_counts", ULCERS, pl.col("active") > 0),
        ("global_assessments", PATIENT, pl.col("patient_global")),
        ("global_assessments", PHYSICIAN, pl.col("physician_global")),
        ("global_assessments", SKIN_WORSE, pl.col("skin_worse")),
        ("hrct_scans", ILD, pl.col("ild")),
        ("hrct_scans", HRCT_WORSE, progressed),
        ("echocardiograms", LVEF, pl.col("lvef_pct")),
        ("echocardiograms", TRV, pl.col("trv_m_s")),
        ("echocardiograms", ATRIUM, pl.col("ra_area_cm2")),
        ("echocardiograms", RIGHT_AXIS, pl.col("right_axis_deviation")),
        ("catheters", PAH, pl.col("pah")),
        ("findings", RUBS, pl.col("tendon_friction_rubs")),
        ("findings", RENAL_CRISIS, pl.col("renal_crisis")),
        ("findings", TELANGIECTASIA, pl.col("telangiectasia")),
        ("findings", CENTROMERE, pl.col("aca")),
    ]


def _measures(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    frames, unusable = inputs.frames, parameters[UNUSABLE_GRADES.name]
    equation = parameters[SPIROMETRY_EQUATION.name]

    def forced(frame: pl.DataFrame) -> pl.DataFrame:
        return predicted(frame, equation=equation, measure="FVC", measured="fvc_l")

    computed: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "skin_scores": lambda one: _of_kernel(one, mrss_total(one), MRSS, "total"),
        "questionnaires": lambda one: _of_kernel(one, haq_di(one), HAQ, "haq_di"),
        "spirometry": lambda one: _of_lung(one, forced(one), FVC, unusable),
        "diffusing_capacity": lambda one: _of_lung(one, dlco_predicted(one), DLCO, unusable),
        "lung_ultrasounds": _of_ultrasound,
    }
    parts = [rows(frames[name]) for name, rows in computed.items() if frames[name].height]
    parts += [
        _rows(frames[name], measure, value=value)
        for name, measure, value in _plain_columns()
        # Kernels and columns of forms that nobody filled would cost as much as those of filled ones.
        if frames[name].height
    ]
    if not parts:
        parts = [_rows(frames["echocardiograms"], LVEF, value=pl.col("lvef_pct"))]
    return (
        pl.concat(parts)
        .with_columns(
            *(pl.lit(value, dtype).alias(name) for name, (value, dtype) in _AS_OBSERVATIONS.items()),
            pl.col("value").is_not_null().alias("usable"),
        )
        .join(inputs.subjects_with_origin, on="subject_id", how="inner")
        .sort(*SERIES, *COLLECTED, nulls_last=False)
        .with_columns(
            protocol_day(pl.col("collected_on"), pl.col("time_zero_on")).alias("day"),
            _after_baseline_visit(parameters[BASELINE.name]).alias("after"),
        )
    )


def _after_baseline_visit(rule: str) -> pl.Expr:
    """After time zero; where a visit is the baseline, that visit itself is not what is compared with it."""
    if not rule.startswith(VISIT_RULE):
        return after_time_zero()
    return after_time_zero() & (pl.col("visit") != rule[len(VISIT_RULE) :].strip()).fill_null(value=True)


def measures(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Every measure of every record, joined with time zero, in the order of assessment.

    Columns record (``table:id``), subject_id, measure, collected_on, day, after, visit, value, low, high, lln, why
    (there is no value), remark and usable.
    """
    return inputs.kept(_key("measures", parameters), lambda: _measures(inputs, parameters))


def baselines(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Baseline of each subject and measure as ``base`` columns: value, bounds, record and day."""

    def make() -> pl.DataFrame:
        rows = baseline_rows(measures(inputs, parameters), rule=parameters[BASELINE.name], by=SERIES)
        return rows.select(
            *SERIES,
            pl.col("value").alias("base"),
            pl.col("low").alias("base_low"),
            pl.col("high").alias("base_high"),
            pl.col("record").alias("base_record"),
            pl.col("collected_on").alias("base_on"),
        )

    return inputs.kept(_key("baselines", parameters), make)


def at_visits(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """The record that stands for each planned visit, with its baseline.

    One without a value stands for a visit only where no other record does.
    """

    def make() -> pl.DataFrame:
        rows = measures(inputs, parameters).filter(pl.col("day").is_not_null())
        chosen, rest = (
            visit_records(rows.filter(condition), inputs.planned_visits, by=SERIES).filter("chosen")
            for condition in (pl.col("usable"), ~pl.col("usable"))
        )
        alone = rest.join(chosen, on=[*SERIES, "timepoint"], how="anti")
        return pl.concat([chosen, alone.select(chosen.columns)]).join(
            baselines(inputs, parameters), on=SERIES, how="left", maintain_order="left"
        )

    return inputs.kept(_key("at_visits", parameters), make)


def followed(inputs: Prepared, parameters: Mapping[str, Any], measure: str) -> pl.DataFrame:
    """Records of one measure after time zero: at each planned visit and, timepoint empty, the last."""
    rows = measures(inputs, parameters).filter((pl.col("measure") == measure) & pl.col("after"))
    last = (
        rows.filter("usable")
        .group_by("subject_id", maintain_order=True)
        .last()
        .with_columns(pl.lit("").alias("timepoint"))
        .join(baselines(inputs, parameters), on=SERIES, how="left", maintain_order="left")
    )
    visits = at_visits(inputs, parameters).filter((pl.col("measure") == measure) & pl.col("after"))
    return pl.concat([last, visits.select(last.columns)])


def no_baseline(parameters: Mapping[str, Any]) -> str:
    """Why a comparison has no baseline under the rule in force."""
    return missing_baseline(parameters[BASELINE.name])


def side_by_side(
    inputs: Prepared, parameters: Mapping[str, Any], names: Sequence[str], *, needed: Sequence[str]
) -> pl.DataFrame:
    """One row for each subject and planned visit at which a measure of ``needed`` was recorded, with all of ``names``.

    For a measure M the columns M, M_base, M_on, M_base_on; ``day`` is the latest day of the records, ``records`` are
    those of the visit and their baselines.
    """
    visits = at_visits(inputs, parameters)
    grid = (
        visits.filter(pl.col("measure").is_in(list(needed)))
        .group_by("subject_id", "timepoint")
        .agg(pl.col("target_day").first(), pl.col("day").max(), pl.col("after").all())
    )
    whole = grid
    for name in names:
        whole = whole.join(
            visits.filter(pl.col("measure") == name).select(
                "subject_id",
                "timepoint",
                pl.col("value").alias(name),
                pl.col("collected_on").alias(f"{name}_on"),
                pl.col("record").alias(f"{name}_record"),
            ),
            on=["subject_id", "timepoint"],
            how="left",
        ).join(
            # Beside the visits: a subject has its baseline also where this visit lacks the measure.
            baselines(inputs, parameters)
            .filter(pl.col("measure") == name)
            .select(
                "subject_id",
                pl.col("base").alias(f"{name}_base"),
                pl.col("base_on").alias(f"{name}_base_on"),
                pl.col("base_record").alias(f"{name}_base_record"),
            ),
            on="subject_id",
            how="left",
        )
    own = [f"{name}{end}" for name in names for end in ("_record", "_base_record")]
    return (
        whole.with_columns(pl.concat_list(own).list.drop_nulls().alias("records"))
        .drop(own)
        .sort("subject_id", "day", "target_day", "timepoint")
    )
