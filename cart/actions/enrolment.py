"""Take a subject into a study."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

from cart.models import Arm, Consent, Site, Study, Subject
from cart.models.codes import subject_code
from trialsite.audit.context import acting


def enrol_subject(
    *,
    study: Study,
    site: Site,
    arm: Arm | None,
    year_of_birth: int,
    sex: str,
    consent_version: str,
    consent_signed_on: dt.date,
    actor: str,
    reason: str,
) -> Subject:
    """Number the subject within its site and store it with its first consent.

    Raises
    ------
    ValidationError
        Site or arm of another study, impossible year; nothing is stored.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        # Two coordinators of one site enrol one after the other.
        Site.objects.select_for_update().get(pk=site.pk)
        number = Subject.objects.filter(site=site).count() + 1
        subject = Subject(
            study=study,
            site=site,
            arm=arm,
            code=subject_code(site=site.code, number=number),
            year_of_birth=year_of_birth,
            sex=sex,
            status=Subject.Status.ENROLLED,
        )
        subject.full_clean()
        if consent_signed_on.year < year_of_birth:
            raise ValidationError("The consent was signed before the year of birth. [before-birth]")
        subject.save()
        consent = Consent(subject=subject, version=consent_version, signed_on=consent_signed_on)
        consent.full_clean()
        consent.save()
    return subject
