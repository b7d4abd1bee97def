"""``manage.py load_study_template``: a study from a template that ships."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from cart.actions.template_files import read_template, template_names
from cart.actions.template_shape import TemplateError
from cart.actions.templates import load_template
from labs.actions.catalogue import load_analytes
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor, current_reason


class Command(AuditedCommand):
    """Make a study, or a new protocol version of it where the template changed."""

    help = "Make a study from a template; a changed template is a new protocol version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Template and study."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: unknown template [unknown-template]; a template of the wrong shape [template-shape, "
            "template-key], or one that breaks a rule of the records. The same template again changes nothing."
        )
        parser.add_argument("template", help="Code of a template that ships.")
        parser.add_argument("--study", required=True, help="Code of the study; made where it does not exist.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say what happened."""
        who = {"actor": current_actor(), "reason": current_reason()}
        try:
            template = read_template(options["template"])
            with transaction.atomic():
                study, changed = load_template(template=template, study_code=options["study"], **who)
                load_analytes(entries=template.get("analytes", []), **who)
        except TemplateError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        protocol = study.current_protocol()
        number = protocol.number if protocol else 0
        state = "is now" if changed else "already was"
        self.stdout.write(
            f"Study {study.code} {state} at protocol version {number} (known: {', '.join(template_names())})."
        )
