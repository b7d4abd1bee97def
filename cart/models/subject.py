"""Subject, consent and visits."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from cart.models.fields import PartialDateField, partial_date_check
from cart.models.study import Arm, Cohort, PlannedVisit, ProtocolVersion, Site, Study
from trialsite.isolation.reading import once

MAX_SUBJECT_ID = 2**24 - 1
LARGEST_UTC_OFFSET = timedelta(hours=14)


class SubjectQuerySet(models.QuerySet["Subject"]):
    """Subjects with what their consents say."""

    def with_protocol(self) -> "SubjectQuerySet":
        """Subjects with ``protocol_id``: the version of their latest consent; the newest where no consent names one.

        A subject stays with the version it consented to until it consents anew, whatever the study does meanwhile.
        """
        consented = Consent.objects.filter(subject=OuterRef("pk"), protocol__isnull=False)
        newest = ProtocolVersion.objects.filter(study=OuterRef("study")).order_by("-number")
        return self.annotate(
            protocol_id=Coalesce(
                Subquery(consented.order_by("-signed_on", "-pk").values("protocol")[:1]),
                Subquery(newest.values("pk")[:1]),
                output_field=models.BigIntegerField(),
            )
        )


class Subject(models.Model):
    """A person in a study, known here by a code only (no names, no birth dates, no record numbers)."""

    class Status(models.TextChoices):
        SCREENING = "screening", "In screening"
        SCREEN_FAILURE = "screen-failure", "Screen failure"
        ENROLLED = "enrolled", "Enrolled"
        COMPLETED = "completed", "Completed"
        WITHDRAWN = "withdrawn", "Withdrawn"
        LOST = "lost", "Lost to follow-up"
        DEAD = "dead", "Dead"

    class Sex(models.TextChoices):
        FEMALE = "F", "Female"
        MALE = "M", "Male"
        UNDIFFERENTIATED = "UNDIFFERENTIATED", "Undifferentiated"
        UNKNOWN = "U", "Unknown"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="subjects")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="subjects")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, null=True, blank=True, related_name="subjects")
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, null=True, blank=True, related_name="subjects")
    code = models.CharField(
        max_length=40, help_text="Site, number and check character; or the identifier of an imported trial."
    )
    year_of_birth = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1900), MaxValueValidator(2100)]
    )
    sex = models.CharField(max_length=16, choices=Sex, default=Sex.UNKNOWN)
    status = models.CharField(max_length=16, choices=Status, default=Status.SCREENING)
    ended_on = PartialDateField(blank=True, help_text="End of participation, as exactly as known.")
    source_code = models.CharField(max_length=80, blank=True, help_text="Identifier in an imported data set (USUBJID).")

    objects = SubjectQuerySet.as_manager()

    class Meta:
        ordering = ["study", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "code"],
                name="subject_code_once_per_study",
                violation_error_message="This study already has a subject with this code. [subject-twice]",
            ),
            models.UniqueConstraint(fields=["id", "study"], name="subject_id_study"),
            models.CheckConstraint(
                condition=~Q(code=""),
                name="subject_has_code",
                violation_error_message="A subject needs a code. [subject-unnamed]",
            ),
            # Specimen keys pack the subject into 24 bits (labs.Specimen).
            models.CheckConstraint(
                condition=Q(id__gt=0, id__lte=MAX_SUBJECT_ID),
                name="subject_id_fits_specimen_key",
                violation_error_message="This installation is full: 16,777,215 subjects. [subjects-full]",
            ),
            models.CheckConstraint(
                condition=Q(year_of_birth=None) | Q(year_of_birth__gte=1900, year_of_birth__lte=2100),
                name="subject_year_of_birth_plausible",
                violation_error_message="The year of birth lies between 1900 and 2100. [year-of-birth]",
            ),
            partial_date_check("ended_on", "subject_ended_on_partial"),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        # The composite foreign keys refuse this too; here it becomes a sentence beside the field.
        if self.site_id and self.study_id and self.site.study_id != self.study_id:
            raise ValidationError({"site": "The site belongs to another study. [site-of-other-study]"})
        if self.arm_id and self.arm is not None and self.arm.study_id != self.study_id:
            raise ValidationError({"arm": "The arm belongs to another study. [arm-of-other-study]"})
        if self.cohort_id and self.cohort is not None and self.cohort.study_id != self.study_id:
            raise ValidationError({"cohort": "The cohort belongs to another study. [cohort-of-other-study]"})

    def protocol(self) -> ProtocolVersion | None:
        """Protocol version that holds for the subject (``SubjectQuerySet.with_protocol``); a page reads it once."""
        held = Subject.objects.filter(pk=self.pk).with_protocol().values("protocol_id")
        version = ProtocolVersion.objects.filter(pk__in=held).select_related("study")
        return once(("protocol of subject", self.pk), version.first)


class Consent(models.Model):
    """One signed consent; a new version or a re-consent is a new row.

    It names the protocol version that its form describes: the subject stays with that version until it consents anew.
    """

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="consents")
    version = models.CharField(max_length=20, help_text="Version of the consent form.")
    protocol = models.ForeignKey(
        ProtocolVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="consents",
        help_text="Version of the protocol that the form describes; empty: the one in force on the day.",
    )
    signed_on = models.DateField()
    withdrawn_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["subject", "signed_on"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "version", "signed_on"], name="consent_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_on=None) | Q(withdrawn_on__gte=F("signed_on")),
                name="consent_withdrawn_after_signed",
                violation_error_message="Consent is withdrawn after it was signed. [consent-period]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} consent {self.version}"

    def clean(self) -> None:
        # The latest date that any clock shows: a site east of the server may be a day ahead of it.
        if self.signed_on is not None and self.signed_on > (timezone.now() + LARGEST_UTC_OFFSET).date():
            raise ValidationError({"signed_on": "A consent is not signed in the future. [future-date]"})
        named = self.protocol if self.protocol_id and self.subject_id else None
        if named is not None and named.study_id != self.subject.study_id:
            raise ValidationError({"protocol": "The protocol is of another study. [protocol-of-other-study]"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store with the protocol version that was in force on the day of the signature, unless one is named."""
        if self._state.adding and self.protocol_id is None and self.signed_on is not None:
            versions = self.subject.study.protocol_versions
            # Entered after the fact, the first version may be younger than the consent.
            self.protocol = (
                versions.filter(effective_on__lte=self.signed_on).order_by("-number").first()
                or versions.order_by("number").first()
            )
        super().save(*args, **kwargs)


class Visit(models.Model):
    """What happened: a planned visit that took place or was missed, or an unscheduled one."""

    class Status(models.TextChoices):
        OCCURRED = "occurred", "Took place"
        MISSED = "missed", "Missed"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="visits")
    planned = models.ForeignKey(PlannedVisit, on_delete=models.PROTECT, null=True, blank=True, related_name="visits")
    label = models.CharField(max_length=100, blank=True, help_text="Name of an unscheduled visit.")
    status = models.CharField(max_length=10, choices=Status, default=Status.OCCURRED)
    occurred_on = models.DateField(null=True, blank=True)
    missed_reason = models.CharField(max_length=300, blank=True)
    window_reason = models.CharField(
        "why outside the window", max_length=300, blank=True, help_text="Needed for a visit before or after its window."
    )

    class Meta:
        ordering = ["subject", "occurred_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "planned"],
                name="visit_planned_once",
                violation_error_message="This planned visit is already recorded. [visit-twice]",
            ),
            # Target of the composite foreign keys that keep an assessment's visit with its subject.
            models.UniqueConstraint(fields=["id", "subject"], name="visit_id_subject"),
            models.CheckConstraint(
                condition=(Q(status="occurred") & Q(occurred_on__isnull=False))
                | (Q(status="missed") & Q(occurred_on=None) & ~Q(missed_reason="")),
                name="visit_dated_or_missed_with_reason",
                violation_error_message=(
                    "A visit that took place has a date; a missed one has a reason and no date. [visit-state]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(planned__isnull=False) | ~Q(label=""),
                name="visit_planned_or_named",
                violation_error_message="An unscheduled visit needs a name. [visit-unnamed]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.planned or self.label}"

    def clean(self) -> None:
        if not self.planned_id or self.planned is None or not self.subject_id:
            return
        if self.planned.protocol.study_id != self.subject.study_id:
            raise ValidationError({"planned": "The visit is planned in another study. [visit-of-other-study]"})
        # Protocol versions plan the same visit anew; it takes place once all the same.
        same = Visit.objects.filter(subject=self.subject_id, planned__code=self.planned.code).exclude(pk=self.pk)
        if same.exclude(planned=self.planned_id).exists():
            raise ValidationError(
                {"planned": f"{self.planned.code} is recorded under another protocol version already. [visit-twice]"}
            )
