"""Results entered and corrected by hand. A stored result is never overwritten: a correction is a new version."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator

from cart.admin.desk import DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedForm
from labs.actions.by_hand import correction_asked, kits_in_force, present_results, read_typed
from labs.admin.assessment import assessment_of
from labs.admin.collected import month_name_text
from labs.models import Analyte, Result, Specimen


class ResultForm(ReasonedForm):
    """The text as the report shows it; number, qualifier, kit and version follow from it."""

    received_text = forms.CharField(
        label="Result as received",
        max_length=200,
        help_text="12.5, <10, >5120, 1:640, a text; or 'not done', with its reason below.",
        widget=forms.TextInput(attrs={"class": "ts-input", "autocomplete": "off"}),
    )

    class Meta:
        model = Result
        fields = ("specimen", "analyte", "unit", "received_text", "missing_reason", "supersession_reason")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        specimen, analyte = self.cleaned_data.get("specimen"), self.cleaned_data.get("analyte")
        if specimen is None or analyte is None:
            return cleaned
        self._place(specimen, analyte)
        self._read_text(analyte)
        return cleaned

    def _place(self, specimen: Specimen, analyte: Analyte) -> None:
        """Version, kit and unit of the new row."""
        result = self.instance
        before = present_results(specimen, [analyte.pk]).get(analyte.pk)
        result.version = before.version + 1 if before is not None else 1
        if before is not None and not self.cleaned_data.get("supersession_reason"):
            self.add_error(
                "supersession_reason",
                ValidationError(correction_asked(analyte, before)),
            )
        result.assay = kits_in_force(specimen).get(analyte.pk)
        expected = result.assay.unit if result.assay is not None else analyte.unit
        unit = self.cleaned_data.get("unit") or expected
        if result.assay is not None and unit != expected:
            self.add_error(
                "unit", ValidationError(f"The kit in force reports {expected!r}; found {unit!r}. [unit-mismatch]")
            )
        self.cleaned_data["unit"] = unit

    def _read_text(self, analyte: Analyte) -> None:
        """Qualifier and value of the text, or the reason why there is none."""
        reading = read_typed(
            self.cleaned_data.get("received_text", ""),
            kind=analyte.kind,
            reason=self.cleaned_data.get("missing_reason") or "",
            kit=self.instance.assay,
        )
        self.instance.qualifier, self.instance.value = reading.qualifier, reading.value
        for name, sentence in reading.problems.items():
            self.add_error(name, ValidationError(sentence))
        # Removed by an error where there was one.
        if "received_text" in self.cleaned_data:
            self.cleaned_data["received_text"] = reading.received_text


@admin.register(Result)
class ResultAdmin(DeskAdmin):
    """Laboratory results. Rows are entered, never changed: 'Correct' enters the next version."""

    form = ResultForm
    # Millions of rows: neither counted nor offset far.
    paginator = InfinitePaginator
    ordering = ("-id",)
    sortable_by = ()
    list_display = ("subject", "analyte", "received_text", "unit", "collected", "version", "missing_reason")
    list_filter = (
        ("specimen__study", VisibleRelatedFilter),
        ("analyte", VisibleRelatedFilter),
        ("specimen__laboratory", VisibleRelatedFilter),
    )
    list_select_related = ("specimen__subject", "specimen__laboratory", "analyte", "assay", "transfer")
    search_fields = ("specimen__subject__code__istartswith", "specimen__accession__istartswith")
    autocomplete_fields = ("specimen", "analyte")
    change_form_outer_before_template = "labs/result_steps.html"
    add_fieldsets = (
        (None, {"fields": (("specimen", "analyte"), ("received_text", "unit"), "missing_reason")}),
        (
            "Correction",
            {
                "fields": ("supersession_reason",),
                "description": "Only where this specimen already has a result of this analyte: why the new value "
                "replaces it. The old value stays and is shown in the specimen's list of results.",
            },
        ),
    )
    fieldsets = (
        ("Result", {"fields": (("specimen", "analyte"), ("received_text", "missing_reason"))}),
        ("As a number", {"fields": (("qualifier", "value", "unit"),)}),
        ("Kit and version", {"fields": ("assay", ("version", "supersession_reason"))}),
        ("Source", {"fields": (("transfer", "line", "source_sequence"), ("received_unit", "standard_text"))}),
        ("As assessed", {"fields": (("flag_by_range", "toxicity_grade"), "delta_check")}),
        ("Range of the laboratory", {"fields": (("range_low", "range_high", "range_flag"),)}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Subject", ordering=F("specimen__subject"))
    def subject(self, obj: Result) -> str:
        """Code of the subject."""
        return str(obj.specimen.subject)

    @admin.display(description="Flag by the approved range")
    def flag_by_range(self, obj: Result) -> str:
        """Flag with its limits, or why there is none."""
        return assessment_of(obj).flag

    @admin.display(description="CTCAE grade")
    def toxicity_grade(self, obj: Result) -> str:
        """Grade with its term, or why there is none."""
        return assessment_of(obj).grade

    @admin.display(description="Delta check")
    def delta_check(self, obj: Result) -> str:
        """Change from the previous value of the series."""
        return assessment_of(obj).delta

    @admin.display(description="Collected (site time)")
    def collected(self, obj: Result) -> str:
        """When the specimen was taken."""
        return month_name_text(obj.specimen.collected)
