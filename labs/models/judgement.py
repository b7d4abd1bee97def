"""Whether an abnormal result matters: the investigator's word beside the computed flag and grade."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from labs.models.result import Result


class Judgement(models.Model):
    """A result judged clinically significant or not, and by whom.

    It is of one version of a result: a corrected value waits to be judged anew.
    """

    result = models.OneToOneField(Result, on_delete=models.PROTECT, related_name="judgement")
    significant = models.BooleanField("clinically significant")
    judged_by = models.CharField(max_length=150, editable=False)
    judged_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["result"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(judged_by=""),
                name="judgement_has_person",
                violation_error_message="A judgement has its person. [judgement-person]",
            )
        ]

    def __str__(self) -> str:
        return f"{'clinically significant' if self.significant else 'not significant'} ({self.judged_by})"
