"""``manage.py export_endpoints``: the endpoint tables of a study."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cart.actions.cut_endpoints import evaluate_cut, run_of_cut
from cart.actions.endpoint_tables import EndpointTables, live_tables, tables_as_of, write_tables
from cart.codes_runs import CutError
from cart.management.chosen import chosen_cut, chosen_study
from cart.models import DataCut
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor, current_reason
from trialsite.exports.description import ExportError
from trialsite.exports.writers import WRITERS
from trialsite.isolation.moment import one_moment


class Command(AuditedCommand):
    """Write long and wide endpoint tables with a dictionary and a manifest."""

    help = (
        "Write the endpoint tables of a study as CSV and Parquet with a data dictionary and a manifest: the current "
        "answers, or those of a data cut. The same run of a cut gives the same bytes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study, cut, folder, formats."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: unknown study [unknown-study], cut [unknown-cut] or run [unknown-run]; the run is not "
            "complete [cut-without-endpoints]; unknown format [export-format]; the folder cannot be written to "
            "[export-target]. Exit code 0 with a warning on standard error: subjects have inputs newer than their "
            "answers [stale-subjects]."
        )
        parser.add_argument("study", help="Code of the study.")
        parser.add_argument("--to", type=Path, required=True, help="Folder to write to; made where it is missing.")
        parser.add_argument(
            "--cut",
            default="",
            help="Name of a data cut; its endpoints are computed first where they are not. Without it: what is there "
            "now, and the manifest says `live`.",
        )
        parser.add_argument("--run", type=int, help="A run of the cut, where not its newest.")
        parser.add_argument("--format", default="csv,parquet", help="csv, parquet or both, separated by a comma.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files and say what was written."""
        formats = [name.strip() for name in options["format"].split(",")]
        for name in formats:
            if name not in WRITERS:
                raise CommandError(f"A format is {' or '.join(WRITERS)}; found {name!r}. [export-format]")
        study = chosen_study(options["study"])
        cut = chosen_cut(study, options["cut"]) if options["cut"] else None
        made = live_tables(study) if cut is None else self._as_of(cut, options["run"])
        try:
            files = write_tables(made, options["to"], formats)
        except ExportError as error:
            raise CommandError(str(error)) from error
        for file in files:
            self.stdout.write(f"{file.path}  {file.rows:,} rows  sha256 {file.sha256}")
        if made.stale:
            self.stderr.write(
                f"{made.stale} subjects have inputs newer than their endpoints; run the recompute first. "
                "[stale-subjects]"
            )

    def _as_of(self, cut: DataCut, run_id: int | None) -> EndpointTables:
        if run_id is None:
            if run_of_cut(cut) is None:
                with one_moment():
                    # In one piece: no worker need be there.
                    evaluate_cut(cut=cut, actor=current_actor(), reason=current_reason(), part_subjects=2**31)
            return _checked(cut, None)
        run = cut.runs.complete().filter(pk=run_id).first()
        if run is None:
            raise CommandError(f"{cut} has no complete run {run_id}. [unknown-run]")
        return _checked(cut, run)


def _checked(cut: DataCut, run: Any) -> EndpointTables:
    try:
        return tables_as_of(cut, run=run)
    except CutError as error:
        raise CommandError(str(error)) from error
