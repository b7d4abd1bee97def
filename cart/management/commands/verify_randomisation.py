"""``manage.py verify_randomisation``: was every place given the arm that the sealed list has?"""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from cart.actions.randomisation import differing_places
from cart.models import Study


class Command(BaseCommand):
    """Recompute every place that was given; change nothing."""

    help = "Compare every place that was given with the sealed lists of a study."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study."""
        parser.epilog = (
            "Exit code 1: a place differs [randomisation-differs]; unknown study [unknown-study]; the key is missing "
            "or another one [randomisation-key]."
        )
        parser.add_argument("study", help="Code of the study.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many places agree."""
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}. [unknown-study]")
        differing = []
        for sealed in study.randomisation_lists.order_by("number"):
            try:
                found = differing_places(sealed)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
            self.stdout.write(f"{sealed}: {sealed.allocations.count()} places given, {len(found)} differ.")
            differing += found
        if differing:
            raise CommandError(f"{'; '.join(differing)}. [randomisation-differs]")
