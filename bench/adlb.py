"""ADLB-like derivation of the public pilot data, copied ten times: day, baseline, change, windows, flags, shifts.

``python -m bench.adlb`` reads LB and DM of the pilot trial (59,580 records) and derives 595,800 rows. The limit is
sorting the same rows by subject, test and day: less no derivation can do.

Beside admiral's template of ADLB (``inst/templates/ad_adlb.R``, read in its repository), which makes the same
variables:

- ABLFL: admiral takes the last record with a number on or before the day of the first dose, by day, visit and
  sequence. Here a result in words is a baseline too, and of one day the later time counts. Of the pilot's 9,580
  series 9,328 have the same baseline record (or none), 252 one in words.
- BASE, CHG: the same. PCHG: 100 CHG / BASE as ADaMIG 1.3 says; admiral divides by the absolute value, which differs
  below 0.
- Windows and ANL01FL: admiral's template takes AVISIT from the visit's name and flags the last record of a visit on
  treatment. Here days decide: the window's closest target, then the record closest to it, of two as close the
  earlier. Of 45,912 windows after Day 1 with a record 45,223 choose the one that "the last" would.
- SHIFT1: BNRIND to ANRIND in both; where one is missing admiral writes NULL in its place, here the shift is
  missing.
- Not made here: ONTRTFL, LVOTFL, records of minimum, maximum and last value, ratios to the limits.

tests/labs/datasets/test_adlb.py holds all of it against a loop over every record.
"""

import argparse
import os
import time
from pathlib import Path

import polars as pl

from bench.measure import Pair, peak_megabytes, report, seconds
from cart.endpoints.baseline import baseline_and_change
from cart.endpoints.prepared import FRAMES
from cart.endpoints.windows import visit_records
from labs.datasets.observations import range_indicator
from labs.imports.xpt import read_xpt

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "cdisc-pilot"
SERIES = ("subject_id", "analyte")
RULE = "last-on-or-before-first-dose"
# Analysis windows of the pilot's ADLB: target days with the days that belong to them.
WINDOWS = [("Baseline", 1, -60, 1), *((f"Week {n}", 7 * n, 7 * n - 6, 7 * n + 7) for n in (2, 4, 6, 8, 12, 16, 20))]
WINDOWS += [("Week 24", 168, 155, 175), ("Week 26", 182, 176, 200)]


def read_pilot(folder: Path, copies: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Observations, time zero and planned visits of the pilot's subjects, each ``copies`` times."""
    lb, dm = (pl.concat(read_xpt(folder / f"{name}.xpt", name.upper())) for name in ("lb", "dm"))
    subjects = dm.select("USUBJID", "RFSTDTC").with_row_index("place")
    size = subjects.height
    observed = lb.join(subjects, on="USUBJID").select(
        pl.col("place").cast(pl.Int64).alias("subject_id"),
        pl.col("LBTESTCD").alias("analyte"),
        pl.format("{}/{}", pl.col("LBCAT"), pl.col("LBSTRESU")).alias("series"),
        pl.col("LBDTC").str.head(10).str.to_date("%Y-%m-%d", strict=False).alias("collected_on"),
        pl.col("LBDTC").str.to_datetime("%Y-%m-%dT%H:%M", strict=False, time_unit="us").alias("collected_at"),
        pl.col("VISIT").alias("visit"),
        pl.col("LBSEQ").cast(pl.Int64).alias("sequence"),
        pl.lit("=").alias("qualifier"),
        pl.col("LBSTRESN").alias("value"),
        pl.col("LBSTRESC").alias("value_text"),
        *(pl.lit(None, dtype=pl.Float64).alias(name) for name in ("lloq", "uloq", "cutoff")),
        pl.col("LBSTRESU").alias("unit"),
        (pl.col("LBBLFL") == "Y").alias("baseline_flag"),
        (pl.col("LBSTRESC") != "").alias("usable"),
        pl.col("LBSTNRLO").alias("range_low"),
        pl.col("LBSTNRHI").alias("range_high"),
        pl.col("LBNRIND").alias("range_flag"),
    )
    whole = pl.concat([observed.with_columns(pl.col("subject_id") + n * size) for n in range(copies)])
    observations = whole.with_row_index("result_id").with_columns(pl.col("result_id").cast(pl.Int64))
    zero = subjects.select(
        pl.col("place").cast(pl.Int64).alias("subject_id"),
        pl.col("RFSTDTC").str.head(10).str.to_date("%Y-%m-%d", strict=False).alias("time_zero_on"),
        pl.lit(None, dtype=pl.Datetime("us")).alias("time_zero_at"),
        pl.lit(None, dtype=pl.Date).alias("conditioning_on"),
        pl.lit(None, dtype=pl.Datetime("us")).alias("conditioning_at"),
        pl.lit("study-drug").alias("kind"),
    ).filter(pl.col("time_zero_on").is_not_null())
    zeros = pl.concat([zero.with_columns(pl.col("subject_id") + n * size) for n in range(copies)])
    return observations, zeros, pl.DataFrame(WINDOWS, schema=FRAMES["planned_visits"], orient="row")


def derive(observations: pl.DataFrame, zeros: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Study day, baseline, change, analysis window with its chosen record, flag and shift from the baseline's."""
    rows = baseline_and_change(observations, zeros, rule=RULE).with_columns(range_indicator().alias("ANRIND"))
    of_baseline = rows.filter("is_baseline").select(*SERIES, pl.col("ANRIND").alias("BNRIND"))
    shifted = rows.join(of_baseline, on=SERIES, how="left", maintain_order="left").with_columns(
        pl.when(pl.col("BNRIND").is_not_null() & pl.col("ANRIND").is_not_null())
        .then(pl.format("{} to {}", pl.col("BNRIND"), pl.col("ANRIND")))
        .alias("SHIFT")
    )
    dated = shifted.filter(pl.col("protocol_day").is_not_null()).with_columns(pl.col("protocol_day").alias("day"))
    windows = visit_records(dated, visits, by=SERIES).select("result_id", "timepoint", "chosen")
    return shifted.join(windows, on="result_id", how="left", maintain_order="left")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="Folder of the pilot trial.")
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    observations, zeros, visits = read_pilot(options.data, options.copies)
    order = [*SERIES, "collected_on", "result_id"]
    measured, processor = [], []
    for _ in range(options.pairs + 1):
        limit = seconds(lambda: observations.sort(order))
        begun = time.process_time()
        work = seconds(lambda: derive(observations, zeros, visits))
        processor.append(time.process_time() - begun)
        measured.append(Pair(limit, work))
    rows = derive(observations, zeros, visits)
    if rows.height != observations.height or rows["is_baseline"].sum() % options.copies:
        raise SystemExit("void: rows came or went, or copies have different baselines")
    report(f"ADLB-like derivation of {rows.height:,} rows", measured[1:], goal="work < 2 s; limit = sorting them")
    print(
        f"processor seconds {sorted(processor[1:])[len(processor) // 2 - 1]:.2f} on {os.cpu_count()} cores, "
        f"{int(rows['is_baseline'].sum()):,} baselines, {int(rows['chosen'].sum()):,} records chosen for a window, "
        f"peak memory {peak_megabytes():.0f} MB"
    )


if __name__ == "__main__":
    main()
