"""``manage.py export_observations``: every laboratory result with baseline and change."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cart.endpoints.baseline import RULES, baseline_and_change, check_rule
from cart.endpoints.censoring import IMPUTATIONS, imputed, interval_high, interval_low
from cart.endpoints.ctcae import check_version
from cart.endpoints.ctcae_criteria import VERSIONS
from cart.endpoints.delta_check import DeltaLimit, delta_checks
from cart.endpoints.errors import ParameterError
from cart.endpoints.grades import with_grades
from cart.endpoints.reference_ranges import flagged
from cart.inputs import time_zero
from cart.models import Study
from labs.datasets.observations import OBSERVATIONS, observation_rows
from labs.inputs import approved_ranges, delta_limits, observations_with_source
from trialsite.exports.description import ExportError
from trialsite.exports.writers import writer_for

CHUNK_SUBJECTS = 2_000
NO_NUMBER = "none"


class Command(BaseCommand):
    """Write one row per laboratory result."""

    help = "Write one row per laboratory result with study day, baseline by a named rule, change and flags."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study, baseline rule, target."""
        parser.epilog = (
            "Exit code 1: unknown study [unknown-study]; unknown baseline rule [baseline-rule] or number below LLOQ "
            "[imputation]; unknown version of the CTCAE [ctcae-version]; wrong ending [export-format]; the file cannot "
            "be written [export-target]."
        )
        parser.add_argument("study", help="Code of the study.")
        parser.add_argument("--baseline", required=True, help=f"Baseline rule: {', '.join(RULES)} or visit:NAME.")
        parser.add_argument("--to", type=Path, required=True, help="File that ends in .parquet or .csv.")
        parser.add_argument(
            "--below-lloq",
            default=NO_NUMBER,
            help=f"Number for a value below its limit: {', '.join(IMPUTATIONS)}; none: AVAL stays empty.",
        )

        parser.add_argument(
            "--ctcae", default="5", help=f"Version of the CTCAE that values are graded by: {', '.join(VERSIONS)}."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and say what was written."""
        rule, imputation = options["baseline"], options["below_lloq"]
        try:
            check_rule(rule)
            check_version(options["ctcae"])
            number = None
            if imputation != NO_NUMBER:
                censored_above = pl.col("qualifier") == ">"
                number = pl.when(~censored_above).then(imputed(rule=imputation))
            write = writer_for(options["to"])
        except (ParameterError, ExportError) as error:
            raise CommandError(str(error)) from error
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}. [unknown-study]")
        rows = self._rows(study, rule, number, version=options["ctcae"])
        try:
            written = write(rows, OBSERVATIONS, options["to"])
        except ExportError as error:
            raise CommandError(str(error)) from error
        baselines = int(rows["is_baseline"].sum()) if rows.height else 0
        self.stdout.write(
            f"{written.path}  {written.rows:,} rows, {baselines:,} baseline records by {rule}  sha256 {written.sha256}"
        )

    @transaction.atomic
    def _rows(self, study: Study, rule: str, number: pl.Expr | None, *, version: str) -> pl.DataFrame:
        subject_ids = list(study.subjects.order_by("id").values_list("pk", flat=True))
        parts = [pl.DataFrame(schema=OBSERVATIONS.schema())]
        ranges, limits = approved_ranges(), delta_limits()
        for start in range(0, len(subject_ids), CHUNK_SUBJECTS):
            chunk = subject_ids[start : start + CHUNK_SUBJECTS]
            frame = flagged(observations_with_source(study.pk, chunk), ranges).with_columns(
                interval_low().alias("low"),
                interval_high().alias("high"),
            )
            changed = baseline_and_change(frame, time_zero(study.pk, chunk), rule=rule, number=number)
            graded = with_grades(changed, version=version).with_columns(pl.lit(version).alias("grade_version"))
            checked = graded.join(_deltas(graded, limits), on="result_id", how="left", maintain_order="left")
            parts.append(OBSERVATIONS.shaped(observation_rows(checked, study=study.code, rule=rule)))
        return pl.concat(parts)


def _deltas(rows: pl.DataFrame, limits: Sequence[DeltaLimit]) -> pl.DataFrame:
    checked = delta_checks(rows, limits).rename({"previous_id": "previous"})
    return checked.select(
        "result_id", *(pl.col(name).alias(f"delta_{name}") for name in ("status", "reason", "low", "high", "previous"))
    )
