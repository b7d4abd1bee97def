"""``manage.py take_cut``: a data cut of a study."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from cart.actions.cuts import take_cut, write_digests
from cart.management.chosen import chosen_study
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor, current_reason
from trialsite.isolation.moment import one_moment


class Command(AuditedCommand):
    """Take a cut and write its manifest."""

    help = "Take a data cut: what is committed now, under a name, with the digest of every table."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study, name, purpose."""
        super().add_arguments(parser)
        parser.epilog = "Exit code 1: unknown study [unknown-study]; the name is taken or is none [cut-name]."
        parser.add_argument("study", help="Code of the study.")
        parser.add_argument("name", help="Name of the cut: letters, digits, '.', '_' and '-'.")
        parser.add_argument("--purpose", required=True, help="What it is taken for, e.g. `interim analysis 1`.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take it, digest it, print the manifest."""
        study = chosen_study(options["study"])
        who = {"actor": current_actor(), "reason": current_reason()}
        try:
            cut = take_cut(study=study, name=options["name"], purpose=options["purpose"], **who)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with one_moment():
            tables = write_digests(cut=cut, **who)
        self.stdout.write(f"{cut}, taken {cut.taken_at.isoformat()}, snapshot {cut.snapshot}")
        for table in tables:
            self.stdout.write(f"{table.table_name}  {table.rows:,} rows  sha256 {table.sha256}")
