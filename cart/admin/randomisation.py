"""Randomise a subject; the lists, for those who may know their plan, and the places that were given."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from cart.actions.randomisation import allocate_arm
from cart.admin.desk import ReadOnlyAdmin, request_roles
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.refusals import sentence_of
from cart.models import Allocation, EligibilityDecision, RandomisationList, Role, Subject
from cart.scoping import visible_to, writable_by

# Whoever knows the block sizes and the arms given so far can guess the end of a block.
PLAN_ROLES = frozenset({Role.DATA_MANAGER, Role.STUDY_ADMINISTRATOR, Role.STATISTICIAN})
_ENROLLING_ROLES = frozenset({Role.COORDINATOR, Role.INVESTIGATOR})


def sees_plan(request: HttpRequest) -> bool:
    """Whether the user may know ratio and block sizes: nobody who enrols subjects anywhere."""
    if request.user.is_active and request.user.is_superuser:
        return True
    roles = request_roles(request)
    return bool(roles & PLAN_ROLES) and not roles & _ENROLLING_ROLES


def randomise_page(request: HttpRequest, site: AdminSite, subject_id: int) -> HttpResponse:
    """Ask once more, then give the next place of the sealed list."""
    subjects = visible_to(request.user, Subject.objects.filter(pk=subject_id)).select_related("site", "study", "arm")
    subject = subjects.first()
    if subject is None:
        raise Http404
    if not writable_by(request.user, subjects).exists():
        raise PermissionDenied
    page = reverse("admin:cart_subject_change", args=[subject.pk])
    sentence = ""
    if request.method == "POST":
        try:
            with transaction.atomic():
                made = allocate_arm(subject=subject, actor=request.user.get_username(), reason="randomised")
        except OperationalError:
            raise
        except DatabaseError as error:
            sentence = sentence_of(error)
        except ValidationError as error:
            sentence = " ".join(error.messages)
        else:
            messages.success(request, f"{subject} is randomised to {made.arm.code}: {made.arm.title}.")
            return HttpResponseRedirect(page)
    context = {
        **site.each_context(request),
        "title": f"Randomise {subject}",
        "subject": subject,
        "page": page,
        "decision": EligibilityDecision.objects.filter(subject=subject).order_by("-decided_at", "-pk").first(),
        "allocation": Allocation.objects.filter(subject=subject).select_related("arm").first(),
        # A button that can only be refused is not offered; the action decides all the same.
        "may_be_randomised": subject.status == Subject.Status.ENROLLED,
        "eligibility": reverse("admin:cart_subject_eligibility", args=[subject.pk]),
        "sentence": sentence,
    }
    return TemplateResponse(request, "cart/randomise.html", context)


@admin.register(RandomisationList)
class RandomisationListAdmin(ReadOnlyAdmin):
    """Sealed lists: their plan and what binds them, never what comes next."""

    list_display = ("study", "number", "algorithm", "by_site", "created_at", "closed_at")
    list_filter = (("study", VisibleRelatedFilter),)
    list_select_related = ("study",)
    search_fields = ("study__code",)
    fieldsets = (
        (None, {"fields": (("study", "number"), ("algorithm", "by_site"), ("ratio", "block_sizes"))}),
        ("Seal", {"fields": ("seed_sha256", ("created_at", "closed_at"))}),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_plan(request)


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    """Who was randomised to which arm, when and by whom."""

    list_display = ("subject", "arm", "stratum", "position", "allocated_at", "allocated_by")
    list_filter = (("subject__study", VisibleRelatedFilter), "arm")
    list_select_related = ("subject", "arm")
    search_fields = ("subject__code",)
    fieldsets = ((None, {"fields": (("subject", "arm"), ("stratum", "position"), ("allocated_at", "allocated_by"))}),)
