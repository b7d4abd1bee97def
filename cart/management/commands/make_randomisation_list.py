"""``manage.py make_randomisation_list``: a sealed list by the plan of the study's protocol."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from cart.actions.randomisation import make_list
from cart.models import Study
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor, current_reason


class Command(AuditedCommand):
    """Make the list; nobody sees what is in it."""

    help = "Make the sealed randomisation list of a study by the plan of its protocol in force."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: unknown study [unknown-study]; a protocol that does not randomise [not-randomised]; an open "
            "list is there [randomisation-list-open]; RANDOMISATION_KEY is missing [randomisation-key]."
        )
        parser.add_argument("study", help="Code of the study.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and say what it is bound to."""
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}. [unknown-study]")
        try:
            made = make_list(study=study, actor=current_actor(), reason=current_reason())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{made}: {made.algorithm}, seed bound by SHA-256 {made.seed_sha256}.")
