"""``manage.py export_observations``: every laboratory result with baseline and change."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import polars as pl
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cart.endpoints.baseline import RULES, check_rule
from cart.endpoints.censoring import IMPUTATIONS, imputed, interval_high, interval_low
from cart.endpoints.ctcae import check_version
from cart.endpoints.ctcae_criteria import VERSIONS
from cart.endpoints.errors import ParameterError
from cart.models import Study
from labs.actions.assessment import assessed
from labs.datasets.observations import OBSERVATIONS, observation_rows
from labs.inputs import approved_conversions
from labs.units.standard import standard_values
from trialsite.exports.description import ExportError
from trialsite.exports.writers import writer_for

CHUNK_SUBJECTS = 2_000
NO_NUMBER = "none"


class Command(BaseCommand):
    """Write one row per laboratory result."""

    help = "Write one row per laboratory result: study day, baseline by a named rule, change, flags, standard value."

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
            "--ctcae",
            help=f"Version of the CTCAE that values are graded by: {', '.join(VERSIONS)}; by default the study's.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and say what was written."""
        rule, imputation = options["baseline"], options["below_lloq"]
        try:
            check_rule(rule)
            if options["ctcae"] is not None:
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
    def _rows(self, study: Study, rule: str, number: pl.Expr | None, *, version: str | None) -> pl.DataFrame:
        subject_ids = list(study.subjects.order_by("id").values_list("pk", flat=True))
        parts = [pl.DataFrame(schema=OBSERVATIONS.schema())]
        conversions = approved_conversions()
        for start in range(0, len(subject_ids), CHUNK_SUBJECTS):
            chunk = subject_ids[start : start + CHUNK_SUBJECTS]
            rows = assessed(study, chunk, rule=rule, version=version, number=number).with_columns(
                interval_low().alias("low"), interval_high().alias("high")
            )
            rows = standard_values(rows, conversions)
            parts.append(OBSERVATIONS.shaped(observation_rows(rows, study=study.code, rule=rule)))
        return pl.concat(parts)
