"""Remarks beside the values that a therapy explains."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from cart.admin.confounders import confounding_therapies, window_days
from cart.endpoints.confounders import confounded_samples
from cart.models import Subject, TherapyClass


def confounded_notes(subject: Subject, zero_on: date, collected: Iterable[tuple[int, date | None]]) -> dict[int, str]:
    """Remark on each result (key, day of collection) that lies inside a window, by key."""
    windows = window_days(subject)
    samples = pl.DataFrame(
        [
            {"subject_id": subject.pk, "result_id": key, "collected_on": collected_on}
            for key, collected_on in collected
            if collected_on is not None
        ],
        schema={"subject_id": pl.Int64, "result_id": pl.Int64, "collected_on": pl.Date},
    ).with_columns(pl.lit(zero_on, dtype=pl.Date).alias("time_zero_on"))
    found = confounded_samples(samples, confounding_therapies(subject, zero_on), window_days=windows)
    return {
        row["result_id"]: "inside the window of "
        + " and ".join(f"{TherapyClass(kind).label} (+ {windows[kind]} d)" for kind in row["confounder"].split(", "))
        for row in found.iter_rows(named=True)
    }
