"""Results with baseline, flag, grade and delta check: computed on reading, never stored."""

from collections.abc import Sequence

import polars as pl

from cart.endpoints.baseline import baseline_and_change
from cart.endpoints.delta_check import DeltaLimit, delta_checks
from cart.endpoints.grades import grading_in_force, with_grades
from cart.endpoints.reference_ranges import flagged
from cart.inputs import time_zero
from cart.models import Study
from labs.inputs import approved_ranges, delta_limits, observations_with_source

_DELTA = ("status", "reason", "low", "high", "previous")


def assessed(
    study: Study,
    subject_ids: Sequence[int],
    *,
    rule: str | None = None,
    version: str | None = None,
    number: pl.Expr | None = None,
) -> pl.DataFrame:
    """Every current result of these subjects, in key order.

    Parameters
    ----------
    study, subject_ids
        Subjects of this study.
    rule, version
        Baseline rule and version of the CTCAE; by default those of the study's protocol.
    number
        The number analysed, as for ``baseline_and_change``.

    Returns
    -------
    Columns of ``labs.inputs.observations_with_source`` with those of ``baseline_and_change``, ``flagged`` and
    ``with_grades``, grade_version, and delta_status, delta_reason, delta_low, delta_high, delta_previous.

    Raises
    ------
    ParameterError
        There is no such rule or version.
    """
    protocol = study.current_protocol()
    own_version, own_rule = grading_in_force(protocol.parameters if protocol else {})
    rule, version = rule or own_rule, version or own_version
    rows = flagged(observations_with_source(study.pk, subject_ids), approved_ranges())
    changed = baseline_and_change(rows, time_zero(study.pk, subject_ids), rule=rule, number=number)
    graded = with_grades(changed, version=version).with_columns(pl.lit(version).alias("grade_version"))
    return graded.join(_deltas(graded, delta_limits()), on="result_id", how="left", maintain_order="left")


def _deltas(rows: pl.DataFrame, limits: Sequence[DeltaLimit]) -> pl.DataFrame:
    checked = delta_checks(rows, limits).rename({"previous_id": "previous"})
    return checked.select("result_id", *(pl.col(name).alias(f"delta_{name}") for name in _DELTA))
