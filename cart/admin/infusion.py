"""Infusion: course, its administrations, the components given."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from cart.actions.infusion import dose_of, dose_summary, refuse_unexplained
from cart.actions.lots import mark_lots_infused
from cart.admin.day_zero import ShowsMovedVisits
from cart.admin.desk import DeskAdmin, DeskStackedInline, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedForm, ReasonedFormSet
from cart.admin.move import MovableRecord
from cart.endpoints.product.course_dose import CourseDose, Deviation
from cart.models import Administration, InfusionComponent, InfusionCourse, Lot, ScanAttempt, Subject
from cart.models.planned_cells import PLAN_FIELDS

# Name of the button that computes the dose and stores nothing.
CHECK_ONLY = "_check_dose"

COMPONENT_FIELDS = (
    ("lot", "target"),
    ("started_at", "stopped_at"),
    ("volume_ml", "nucleated_cells_per_ml", "weight_kg"),
    ("viability_fraction", "cd3_fraction", "car_fraction"),
)


class FollowsSubjectFormSet(ReasonedFormSet):
    """New rows belong to the subject of the record they are entered on."""

    def full_clean(self) -> None:
        # Not when the rows are built: a parent that is just being entered has its subject only now.
        if self.is_bound:
            for form in self.extra_forms:
                form.instance.subject_id = self.instance.subject_id
        super().full_clean()


@dataclass(frozen=True)
class DoseLine:
    """One line of the dose as text: million cells, million cells/kg, plan and deviation."""

    what: str
    cells: str
    per_kg: str
    planned: str
    deviation: str
    within: bool | None


def dose_lines(dose: CourseDose) -> list[DoseLine]:
    """Lines per target, then the total."""
    planned = {deviation.what: deviation for deviation in dose.deviations}
    targets = sorted({*dose.per_kg_by_target, *planned} - {"total"}, reverse=True)
    lines = [
        _line(target, dose.cells_by_target.get(target), dose.per_kg_by_target.get(target), planned.get(target))
        for target in targets
    ]
    cells = sum(dose.cells_by_target.values(), Decimal(0))
    return [*lines, _line("Total", cells, dose.total_per_kg, planned["total"])]


def _line(what: str, cells: Decimal | None, per_kg: Decimal | None, deviation: Deviation | None) -> DoseLine:
    return DoseLine(
        what=what,
        cells=_millions(cells or Decimal(0)),
        per_kg=_millions(per_kg or Decimal(0)),
        planned="not by target" if deviation is None else _millions(deviation.planned_per_kg),
        deviation="" if deviation is None else _percent(deviation.percent),
        within=None if deviation is None else deviation.within_tolerance,
    )


def _percent(value: Decimal) -> str:
    """Signed, with two decimals; what rounds to nothing is no minus nothing.

    >>> _percent(Decimal("-0.00004")), _percent(Decimal("-51.1"))
    ('+0.00 %', '-51.10 %')
    """
    return f"{round(value, 2) + 0:+.2f} %"


def _millions(value: Decimal) -> str:
    """Millions with four decimals, as the plan has them."""
    return f"{value / 1_000_000:.4f}"


def scanned_lots(administration: Administration) -> list[tuple[Lot, ScanAttempt | None]]:
    """Lots of an administration, each with the newest scan before an infusion that found its own label."""
    lots = Lot.objects.filter(components__administration=administration).distinct().order_by("number")
    scans = ScanAttempt.objects.filter(
        lot__in=lots, purpose=ScanAttempt.Purpose.INFUSION, finding=ScanAttempt.Finding.MATCH
    ).order_by("pk")
    newest = {scan.lot_id: scan for scan in scans}
    return [(lot, newest.get(lot.pk)) for lot in lots]


class AdministrationInline(DeskTabularInline):
    """Administrations of a course; the components are on the administration's own page."""

    model = Administration
    fk_name = "course"
    formset = FollowsSubjectFormSet
    fields = ("number",)
    list_select_related = ("course__subject",)
    exclude = ("subject",)


@admin.register(InfusionCourse)
class InfusionCourseAdmin(MovableRecord, DeskAdmin):
    """Treatment courses."""

    list_display = ("subject", "number", "weight_kg", "planned_cells_per_kg_e6")
    list_filter = (("subject__study", VisibleRelatedFilter), ("subject__site", VisibleRelatedFilter))
    list_select_related = ("subject",)
    search_fields = ("subject__code",)
    autocomplete_fields = ("subject",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("subject", "number"),
                    ("weight_kg", "weight_of"),
                    PLAN_FIELDS,
                ),
                "description": "Save the course with its administration, then open the administration (its "
                "pencil) to enter what was given from which lot.",
            },
        ),
    )
    inlines = (AdministrationInline,)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with what the subject's cohort plans; the course keeps what is saved."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        asked = str(initial.get("subject", ""))
        subject = Subject.objects.filter(pk=asked).select_related("cohort").first() if asked.isdecimal() else None
        if subject is not None and subject.cohort is not None and self._may_write(request, subject):
            for name in PLAN_FIELDS:
                initial.setdefault(name, getattr(subject.cohort, name))
        return initial


class ComponentFormSet(FollowsSubjectFormSet):
    """Components; a new one starts with the course's weight. Their dose is computed before anything is stored."""

    dose: CourseDose | None = None

    @property
    def empty_form(self) -> Any:
        form = super().empty_form
        if self.instance.course_id is not None:
            form.initial.setdefault("weight_kg", self.instance.course.weight_kg)
        return form

    def clean(self) -> None:
        super().clean()
        if self.instance.course_id is None or not all(form.is_valid() for form in self.forms):
            return
        entered = [form.instance for form in self.forms]
        others = InfusionComponent.objects.filter(administration__course=self.instance.course_id)
        others = others.exclude(pk__in=[component.pk for component in entered if component.pk])
        if not entered:
            return
        self.dose = dose_of(self.instance.course, [*others.select_related("lot__product"), *entered])
        if CHECK_ONLY in self.data:
            raise ValidationError("Checked only: nothing is stored yet. The dose stands on top of the page.")
        refuse_unexplained(self.dose, str(self.data.get("deviation_reason", "")))


class ComponentInline(DeskStackedInline):
    """Cells given in one sitting, one row per lot and target."""

    model = InfusionComponent
    fk_name = "administration"
    formset = ComponentFormSet
    fields = (*COMPONENT_FIELDS, "viable_car_cells")
    readonly_fields = ("viable_car_cells",)
    autocomplete_fields = ("lot",)
    list_select_related = ("administration__course__subject", "lot")
    show_change_link = False


class AdministrationForm(ReasonedForm):
    """The subject follows the course."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        course = self.cleaned_data.get("course")
        if course is not None:
            self.instance.subject_id = course.subject_id
        return cleaned


@admin.register(Administration)
class AdministrationAdmin(ShowsMovedVisits, DeskAdmin):
    """Sittings of a course with the components given."""

    form = AdministrationForm
    list_display = ("course", "number", "subject")
    list_filter = (("subject__study", VisibleRelatedFilter),)
    list_select_related = ("course__subject", "subject")
    search_fields = ("subject__code",)
    autocomplete_fields = ("course",)
    fieldsets = ((None, {"fields": (("course", "number"), "deviation_reason")}),)
    inlines = (ComponentInline,)
    change_form_outer_before_template = "cart/dose_panel.html"
    change_form_outer_after_template = "cart/dose_check.html"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the dose: of what was just entered and not stored, else of what is."""
        entered = [inline.formset for inline in context["inline_admin_formsets"] if inline.formset.is_bound]
        administration = kwargs.get("obj")
        dose = next((formset.dose for formset in entered if formset.dose is not None), None)
        context["dose_entered"] = dose is not None
        if dose is None and administration is not None:
            dose = dose_summary(administration.course)
        if dose is not None and dose.cells_by_target:
            context["dose"] = dose
            context["dose_lines"] = dose_lines(dose)
            context["dose_ratio"] = dose.ratio_reason if dose.ratio is None else f"{dose.ratio:.4f}"
        if administration is not None:
            context["infusion_scans"] = scanned_lots(administration)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the components; their lots are infused from then on."""
        super().save_related(request, form, formsets, change)
        mark_lots_infused(administration=form.instance, actor=request.user.get_username())


@admin.register(InfusionComponent)
class InfusionComponentAdmin(ShowsMovedVisits, DeskAdmin):
    """Components of all infusions; entered on the administration's page."""

    list_display = ("subject", "administration", "target", "lot", "started_at", "viable_car_cells")
    list_filter = (("subject__study", VisibleRelatedFilter), "target")
    list_select_related = ("subject", "administration__course__subject", "lot")
    search_fields = ("subject__code", "lot__number")
    autocomplete_fields = ("administration", "lot")
    readonly_fields = ("viable_car_cells",)
    fieldsets = ((None, {"fields": ("administration", *COMPONENT_FIELDS, "viable_car_cells")}),)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The subject comes from the administration, and the lot's state follows: both happen on that page.
        return False
