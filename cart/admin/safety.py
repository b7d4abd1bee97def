"""Infections, IEC-HS, second malignancies, RCL, pregnancies, deaths."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cart.admin.desk import DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedForm
from cart.admin.move import MovableRecord
from cart.admin.period import PeriodColumns
from cart.models import Death, IecHsAssessment, Infection, Pregnancy, RclTest, SecondMalignancy

_WHERE = (("subject__study", VisibleRelatedFilter), ("subject__site", VisibleRelatedFilter))


@admin.register(Infection)
class InfectionAdmin(PeriodColumns, MovableRecord, DeskAdmin):
    """Infections of all subjects."""

    list_display = ("subject", "organism", "kind", "site", "started_text", "ended_text", "grade")
    list_filter = (*_WHERE, "kind", "site", "grade", "ongoing")
    list_select_related = ("subject",)
    search_fields = ("subject__code", "organism", "site_text")
    autocomplete_fields = ("subject", "event")
    fieldsets = (
        (None, {"fields": (("subject", "event"), ("kind", "organism"), ("site", "site_text"))}),
        ("Course", {"fields": (("started", "ended", "ongoing"), ("grade", "reactivation"), "treatment")}),
    )


class IecHsForm(ReasonedForm):
    """An adjudication is signed with who is signed in when it is made or changed."""

    signer: str = ""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        decided = {"adjudication", "adjudicated_on", "grade", "rationale"}
        if decided & set(self.changed_data):
            self.instance.adjudicator = self.signer if self.cleaned_data.get("adjudication") else ""
        return cleaned


@admin.register(IecHsAssessment)
class IecHsAssessmentAdmin(MovableRecord, DeskAdmin):
    """Components of IEC-HS, and who decided what they mean."""

    form = IecHsForm
    list_display = ("subject", "assessed_on", "hyperferritinaemia", "adjudication", "grade", "adjudicator")
    list_filter = (*_WHERE, "adjudication")
    list_select_related = ("subject",)
    search_fields = ("subject__code",)
    autocomplete_fields = ("subject", "event")
    readonly_fields = ("adjudicator",)
    date_hierarchy = "assessed_on"
    fieldsets = (
        (None, {"fields": (("subject", "assessed_on"), "event")}),
        (
            "Components",
            {
                "fields": (
                    ("hyperferritinaemia", "crs_resolving", "cytopenias"),
                    ("hypofibrinogenaemia", "transaminases", "haemophagocytosis"),
                    "other_findings",
                ),
                "description": "Unknown: not looked for. No rule decides here.",
            },
        ),
        (
            "Adjudication",
            {
                "fields": (("adjudication", "grade", "adjudicated_on"), "rationale", "adjudicator"),
                "description": "By a person, with the day and the rationale; signed with your name on saving.",
            },
        ),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.signer = request.user.get_username()
        return form


@admin.register(SecondMalignancy)
class SecondMalignancyAdmin(MovableRecord, DeskAdmin):
    """Second malignancies and their transgene tests."""

    list_display = ("subject", "diagnosis", "diagnosed", "t_cell", "transgene", "transgene_tested_on")
    list_filter = (*_WHERE, "transgene", "t_cell")
    list_select_related = ("subject",)
    search_fields = ("subject__code", "diagnosis", "histology")
    autocomplete_fields = ("subject", "event")
    fieldsets = (
        (None, {"fields": (("subject", "event"), ("diagnosis", "diagnosed"), ("histology", "t_cell"))}),
        (
            "CAR transgene",
            {
                "fields": (
                    ("transgene", "transgene_tested_on"),
                    ("transgene_material", "transgene_method"),
                    "transgene_not_done_reason",
                ),
                "description": "Is the malignancy of the infused cells? Every second malignancy is tested, or says why "
                "not.",
            },
        ),
    )


@admin.register(RclTest)
class RclTestAdmin(MovableRecord, DeskAdmin):
    """Tests for replication-competent vector."""

    list_display = ("subject", "planned_label", "sampled_on", "method", "result")
    list_filter = (*_WHERE, "result")
    list_select_related = ("subject",)
    search_fields = ("subject__code", "planned_label", "method")
    autocomplete_fields = ("subject",)
    fieldsets = (
        (None, {"fields": (("subject", "planned_label"), ("sampled_on", "method"), ("result", "not_done_reason"))}),
    )


@admin.register(Pregnancy)
class PregnancyAdmin(MovableRecord, DeskAdmin):
    """Pregnancies of subjects and partners."""

    list_display = ("subject", "of", "reported_on", "outcome", "outcome_on", "congenital_anomaly")
    list_filter = (*_WHERE, "of", "outcome")
    list_select_related = ("subject",)
    search_fields = ("subject__code",)
    autocomplete_fields = ("subject",)
    fieldsets = (
        (None, {"fields": (("subject", "of", "partner_consented"), ("reported_on", "last_period"))}),
        ("Outcome", {"fields": (("outcome", "outcome_on", "congenital_anomaly"), "outcome_text")}),
    )


@admin.register(Death)
class DeathAdmin(MovableRecord, DeskAdmin):
    """Deaths."""

    list_display = ("subject", "died", "cause", "cause_text", "related_to_product")
    list_filter = (*_WHERE, "cause", "related_to_product")
    list_select_related = ("subject",)
    search_fields = ("subject__code", "cause_text")
    autocomplete_fields = ("subject", "event")
    fieldsets = (
        (
            None,
            {
                "fields": (("subject", "event"), ("died", "autopsy"), ("cause", "related_to_product"), "cause_text"),
                "description": "Set the subject's status to Dead as well: the schedule ends there.",
            },
        ),
    )
