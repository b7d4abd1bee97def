"""The admin site: pages grouped as coordinators work, not by app."""

from functools import wraps
from typing import Any

from django.apps import apps
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.templatetags.static import static
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from trialsite.audit.context import acting
from trialsite.isolation.reading import once

# Title, icon, and the records in the order in which they are entered.
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Subjects",
        "person",
        (
            "cart.Subject",
            "cart.Consent",
            "cart.EligibilityDecision",
            "cart.Disposition",
            "cart.Allocation",
            "cart.Visit",
            "cart.ConcomitantTherapy",
            "cart.StudyDrugExposure",
            "cart.DataQuery",
            "cart.RecordCompletion",
            "cart.WarningOverride",
        ),
    ),
    (
        "Product & infusion",
        "vaccines",
        (
            "cart.Apheresis",
            "cart.Lot",
            "cart.ReleaseTest",
            "cart.CustodyEvent",
            "cart.ScanAttempt",
            "cart.BridgingTherapy",
            "cart.ConditioningCourse",
            "cart.ConditioningDose",
            "cart.Chelation",
            "cart.InfusionCourse",
            "cart.Administration",
            "cart.InfusionComponent",
        ),
    ),
    (
        "Assessments",
        "stethoscope",
        (
            "cart.SkinScore",
            "cart.DigitalUlcerCount",
            "cart.HealthQuestionnaire",
            "cart.GlobalAssessment",
            "cart.Spirometry",
            "cart.DiffusingCapacity",
            "cart.LungUltrasound",
            "cart.HrctScan",
            "cart.Echocardiogram",
            "cart.RightHeartCatheter",
            "cart.Capillaroscopy",
            "cart.DiseaseFindings",
        ),
    ),
    (
        "Safety",
        "health_and_safety",
        (
            "cart.AdverseEvent",
            "cart.SyndromeCourse",
            "cart.CrsAssessment",
            "cart.IcansAssessment",
            "cart.IecHsAssessment",
            "cart.Infection",
            "cart.SecondMalignancy",
            "cart.RclTest",
            "cart.Pregnancy",
            "cart.Death",
        ),
    ),
    (
        "Laboratory",
        "science",
        ("labs.Specimen", "labs.Result", "labs.Transfer", "labs.TransferRow"),
    ),
    (
        "Endpoints",
        "monitoring",
        (
            "cart.EndpointResult",
            "cart.Evaluation",
            "cart.StudySummary",
            "cart.Run",
            "cart.DataCut",
            "cart.EndpointDefinition",
        ),
    ),
    (
        "Study set-up",
        "tune",
        (
            "cart.Study",
            "cart.Site",
            "cart.ConsentForm",
            "cart.Arm",
            "cart.Cohort",
            "cart.ProtocolVersion",
            "cart.PlannedVisit",
            "cart.Panel",
            "cart.RandomisationList",
            "cart.Product",
            "cart.ReleaseSpecification",
            "labs.Analyte",
            "labs.Laboratory",
            "labs.AnalyteCode",
            "labs.AssayVersion",
            "labs.ReferenceRange",
            "labs.DeltaLimit",
            "labs.ConversionFactor",
            "labs.BridgingFactor",
            "cart.Membership",
        ),
    ),
    ("Oversight", "shield", ("jobs.Job", "audit.AuditEvent", "accounts.User")),
)


class TrialsiteAdminSite(UnfoldAdminSite):
    """Admin of the trial."""

    site_header = "Trialsite"
    site_title = "Trialsite"
    index_title = "Trial desk"
    index_template = "cart/desk.html"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """A page that is asked for by what is no key is not found; a search for NUL finds nothing, as a sentence."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            # Every record has a number. PostgreSQL's text has no NUL: sent on, it would be an error page.
            if not str(kwargs.get("object_id", "0")).isdecimal():
                raise Http404
            if any("\x00" in value for values in request.GET.lists() for value in values[1]):
                return HttpResponseBadRequest("An address holds no NUL character. Remove %00 from it.")
            answer: HttpResponse = view(request, *args, **kwargs)
            return answer

        return super().admin_view(guarded, cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Name and style of the desk, in addition to the theme's own."""
        context: dict[str, Any] = super().each_context(request)
        context["site_title"] = context["site_header"] = "Trialsite"
        context["site_symbol"] = "labs"
        # There is no site besides the desk to return to.
        context["site_url"] = None
        context["styles"] = [*context.get("styles", []), static("cart/desk.css"), static("cart/plot.css")]
        context["site_favicons"] = [{"rel": "icon", "href": static("cart/favicon.svg"), "type": "image/svg+xml"}]
        return context

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The groups with the records that the user may see; an app's own index stays as Django makes it."""
        if app_label is not None:
            own: list[dict[str, Any]] = super().get_app_list(request, app_label)
            return own
        # The theme asks twice for each page, and builds its own lists from the answer.
        return once(("desk", request.user.pk), lambda: self._groups(request))

    def _groups(self, request: HttpRequest) -> list[dict[str, Any]]:
        apps: list[dict[str, Any]] = super().get_app_list(request)
        shown = {entry["model"]._meta.label: entry for app in apps for entry in app["models"]}
        groups = []
        for title, icon, labels in GROUPS:
            models = [shown.pop(label) for label in labels if label in shown]
            if models:
                groups.append(_group(title, icon, models))
        if shown:
            groups.append(_group("Other", "more_horiz", list(shown.values())))
        return groups

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The same groups, as the side bar of the theme wants them."""
        desk = _desk_pages(request)
        on_desk_page = any(item["active"] for item in desk["items"])
        shown: list[dict[str, Any]] = [
            {
                "title": group["name"],
                "collapsible": True,
                "items": [
                    {
                        "title": str(entry["name"]),
                        "link": entry["admin_url"],
                        # Desk pages stand below the address of the subjects, and are none of their pages.
                        "active": request.path.startswith(entry["admin_url"]) and not on_desk_page,
                        "has_permission": True,
                    }
                    for entry in group["models"]
                    if entry["admin_url"]
                ],
            }
            for group in self.get_app_list(request)
        ]
        subjects = self._registry.get(apps.get_model("cart", "Subject"))
        if subjects is not None and subjects.has_view_permission(request):
            shown.insert(0, desk)
        return shown

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Change one's own password; the act itself is the reason."""
        with acting(reason="password changed by its owner"):
            answer: HttpResponse = super().password_change(request, extra_context)
        return answer


def _desk_pages(request: HttpRequest) -> dict[str, Any]:
    """The pages with which a day begins."""
    pages = {
        "Today": reverse("admin:cart_subject_today"),
        "Subject matrix": reverse("admin:cart_subject_matrix"),
        "Study page": reverse("admin:cart_study_page"),
    }
    return {
        "title": "Desk",
        "collapsible": False,
        "items": [
            {"title": title, "link": link, "active": request.path == link, "has_permission": True}
            for title, link in pages.items()
        ],
    }


def _group(title: str, icon: str, models: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": title,
        "icon": icon,
        "app_label": title.lower().replace(" ", "-").replace("&", "and"),
        "app_url": "",
        "has_module_perms": True,
        "models": models,
    }
