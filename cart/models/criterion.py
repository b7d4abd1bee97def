"""Eligibility criteria of a protocol version."""

from django.db import models
from django.db.models import Q

from cart.models.study import CODE_PATTERN, ProtocolVersion


class EligibilityCriterion(models.Model):
    """One criterion, in the words of one protocol version; other words are another version's criterion."""

    class Kind(models.TextChoices):
        INCLUSION = "inclusion", "Inclusion"
        EXCLUSION = "exclusion", "Exclusion"

    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="criteria")
    code = models.CharField(max_length=20, validators=[CODE_PATTERN])
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=600)
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["protocol", "position", "code"]
        verbose_name_plural = "eligibility criteria"
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "code"],
                name="criterion_code_once",
                violation_error_message="This protocol version already has a criterion with this code. "
                "[criterion-twice]",
            ),
            models.UniqueConstraint(fields=["id", "protocol"], name="criterion_id_protocol"),
            models.CheckConstraint(
                condition=Q(kind__in=["inclusion", "exclusion"]) & ~Q(text=""),
                name="criterion_kind_and_text",
                violation_error_message="A criterion is for inclusion or exclusion and has its text. [criterion]",
            ),
        ]

    def __str__(self) -> str:
        return self.code
