"""Screening for pulmonary arterial hypertension: the two steps of DETECT."""

from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from cart.endpoints.disease.items import Item, checked, decided, missing, only_where_equal

# Points at the border of each stretch of a broken line; between two borders the line is straight.
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Detect:
    """Points of the nomograms and the totals above which a subject is referred."""

    id: str = "detect-2014-v4"
    ratio_base: float = 28.0
    ratio_slope: float = 14.4
    telangiectasia: tuple[float, float] = (50.0, 65.0)
    anticentromere: tuple[float, float] = (50.0, 59.0)
    bnp_base: float = 27.5
    bnp_slope: float = 11.3
    urate: Line = ((2, 12.5), (3, 27.5), (4, 43.5), (5, 54), (10, 60))
    urate_below: float = 0.0
    right_axis: tuple[float, float] = (50.0, 73.0)
    echo_above: float = 300.0
    step_base: float = 10.0
    step_slope: float = 0.357
    atrium_base: float = 4.0
    atrium_slope: float = 0.375
    velocity: Line = ((0, 6.5), (1.5, 8), (2.5, 10), (3, 15), (3.5, 22.5), (4, 30), (4.5, 37.5), (5, 45))
    catheter_above: float = 35.0


DETECT = Detect()
STEP_ONE = (
    Item("fvc_pct", "FVC", 1, 250),
    Item("dlco_pct", "DLCO", 1, 250),
    Item("telangiectasia", "answer on telangiectasia"),
    Item("aca", "anticentromere"),
    Item("ntprobnp_pg_mL", "NT-proBNP", 1e-3, 1e6),
    Item("urate_mg_dL", "urate", 0, 50),
    Item("right_axis_dev", "answer on right axis deviation"),
)
STEP_TWO = (
    Item("ra_area_cm2", "right atrium area", 0, 100),
    Item("tr_velocity_m_s", "tricuspid regurgitation velocity", 0, 10),
)


def detect_referral(rows: pl.DataFrame, *, detect: Detect = DETECT) -> pl.DataFrame:
    """Points and referrals of each screening.

    Parameters
    ----------
    rows
        Columns fvc_pct, dlco_pct (% predicted), telangiectasia (present or past), aca, right_axis_dev (yes or no),
        ntprobnp_pg_mL (pg/mL), urate_mg_dL (mg/dL), ra_area_cm2 (cm2), tr_velocity_m_s (m/s; 0 where there is no
        regurgitation); null where not known.
    detect
        Nomograms and cuts.

    Returns
    -------
    Columns p_ratio, p_tel, p_aca, p_bnp, p_urate, p_rad (points of step 1), step1_low, step1_high, step1_total,
    refer_echo (total above 300; known from the bounds where they agree), p_step1, p_ra, p_tr (points of step 2),
    step2_total, refer_catheter (total above 35), reason_step1, reason_step2. One row per row, in the same order.

    Notes
    -----
    Step 1: 28 + 14.4 FVC%/DLCO%; telangiectasia 65 or 50; anticentromere 59 or 50; 27.5 + 11.3 log10 NT-proBNP; urate
    by a broken line (0 below 2 mg/dL, 60 from 10); right axis deviation 73 or 50. Step 2: 10 + 0.357 (step 1 - 300);
    4 + 0.375 area; velocity by a broken line (6.5 at 0, 45 from 5 m/s). Totals are compared unrounded. A missing
    finding or urate leaves bounds; without FVC, DLCO or NT-proBNP there are none. Step 2 is counted wherever its
    inputs are there; it is meant for subjects whom step 1 refers. The algorithm was made in subjects with the disease
    for more than three years and DLCO below 60 % predicted.

    Source: Coghlan JG et al. Ann Rheum Dis 2014;73:1340-9; points from the authors' sheet "DETECT Algo V4" as read.

    >>> rows = pl.DataFrame({"fvc_pct": 100, "dlco_pct": 50, "telangiectasia": True, "aca": [False, None],
    ...     "ntprobnp_pg_mL": 125, "urate_mg_dL": 5.0, "right_axis_dev": False, "ra_area_cm2": 14,
    ...     "tr_velocity_m_s": 2.6})
    >>> found = detect_referral(rows).select("step1_total", "refer_echo", "step2_total", "refer_catheter")
    >>> [tuple(x if x is None or isinstance(x, bool) else round(x, 3) for x in row) for row in found.rows()]
    [(326.995, True, 39.887, True), (None, True, None, None)]
    """
    taken = checked(rows, (*STEP_ONE, *STEP_TWO)).with_columns(_first_points(detect))
    names = ("p_ratio", "p_tel", "p_aca", "p_bnp", "p_urate", "p_rad")
    ends = {"p_tel": detect.telangiectasia, "p_aca": detect.anticentromere, "p_rad": detect.right_axis}
    ends["p_urate"] = (detect.urate_below, detect.urate[-1][1])
    totals = taken.with_columns(
        sum(
            (pl.col(one).fill_null(ends[one][end]) if one in ends else pl.col(one) for one in names),
            start=pl.lit(0.0),
        ).alias(f"step1_{name}")
        for end, name in enumerate(("low", "high"))
    ).with_columns(only_where_equal("step1_low", "step1_high").alias("step1_total"))
    second = totals.with_columns(
        (detect.step_base + (pl.col("step1_total") - detect.echo_above) * detect.step_slope).alias("p_step1"),
        (detect.atrium_base + pl.col("ra_area_cm2") * detect.atrium_slope).alias("p_ra"),
        _on_line(pl.col("tr_velocity_m_s"), detect.velocity).alias("p_tr"),
    ).with_columns((pl.col("p_step1") + pl.col("p_ra") + pl.col("p_tr")).alias("step2_total"))
    above = (pl.col(f"step1_{end}") > detect.echo_above for end in ("low", "high"))
    return second.select(
        *names,
        "step1_low",
        "step1_high",
        "step1_total",
        decided(*above).alias("refer_echo"),
        "p_step1",
        "p_ra",
        "p_tr",
        "step2_total",
        (pl.col("step2_total") > detect.catheter_above).alias("refer_catheter"),
        missing(STEP_ONE).alias("reason_step1"),
        missing((*STEP_ONE, *STEP_TWO)).alias("reason_step2"),
    )


def _first_points(detect: Detect) -> list[pl.Expr]:
    """Points of step 1."""

    def of_finding(name: str, points: tuple[float, float]) -> pl.Expr:
        return pl.when(pl.col(name)).then(points[1]).when(~pl.col(name)).then(points[0])

    urate = pl.col("urate_mg_dL")
    low_urate = urate < detect.urate[0][0]
    return [
        (detect.ratio_base + detect.ratio_slope * pl.col("fvc_pct") / pl.col("dlco_pct")).alias("p_ratio"),
        of_finding("telangiectasia", detect.telangiectasia).alias("p_tel"),
        of_finding("aca", detect.anticentromere).alias("p_aca"),
        (detect.bnp_base + detect.bnp_slope * pl.col("ntprobnp_pg_mL").log(10)).alias("p_bnp"),
        pl.when(low_urate).then(detect.urate_below).otherwise(_on_line(urate, detect.urate)).alias("p_urate"),
        of_finding("right_axis_dev", detect.right_axis).alias("p_rad"),
    ]


def _on_line(value: pl.Expr, line: Line) -> pl.Expr:
    """Points on a broken line; behind its end those of the end."""
    stretches = [
        pl.when(value <= right).then(from_points + (value - left) * (to_points - from_points) / (right - left))
        for (left, from_points), (right, to_points) in pairwise(line)
    ]
    return pl.coalesce(*stretches, pl.when(value > line[-1][0]).then(pl.lit(float(line[-1][1]))))
