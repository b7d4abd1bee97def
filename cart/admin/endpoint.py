"""Stored answers, to be looked at: definitions, runs, evaluations, results."""

from typing import Any

from django.contrib import admin

from cart.admin.desk import ReadOnlyAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.models import EndpointDefinition, EndpointResult, Evaluation


def answer_text(result: EndpointResult) -> str:
    """An answer as one reads it: value, bounds or text with its unit; empty where there is none."""
    return answer_words(value=result.value, low=result.low, high=result.high, text=result.text, unit=result.unit)


def answer_words(*, value: float | None, low: float | None, high: float | None, text: str, unit: str) -> str:
    """The same of its parts."""
    unit = f" {unit}" if unit else ""
    if value is not None:
        shown = f"{value:,.4g}{unit}"
        return f"{text} ({shown})" if text else shown
    if low is not None or high is not None:
        bounded_above = high is not None and high != float("inf")
        from_ = "" if low is None else f"{low:,.4g}"
        if not bounded_above:
            shown = f"at least {from_}{unit}"
        elif not from_:
            shown = f"at most {high:,.4g}{unit}"
        else:
            shown = f"{from_} to {high:,.4g}{unit}"
        return f"{text} ({shown})" if text else shown
    return text


@admin.register(EndpointDefinition)
class EndpointDefinitionAdmin(ReadOnlyAdmin):
    """Versions of endpoint rules."""

    list_display = ("code", "version", "label", "unit")
    search_fields = ("code", "label")
    fields = (("code", "version"), ("label", "unit"), "source", "parameters")


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
