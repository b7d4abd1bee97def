"""Panels of a protocol version: which analytes are measured at which visits."""

from django.db import models

from cart.models.study import CODE_PATTERN, PlannedVisit, ProtocolVersion


class Panel(models.Model):
    """A set of analytes that are ordered together, under one protocol version."""

    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="panels")
    code = models.CharField(max_length=40, validators=[CODE_PATTERN])
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["protocol", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "code"],
                name="panel_code_once",
                violation_error_message="This protocol version already has a panel with this code. [panel-twice]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.name})"


class PanelAnalyte(models.Model):
    """One analyte of a panel, by its code: the analytes themselves belong to the laboratory's app."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="analytes")
    analyte_code = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["panel", "position", "analyte_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["panel", "analyte_code"],
                name="panel_analyte_once",
                violation_error_message="The panel has this analyte already. [panel-analyte-twice]",
            ),
        ]

    def __str__(self) -> str:
        return self.analyte_code


class PlannedPanel(models.Model):
    """A panel that is due at a planned visit."""

    planned = models.ForeignKey(PlannedVisit, on_delete=models.PROTECT, related_name="panels")
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="visits")

    class Meta:
        ordering = ["planned", "panel"]
        constraints = [
            models.UniqueConstraint(
                fields=["planned", "panel"],
                name="planned_panel_once",
                violation_error_message="The panel is planned at this visit already. [planned-panel-twice]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.planned} {self.panel.code}"
