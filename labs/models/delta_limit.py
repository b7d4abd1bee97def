"""How far a value of an analyte may lie from the one before."""

from django.db import models
from django.db.models import Q

from cart.models.fields import ExactDecimalField
from labs.models.analyte import Analyte


class DeltaLimit(models.Model):
    """Limit of the delta check of one analyte; computed with on reading, so a new limit shows at once everywhere."""

    class Kind(models.TextChoices):
        ABSOLUTE = "absolute", "Absolute, in the unit"
        PER_CENT = "per-cent", "Per cent of the previous value"

    analyte = models.OneToOneField(Analyte, on_delete=models.PROTECT, related_name="delta_limit")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PER_CENT)
    limit = ExactDecimalField(help_text="A change larger than this is shown; a change as large is not.")
    unit = models.CharField(max_length=40, blank=True, help_text="Of an absolute limit; of a per cent one empty: any.")
    window_days = models.PositiveSmallIntegerField(
        "window (days)", help_text="Only a previous value at most so many days older is compared."
    )
    source = models.CharField(max_length=300, help_text="Where it stands: the laboratory's handbook, a protocol.")

    class Meta:
        ordering = ["analyte"]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit__gte=0) & Q(window_days__gt=0),
                name="delta_limit_is_one",
                violation_error_message="A limit is not negative, in a window of a day or more. [delta-limit]",
            ),
            models.CheckConstraint(
                condition=~Q(source="") & (Q(kind="per-cent") | (Q(kind="absolute") & ~Q(unit=""))),
                name="delta_limit_has_unit_and_source",
                violation_error_message="A limit has a source, and a unit where it is absolute. [delta-limit]",
            ),
        ]

    def __str__(self) -> str:
        how_far = f"{self.limit} %" if self.kind == self.Kind.PER_CENT else f"{self.limit} {self.unit}"
        return f"{self.analyte}: {how_far} in {self.window_days} days"
