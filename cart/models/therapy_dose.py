"""Doses of a therapy, day by day: of tocilizumab and of steroids the sum matters."""

from django.db import models
from django.db.models import Q

from cart.models.exposure import ConcomitantTherapy


class TherapyDose(models.Model):
    """What was given of a therapy on one day: so many doses of so many mg each."""

    therapy = models.ForeignKey(ConcomitantTherapy, on_delete=models.PROTECT, related_name="doses")
    given_on = models.DateField("day")
    doses = models.PositiveSmallIntegerField("number of doses", default=1)
    dose_mg = models.DecimalField("mg per dose", max_digits=9, decimal_places=2)

    class Meta:
        ordering = ["therapy", "given_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["therapy", "given_on", "dose_mg"],
                name="therapy_dose_once",
                violation_error_message=(
                    "This day and dose are already recorded; raise the number of doses. [dose-twice]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(dose_mg__gt=0, doses__gte=1),
                name="therapy_dose_positive",
                violation_error_message="A given dose is above zero; what was not given has no row. [negative-dose]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.therapy} {self.given_on}"
