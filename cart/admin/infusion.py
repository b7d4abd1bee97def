"""Infusion: course, its administrations, the components given."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cart.actions.lots import mark_lots_infused
from cart.admin.day_zero import ShowsMovedVisits
from cart.admin.desk import DeskAdmin, DeskStackedInline, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedForm, ReasonedFormSet
from cart.models import Administration, InfusionComponent, InfusionCourse

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


class AdministrationInline(DeskTabularInline):
    """Administrations of a course; the components are on the administration's own page."""

    model = Administration
    fk_name = "course"
    formset = FollowsSubjectFormSet
    fields = ("number",)
    list_select_related = ("course__subject",)
    exclude = ("subject",)


@admin.register(InfusionCourse)
class InfusionCourseAdmin(DeskAdmin):
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
                "fields": (("subject", "number"), ("weight_kg", "planned_cells_per_kg_e6")),
                "description": "Save the course with its administration, then open the administration (its "
                "pencil) to enter what was given from which lot.",
            },
        ),
    )
    inlines = (AdministrationInline,)


class ComponentFormSet(FollowsSubjectFormSet):
    """Components; a new one starts with the course's weight."""

    @property
    def empty_form(self) -> Any:
        form = super().empty_form
        if self.instance.course_id is not None:
            form.initial.setdefault("weight_kg", self.instance.course.weight_kg)
        return form


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
    fieldsets = ((None, {"fields": (("course", "number"),)}),)
    inlines = (ComponentInline,)

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
