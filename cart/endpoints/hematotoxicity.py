"""Hematotoxicity as endpoints: ICAHT early and late, T-ICAHT, and CAR-HEMATOTOX before conditioning."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE, completed_answers
from cart.endpoints.baseline import baseline_rows
from cart.endpoints.censoring import interval_high, interval_low
from cart.endpoints.ctcae_units import same_unit
from cart.endpoints.depletion import BASELINE
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Compute, Definition, Parameter, register
from cart.endpoints.toxicity.car_hematotox import HIGH, HIGH_FROM, ITEMS, LOW, car_hematotox
from cart.endpoints.toxicity.icaht import CUMULATIVE, EARLY_TO_DAY, LONGEST, icaht_early, icaht_late
from cart.endpoints.toxicity.low_spells import low_spells
from cart.endpoints.toxicity.t_icaht import LT20, LT50, low_platelet_days, t_icaht_early

# Unit of a result to (times, by): a quotient is rounded once, so 30 mg/L are 3 mg/dL and nothing near it.
_SCALES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "/uL": {"/uL": (1.0, 1.0), "10*9/L": (1000.0, 1.0)},
    "10*9/L": {"10*9/L": (1.0, 1.0), "/uL": (1.0, 1000.0)},
    "g/dL": {"g/dL": (1.0, 1.0), "g/L": (1.0, 10.0)},
    "mg/dL": {"mg/dL": (1.0, 1.0), "mg/L": (1.0, 10.0)},
    "ng/mL": {"ng/mL": (1.0, 1.0), "ug/L": (1.0, 1.0)},
}
_CONVENTION = "CDISC controlled terminology (LBTESTCD), and the codes of the shipped template"


def _analytes(name: str, what: str, codes: list[str]) -> Parameter:
    return Parameter(name, codes, "", _CONVENTION, f"Codes of the analytes that are {what}.", reads=True)


NEUTROPHILS = _analytes("neutrophils", "the absolute neutrophil count", ["ANC", "NEUT"])
PLATELETS = _analytes("platelets", "the platelet count", ["PLT", "PLAT"])
HEMOGLOBIN = _analytes("hemoglobin", "hemoglobin", ["HGB"])
CRP = _analytes("crp", "C-reactive protein", ["CRP"])
FERRITIN = _analytes("ferritin", "ferritin", ["FERRITIN"])
METHOD = Parameter(
    "method",
    LONGEST,
    "",
    "Rejeski 2023 and Liang 2024 count differently",
    "Days that count: of the longest spell, or cumulative of all.",
    choices=(LONGEST, CUMULATIVE),
)


def measured(inputs: Prepared, codes: Sequence[str], *, unit: str) -> pl.DataFrame:
    """Evaluable results of these analytes with value and lloq in ``unit``; null where a result's unit does not convert.

    A spelling or a power of ten of the unit is converted, no other.
    """

    def make() -> pl.DataFrame:
        rows = inputs.evaluable(codes)
        # The units are few; looked up row by row their spellings would cost more than the rule.
        scales = {found: _SCALES[unit].get(same_unit(found), (None, None)) for found in rows["unit"].unique()}
        times, by = (
            pl.col("unit").replace_strict(
                {found: pair[place] for found, pair in scales.items()}, default=None, return_dtype=pl.Float64
            )
            for place in (0, 1)
        )
        return rows.with_columns((pl.col(name) * times / by).alias(name) for name in ("value", "lloq"))

    return inputs.kept(("measured", unit, *sorted(codes)), make)


def _graded(
    inputs: Prepared,
    counts: pl.DataFrame,
    kernel: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    definition: Definition,
    unit: str,
    absent: str,
) -> pl.DataFrame:
    """Answers from the columns low, high, reason of a kernel; a count in another unit leaves no grade."""
    return completed_answers(
        None if counts.is_empty() else _by_unit(counts, kernel(counts), unit),
        inputs.subjects_with_zero,
        code=definition.code,
        version=definition.version,
        unit=definition.unit,
        absent=inputs.absence(absent),
    )


def _by_unit(counts: pl.DataFrame, grades: pl.DataFrame, unit: str) -> pl.DataFrame:
    used = counts.group_by("subject_id", maintain_order=True).agg(
        pl.col("result_id").alias("evidence"),
        pl.col("unit").filter(pl.col("value").is_null()).unique().sort().str.join(", ").alias("units"),
    )
    known = pl.col("low").is_not_null() & (pl.col("units") == "")
    exact = pl.col("low") == pl.col("high")
    return used.join(grades, on="subject_id", how="left", maintain_order="left").select(
        "subject_id",
        pl.when(known & exact).then("low").cast(pl.Float64).alias("value"),
        *(pl.when(known).then(name).cast(pl.Float64).alias(name) for name in ("low", "high")),
        pl.when(~known)
        .then(pl.lit(NOT_EVALUABLE))
        .when(exact)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
        pl.when(pl.col("units") != "")
        .then(pl.format("a unit that does not convert to {}: {}", pl.lit(unit), "units"))
        .otherwise("reason")
        .alias("reason"),
        "evidence",
    )


def _early(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.filter(pl.col("day").is_between(0, EARLY_TO_DAY))


def icaht_early_grade(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Grade of early ICAHT (Day 0 to 30) from the neutrophil counts.

    Days behind the last count may be low or not: where that matters the answer is bounded, with the reason.
    """
    counts = _early(measured(inputs, parameters["neutrophils"], unit="/uL"))
    kernel = partial(icaht_early, method=parameters["method"])
    return _graded(
        inputs, counts, kernel, definition=DEFINITIONS["ICAHTE"], unit="/uL",
        absent=f"no neutrophil count from day 0 to {EARLY_TO_DAY}",
    )  # fmt: skip


def icaht_late_grade(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Grade of late ICAHT (after Day 30) from the lowest neutrophil count; two counts at or below 1500/uL at least."""
    counts = measured(inputs, parameters["neutrophils"], unit="/uL").filter(pl.col("day") > EARLY_TO_DAY)
    return _graded(
        inputs, counts, icaht_late, definition=DEFINITIONS["ICAHTL"], unit="/uL",
        absent=f"no neutrophil count after day {EARLY_TO_DAY}",
    )  # fmt: skip


def t_icaht_early_grade(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Grade of early T-ICAHT (Day 0 to 30) from the days with platelets below 50 and 20 * 10*9/L.

    Days behind the last count, and counts below a limit that does not tell, are taken as low for the upper bound.
    """
    counts = _early(measured(inputs, parameters["platelets"], unit="10*9/L"))
    return _graded(
        inputs, counts, _t_icaht_bounds, definition=DEFINITIONS["TICAHTE"], unit="10*9/L",
        absent=f"no platelet count from day 0 to {EARLY_TO_DAY}",
    )  # fmt: skip


def _t_icaht_bounds(counts: pl.DataFrame) -> pl.DataFrame:
    known = low_platelet_days(counts)
    least = known.select("subject_id").with_columns(t_icaht_early(known).get_column("low"))
    worst = [
        low_spells(counts, low=low, last_day=EARLY_TO_DAY, worst=True).select(
            "subject_id", pl.col("cumulative").alias(name)
        )
        for low, name in ((LT50, "lt50"), (LT20, "lt20"))
    ]
    most = worst[0].join(worst[1], on="subject_id", maintain_order="left")
    most = most.select("subject_id").with_columns(t_icaht_early(most).get_column("high"))
    last = counts.group_by("subject_id").agg(pl.col("day").max().alias("last"))
    return (
        least.join(most, on="subject_id", maintain_order="left")
        .join(last, on="subject_id", maintain_order="left")
        .with_columns(
            pl.when(pl.col("low") == pl.col("high"))
            .then(pl.lit(""))
            .when(pl.col("last") < EARLY_TO_DAY)
            .then(pl.format("counts end on day {}: grade {} to {}", "last", "low", "high"))
            .otherwise(pl.format("censored: grade {} to {}", "low", "high"))
            .alias("reason")
        )
    )


def hematotox_score(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """CAR-HEMATOTOX, 0 to 7, from the last values before conditioning; ``text`` is low or high (2 and more).

    With a value that is missing, or censored where that matters, the score is bounded and ``reason`` says which; the
    category is given where the bounds agree on it.
    """
    names = {"platelets": "platelets", "anc": "neutrophils", "hemoglobin": "hemoglobin", "crp": "crp",
             "ferritin": "ferritin"}  # fmt: skip
    scored = None
    if inputs.any_of([code for of in names.values() for code in parameters[of]]):
        found = {name: measured(inputs, parameters[of], unit=ITEMS[name].unit) for name, of in names.items()}
        ends = _baseline_ends(inputs, found, parameters["baseline_rule"])
        measured_any = pl.any_horizontal(pl.col(f"id_{name}").is_not_null() for name in names)
        scored = _scored(ends).filter(measured_any)
    return completed_answers(
        scored,
        inputs.subjects_with_zero,
        code="CARHT",
        version=DEFINITIONS["CARHT"].version,
        unit="",
        absent=inputs.absence("none of the five values before conditioning"),
    )


def _baseline_ends(inputs: Prepared, found: Mapping[str, pl.DataFrame], rule: str) -> pl.DataFrame:
    """Mildest and worst value that each subject's baseline of each item may stand for."""
    ends = inputs.subjects.select("subject_id")
    for name, rows in found.items():
        item = ITEMS[name]
        base = baseline_rows(rows, rule=rule, by=["subject_id"])
        low, top = _ends()
        mild, worst = (top, low) if item.low else (low, top)
        ends = ends.join(
            base.select(
                "subject_id",
                mild.alias(f"mild_{name}"),
                worst.alias(f"worst_{name}"),
                pl.col("result_id").alias(f"id_{name}"),
                pl.when(pl.col("value").is_null()).then("unit").alias(f"unit_{name}"),
            ),
            on="subject_id",
            how="left",
            maintain_order="left",
        )
    return ends


def _ends() -> tuple[pl.Expr, pl.Expr]:
    """Lowest and highest value that a result may stand for; an open end lies beside its number, not on it."""
    low, high = interval_low(), interval_high()
    open_end = low < high
    above = pl.when(open_end & (pl.col("qualifier") == ">")).then(low * (1 + 1e-9)).otherwise(low)
    # Beyond every step of the score.
    below = pl.when(high.is_infinite()).then(pl.max_horizontal(pl.col("value"), pl.lit(1e9)))
    return above, below.when(open_end).then(high * (1 - 1e-9)).otherwise(high)


def _scored(ends: pl.DataFrame) -> pl.DataFrame:
    least, most = (
        car_hematotox(ends.select(pl.col(f"{end}_{name}").alias(name) for name in ITEMS)) for end in ("mild", "worst")
    )
    foreign = pl.concat_str(
        [pl.format("{} in {}", pl.lit(item.word), f"unit_{name}") for name, item in ITEMS.items()],
        separator=", ",
        ignore_nulls=True,
    )
    scored = ends.with_columns(
        least["at_least"].alias("low"), most["at_most"].alias("high"), least["reason"].alias("missing")
    )
    exact = pl.col("low") == pl.col("high")
    return scored.with_columns(
        pl.when(exact).then("low").cast(pl.Float64).alias("value"),
        pl.col("low", "high").cast(pl.Float64),
        pl.when(pl.col("low") >= HIGH_FROM)
        .then(pl.lit(HIGH))
        .when(pl.col("high") < HIGH_FROM)
        .then(pl.lit(LOW))
        .alias("text"),
        pl.when(exact).then(pl.lit(EVALUABLE)).otherwise(pl.lit(BOUNDED)).alias("status"),
        pl.when(foreign != "")
        .then(pl.format("a unit that does not convert: {}", foreign))
        .when(pl.col("missing") != "")
        .then("missing")
        .when(~exact)
        .then(pl.lit("censored"))
        .alias("reason"),
        pl.concat_list(f"id_{name}" for name in ITEMS).alias("evidence"),
    )


_ICAHT = "EHA/EBMT, Rejeski K et al., Blood 2023;142:865-877; Liang EC et al., Blood Adv 2024"
_ENTRIES: tuple[tuple[str, str, str, Compute, tuple[Parameter, ...]], ...] = (
    ("ICAHTE", "ICAHT, early", _ICAHT, icaht_early_grade, (NEUTROPHILS, METHOD)),
    ("ICAHTL", "ICAHT, late", _ICAHT, icaht_late_grade, (NEUTROPHILS,)),
    ("TICAHTE", "T-ICAHT, early", "Rejeski K et al., Blood 2025", t_icaht_early_grade, (PLATELETS,)),
    (
        "CARHT",
        "CAR-HEMATOTOX before conditioning",
        "Rejeski K et al., Blood 2021;138:2499-2513",
        hematotox_score,
        (PLATELETS, NEUTROPHILS, HEMOGLOBIN, CRP, FERRITIN, BASELINE),
    ),
)
DEFINITIONS = {
    code: register(
        Definition(code, label, "", "1", source, ("subjects", "time_zero", "observations"), compute, parameters)
    )
    for code, label, source, compute, parameters in _ENTRIES
}
