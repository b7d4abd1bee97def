"""``manage.py compare_runs``: the diff report of endpoints."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import polars as pl
from django.core.management.base import BaseCommand, CommandError

from cart.datasets.differences import DIFFERENCES, differences_between, differences_of_run
from cart.management.chosen import chosen_run, chosen_study
from trialsite.exports.description import ExportError
from trialsite.exports.writers import writer_for


class Command(BaseCommand):
    """Count the answers that a run changed by endpoint and cause; list them where a file is asked for."""

    help = "Diff report of endpoints: what a run changed, or what differs between two runs, and which input moved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study, run, the run before."""
        parser.epilog = (
            "Exit code 1: unknown study [unknown-study] or run [unknown-run]; the file's ending is none of a format "
            "[export-format]; it cannot be written [export-target]."
        )
        parser.add_argument("study", help="Code of the study.")
        parser.add_argument("run", type=int, help="Number of the run.")
        parser.add_argument(
            "--before",
            type=int,
            help="Number of the run to compare with; without it, each subject's answers before the run.",
        )
        parser.add_argument("--to", type=Path, help="File for every difference, ending in .csv or .parquet.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and say what differs."""
        study = chosen_study(options["study"])
        run = chosen_run(study, options["run"])
        if options["before"] is None:
            found = differences_of_run(run)
        else:
            found = differences_between(chosen_run(study, options["before"]), run)
        counts = found.group_by("PARAMCD", "MOVED").agg(pl.col("USUBJID").n_unique(), pl.len()).sort("PARAMCD", "MOVED")
        for code, moved, subjects, answers in counts.iter_rows():
            self.stdout.write(f"{code}: {answers:,} answers of {subjects:,} subjects differ; moved: {moved}")
        if not found.height:
            self.stdout.write("No answer differs.")
        if options["to"]:
            try:
                file = writer_for(options["to"])(found, DIFFERENCES, options["to"])
            except ExportError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{file.path}  {file.rows:,} rows  sha256 {file.sha256}")
