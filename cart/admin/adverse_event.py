"""Adverse events: entered by section, a DLT outside the window asks why."""

import polars as pl
from django.contrib import admin
from django.core.exceptions import ValidationError

from cart.admin.desk import DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedForm
from cart.admin.move import MovableRecord
from cart.admin.period import PeriodColumns
from cart.endpoints.limiting_toxicity import LIMITING, with_window
from cart.inputs import time_zero
from cart.models import AdverseEvent

_WATCHED = {"subject", "started", "dlt", "dlt_reason"}


def outside_dlt_window(event: AdverseEvent) -> str:
    """What speaks against a DLT's start; empty where it lies in the window of the protocol in force."""
    subject = event.subject
    protocol = subject.study.current_protocol()
    days = LIMITING.in_force(protocol.parameters if protocol else {})["window_days"]
    zero = time_zero(subject.study_id, [subject.pk])["time_zero_on"]
    if not len(zero):
        return "The subject has no time zero yet, so no DLT window. Say why it is a DLT all the same. [dlt-window]"
    found = with_window(pl.DataFrame({"started": [event.started], "time_zero_on": [zero[0]]}), window_days=days)
    inside, first, last = found.select("inside", "first_day", "last_day").row(0)
    if inside:
        return ""
    begun = f"day {first}" if first == last else f"day {first} to {last}"
    return (
        f"A DLT begins from day 0 to {days} after infusion; this event began on {begun}. Correct the start, or say why "
        "it is a DLT all the same. [dlt-window]"
    )


class AdverseEventForm(ReasonedForm):
    """A soft limit: a DLT outside its window is stored with the reason."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        event: AdverseEvent = self.instance
        asked = event.dlt and not event.dlt_reason and _WATCHED & set(self.changed_data)
        if asked and event.subject_id and event.started and "started" not in self.errors:
            sentence = outside_dlt_window(event)
            if sentence:
                self.add_error("dlt_reason", ValidationError(sentence, code="dlt-window"))


@admin.register(AdverseEvent)
class AdverseEventAdmin(PeriodColumns, MovableRecord, DeskAdmin):
    """Adverse events of all subjects."""

    form = AdverseEventForm
    list_display = (
        "number",
        "subject",
        "term",
        "started_text",
        "ended_text",
        "grade_number",
        "serious_text",
        "dlt_text",
        "related_text",
        "outcome",
    )
    list_display_links = ("number", "term")
    list_filter = (
        ("subject__study", VisibleRelatedFilter),
        ("subject__site", VisibleRelatedFilter),
        "grade",
        "serious",
        "dlt",
        "special_interest",
        "related_to_product",
        "ongoing",
        "outcome",
    )
    list_select_related = ("subject",)
    search_fields = ("subject__code", "term", "ctcae_term")
    autocomplete_fields = ("subject",)
    fieldsets = (
        (None, {"fields": ("subject", ("term", "ctcae_term"), ("started", "ended", "ongoing"))}),
        (
            "Severity and outcome",
            {"fields": (("ctcae_version", "grade"), ("outcome", "action"), "treatment", "special_interest")},
        ),
        (
            "Seriousness",
            {
                "fields": (
                    "serious",
                    ("results_in_death", "life_threatening", "hospitalisation"),
                    ("disability", "congenital_anomaly", "medically_important"),
                ),
                "description": "An event is serious by its consequences, not by its grade: tick each that holds.",
            },
        ),
        (
            "Related to, in the investigator's judgement",
            {"fields": (("related_to_product", "related_to_conditioning", "related_to_chelation"),)},
        ),
        ("Dose-limiting toxicity", {"fields": (("dlt", "dlt_reason"),)}),
    )

    @admin.display(description="AE", ordering="pk")
    def number(self, obj: AdverseEvent) -> int:
        """Number by which endpoints and reports name the event."""
        return obj.pk

    @admin.display(description="Cell-related", ordering="related_to_product")
    def related_text(self, obj: AdverseEvent) -> str:
        """Relation to the CAR-T cells; a column as wide as its name would push the outcome off the screen."""
        return str(obj.get_related_to_product_display())

    @admin.display(description="Grade", ordering="grade")
    def grade_number(self, obj: AdverseEvent) -> int:
        """Severity."""
        return obj.grade

    @admin.display(description="Serious", ordering="serious")
    def serious_text(self, obj: AdverseEvent) -> str:
        """In words: a red cross beside an event that is not serious reads as its contrary."""
        return "serious" if obj.serious else "no"

    @admin.display(description="DLT", ordering="dlt")
    def dlt_text(self, obj: AdverseEvent) -> str:
        """Yes, no, or not decided yet."""
        return "not decided" if obj.dlt is None else "DLT" if obj.dlt else "no"
