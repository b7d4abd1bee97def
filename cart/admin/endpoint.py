"""Stored answers, to be looked at: definitions, runs, evaluations, results."""

from typing import Any

from django.contrib import admin

from cart.admin.desk import ReadOnlyAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.models import EndpointDefinition, EndpointResult, Evaluation, Run


def answer_text(result: EndpointResult) -> str:
    """An answer as one reads it: value, bounds or text with its unit; empty where there is none."""
    unit = f" {result.unit}" if result.unit else ""
    if result.value is not None:
        shown = f"{result.value:,.4g}{unit}"
        return f"{result.text} ({shown})" if result.text else shown
    if result.low is not None or result.high is not None:
        bounded_above = result.high is not None and result.high != float("inf")
        low = "" if result.low is None else f"{result.low:,.4g}"
        if not bounded_above:
            shown = f"at least {low}{unit}"
        elif not low:
            shown = f"at most {result.high:,.4g}{unit}"
        else:
            shown = f"{low} to {result.high:,.4g}{unit}"
        return f"{result.text} ({shown})" if result.text else shown
    return result.text


@admin.register(EndpointDefinition)
class EndpointDefinitionAdmin(ReadOnlyAdmin):
    """Versions of endpoint rules."""

    list_display = ("code", "version", "label", "unit")
    search_fields = ("code", "label")
    fields = (("code", "version"), ("label", "unit"), "source", "parameters")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Computations."""

    list_display = ("id", "study", "started_at", "subjects_seen", "subjects_changed", "job_number", "code_version")
    list_filter = (("study", VisibleRelatedFilter),)
    list_select_related = ("study",)
    search_fields = ("study__code", "code_version")
    date_hierarchy = "started_at"


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    """Sets of answers of one subject; the newest is current."""

    list_display = ("id", "subject", "run", "input_digest")
    list_filter = (("subject__study", VisibleRelatedFilter),)
    list_select_related = ("subject", "run__study")
    search_fields = ("subject__code",)


@admin.register(EndpointResult)
class EndpointResultAdmin(ReadOnlyAdmin):
    """Answers, all versions; a subject's current ones are on the subject's page."""

    list_display = ("subject", "definition", "series", "timepoint", "answer", "status", "reason")
    list_filter = (("subject__study", VisibleRelatedFilter), "status", "definition__code")
    list_select_related = ("subject", "definition", "evaluation")
    search_fields = ("subject__code", "definition__code", "series")

    @admin.display(description="Answer")
    def answer(self, obj: Any) -> str:
        """Value, bounds or text."""
        return answer_text(obj)
