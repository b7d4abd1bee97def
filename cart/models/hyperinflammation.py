"""IEC-HS: components of the hyperinflammatory syndrome, and what a person made of them."""

from django.db import models
from django.db.models import Q

from cart.models.adverse_event import AdverseEvent, check_event_of_subject
from cart.models.constraints import between, one_of
from cart.models.subject import Subject


class IecHsAssessment(models.Model):
    """Components on one day, and the adjudication of a named person: nothing here is computed.

    Components after Hines MR et al., Transplant Cell Ther 2023;29:438.e1-438.e16; their limits are stated as help only.
    """

    class Adjudication(models.TextChoices):
        IEC_HS = "iec-hs", "IEC-HS"
        NOT = "not-iec-hs", "Not IEC-HS"
        UNDECIDED = "undecided", "Cannot be decided"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="iec_hs_assessments")
    event = models.ForeignKey(
        AdverseEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="iec_hs_assessments",
        verbose_name="adverse event",
    )  # fmt: skip
    assessed_on = models.DateField("day")
    hyperferritinaemia = models.BooleanField(
        null=True, blank=True, help_text="Above 2 x ULN or baseline, or rising rapidly; required."
    )
    crs_resolving = models.BooleanField(
        "begins with CRS resolving", null=True, blank=True, help_text="Or worsens after CRS had improved."
    )
    cytopenias = models.BooleanField(null=True, blank=True, help_text="New, worsening or refractory.")
    hypofibrinogenaemia = models.BooleanField(null=True, blank=True, help_text="Below 150 mg/dL, or below LLN.")
    transaminases = models.BooleanField(
        "raised transaminases", null=True, blank=True, help_text="Above 5 x ULN, or 5 x baseline."
    )
    haemophagocytosis = models.BooleanField(null=True, blank=True, help_text="In bone marrow or another tissue.")
    other_findings = models.CharField(
        max_length=300, blank=True, help_text="Fever, splenomegaly, LDH, triglycerides, bilirubin, lung, kidney."
    )
    adjudication = models.CharField(max_length=12, choices=Adjudication, blank=True)
    grade = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="1 to 5, by the adjudicator; of IEC-HS only."
    )
    adjudicated_on = models.DateField(null=True, blank=True)
    adjudicator = models.CharField(max_length=150, blank=True, editable=False)
    rationale = models.CharField(max_length=500, blank=True, help_text="What decided; needed with the adjudication.")

    class Meta:
        ordering = ["subject", "assessed_on"]
        verbose_name = "IEC-HS assessment"
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "assessed_on"],
                name="iec_hs_once_a_day",
                violation_error_message="This day is already recorded; open its row. [day-twice]",
            ),
            one_of("adjudication", ["iec-hs", "not-iec-hs", "undecided"], name="iec_hs_adjudication", blank=True),
            between("grade", 1, 5, name="iec_hs_grade", says="A grade of IEC-HS is 1 to 5.", code="safety-grade"),
            models.CheckConstraint(
                condition=Q(adjudication="", adjudicated_on=None, adjudicator="")
                | ~Q(adjudication="") & Q(adjudicated_on__isnull=False) & ~Q(adjudicator="") & ~Q(rationale=""),
                name="iec_hs_adjudicated_by_somebody",
                violation_error_message=(
                    "An adjudication has its day, its rationale and who decided; without one there is none of "
                    "them. [adjudication]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(grade=None) | Q(adjudication="iec-hs"),
                name="iec_hs_grade_of_iec_hs",
                violation_error_message="Only what was adjudicated as IEC-HS has a grade. [adjudication]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} IEC-HS {self.assessed_on}"

    def clean(self) -> None:
        check_event_of_subject(self)
