"""Take a subject into a study."""

import datetime as dt
import re

from django.core.exceptions import ValidationError
from django.db import transaction

from cart.models import Arm, Consent, Site, Study, Subject
from cart.models.codes import subject_code
from trialsite.audit.context import acting


def screen_subject(
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
    """Number the subject within its site and store it, in screening, with its first consent.

    It is enrolled by the signed decision on its eligibility (``cart.actions.eligibility``).

    Raises
    ------
    ValidationError
        Site or arm of another study, impossible year, consent signed in the future; nothing is stored.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        subject = Subject(
            study=study,
            site=site,
            arm=arm,
            code=next_subject_code(study=study, site=site),
            year_of_birth=year_of_birth,
            sex=sex,
            status=Subject.Status.SCREENING,
        )
        subject.full_clean()
        if consent_signed_on is not None and consent_signed_on.year < year_of_birth:
            raise ValidationError("The consent was signed before the year of birth. [before-birth]")
        subject.save()
        consent = Consent(subject=subject, version=consent_version, signed_on=consent_signed_on)
        consent.full_clean()
        consent.save()
    return subject


def next_subject_code(*, study: Study, site: Site) -> str:
    """Code of the next subject of a site; to be stored in the transaction that asked.

    Raises
    ------
    ValidationError
        A site of another study.
    """
    # Two coordinators of one site enrol one after the other.
    if not Site.objects.select_for_update().filter(pk=site.pk, study=study).exists():
        raise ValidationError("The site belongs to another study. [site-of-other-study]")
    return subject_code(site=site.code, number=_last_number(study, site) + 1)


def _last_number(study: Study, site: Site) -> int:
    # The highest number given, not the count: a subject that moved to another site keeps its code, one entered by
    # hand may have taken the next number already. A number that comes back would be another person's.
    numbered = re.compile(rf"{re.escape(site.code)}-(\d+)-[0-9A-Z]")
    codes = Subject.objects.filter(study=study, code__startswith=f"{site.code}-").values_list("code", flat=True)
    return max((int(found[1]) for code in codes if (found := numbered.fullmatch(code))), default=0)
