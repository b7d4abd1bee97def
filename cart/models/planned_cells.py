"""Planned CAR+ cells of each target: the same two columns for a cohort and for the course that follows its plan."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

# Target -> column of its plan, in million viable CAR+ cells/kg.
PLAN_OF_TARGET = {"CD19": "planned_cd19_per_kg_e6", "BCMA": "planned_bcma_per_kg_e6"}
# As a form shows them: the total, then its parts.
PLAN_FIELDS = ("planned_cells_per_kg_e6", *PLAN_OF_TARGET.values())


class PlannedByTarget(models.Model):
    """Parts of ``planned_cells_per_kg_e6`` against each target; empty where the protocol plans the total alone."""

    planned_cd19_per_kg_e6 = models.DecimalField(
        "of these against CD19 (10^6/kg)",
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Where the protocol plans each target: both, 0 for none.",
    )
    planned_bcma_per_kg_e6 = models.DecimalField(
        "of these against BCMA (10^6/kg)", max_digits=8, decimal_places=4, null=True, blank=True
    )

    class Meta:
        abstract = True

    def planned_by_target(self) -> dict[str, Decimal]:
        """Planned million cells/kg of each target, empty where the protocol plans the total alone."""
        parts = {target: getattr(self, column) for target, column in PLAN_OF_TARGET.items()}
        return {} if None in parts.values() else parts


def plan_adds_up(name: str) -> models.CheckConstraint:
    """The parts of a plan are both given or both left out, and together the total."""
    parts = list(PLAN_OF_TARGET.values())
    given = {f"{column}__isnull": False for column in PLAN_FIELDS} | {f"{column}__gte": 0 for column in parts}
    return models.CheckConstraint(
        condition=Q(**dict.fromkeys(parts)) | Q(**given, planned_cells_per_kg_e6=F(parts[0]) + F(parts[1])),
        name=name,
        violation_error_message=(
            "Give the plan of both targets or of neither; together they are the planned total. [dose-plan]"
        ),
    )
