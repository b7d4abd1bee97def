"""Eligibility of a subject on one page: criteria with their answers, and the decision; and the list of decisions."""

import datetime as dt
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cart.actions.eligibility import answer_criteria, criteria_of, decide_eligibility, may_decide, open_assessment
from cart.admin.desk import ReadOnlyAdmin
from cart.admin.eligibility_forms import AnswersForm, DecisionForm
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import last_event_id
from cart.admin.refusals import sentence_of
from cart.models import EligibilityAnswer, EligibilityAssessment, EligibilityDecision, Subject
from cart.scoping import visible_to, writable_by
from trialsite.audit.middleware import REASON_FIELD

_UNDECIDED = (Subject.Status.SCREENING, Subject.Status.ENROLLED)


def eligibility_page(request: HttpRequest, site: AdminSite, subject_id: int) -> HttpResponse:
    """Answer the criteria (whoever enters data), sign the decision (an investigator of the site)."""
    subjects = visible_to(request.user, Subject.objects.filter(pk=subject_id)).select_related("site", "study")
    subject = subjects.first()
    if subject is None:
        raise Http404
    may_write = writable_by(request.user, subjects).exists() and subject.status in _UNDECIDED
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied
        # Two editors of one subject come here one after the other.
        Subject.objects.select_for_update().get(pk=subject.pk)
    waiting = open_assessment(subject)
    answers = _answers_form(request, subject, waiting)
    decision = DecisionForm(request.POST if "decide" in request.POST else None)
    sentence = ""
    if request.method == "POST":
        sentence = _store(request, subject, answers, decision)
        if not sentence and (answers.is_valid() if "answer" in request.POST else decision.is_valid()):
            return HttpResponseRedirect(request.path)
    held = subject.protocol()
    context = {
        **site.each_context(request),
        "title": f"Eligibility of {subject}",
        "subject": subject,
        "subject_url": reverse("admin:cart_subject_change", args=[subject.pk]),
        "protocol": held,
        "outdated": waiting is None and subject.eligibility_assessments.filter(decision=None).exists(),
        "consents": subject.consents.order_by("signed_on"),
        "answers": answers,
        "open_codes": _open_codes(answers),
        "decision": decision,
        "decisions": _decisions(subject),
        "may_write": may_write,
        "round_shown": waiting is not None or "again" in request.GET or request.method == "POST",
        "may_decide": may_write and may_decide(subject, request.user.get_username()),
        "sentence": sentence,
    }
    return TemplateResponse(request, "cart/eligibility.html", context)


def _answers_form(request: HttpRequest, subject: Subject, waiting: EligibilityAssessment | None) -> AnswersForm:
    rows = waiting.answers.select_related("criterion") if waiting is not None else EligibilityAnswer.objects.none()
    stored = {row.criterion.code: row for row in rows}
    keys = [str(row.pk) for row in stored.values()]
    seen = last_event_id(waiting, {EligibilityAnswer: keys}) if waiting is not None else 0
    data = request.POST if "answer" in request.POST else None
    return AnswersForm(data, criteria=criteria_of(subject), stored=stored, seen_now=seen)


def _open_codes(form: AnswersForm) -> list[str]:
    return [row["criterion"].code for row in form.rows() if not row["answer"].initial]


def _store(request: HttpRequest, subject: Subject, answers: AnswersForm, decision: DecisionForm) -> str:
    """What was sent; returns the sentence of what refused it, empty where it is stored or the form speaks itself."""
    who = request.user.get_username()
    try:
        with transaction.atomic():
            if "answer" in request.POST and answers.is_valid():
                why = answers.cleaned_data.get(REASON_FIELD) or "criteria answered"
                answer_criteria(subject=subject, answers=answers.given(), actor=who, reason=why)
                messages.success(request, "The answers are stored.")
            elif "decide" in request.POST and decision.is_valid():
                given = decision.cleaned_data
                made = decide_eligibility(subject=subject, actor=who, reason="eligibility decided", **given)
                messages.success(request, f"Signed: {made.get_verdict_display().lower()}.")
    except OperationalError:
        raise
    except DatabaseError as error:
        return sentence_of(error)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _decisions(subject: Subject) -> list[dict[str, Any]]:
    """Signed decisions of a subject, newest first, each with the answers that it rests on."""
    rows = (
        EligibilityDecision.objects.filter(subject=subject)
        .select_related("assessment__protocol__study")
        .prefetch_related("assessment__answers__criterion")
        .order_by("-decided_at", "-pk")
    )
    fails = EligibilityAnswer.FAILS
    return [
        {
            "decision": row,
            "protocol": row.assessment.protocol,
            "against": [a for a in row.assessment.answers.all() if fails.get(a.criterion.kind) == a.answer],
            "answers": sorted(row.assessment.answers.all(), key=lambda a: a.criterion.position),
            "late": (row.signed_at or timezone.now()) - row.decided_at > dt.timedelta(days=1),
        }
        for row in rows
    ]


@admin.register(EligibilityDecision)
class EligibilityDecisionAdmin(ReadOnlyAdmin):
    """Signed decisions of all subjects; they are made on the subject's eligibility page."""

    list_display = ("subject", "verdict", "decided_at", "decided_by", "signed_at")
    list_filter = (("subject__study", VisibleRelatedFilter), "verdict")
    list_select_related = ("subject", "assessment__subject")
    search_fields = ("subject__code", "decided_by")
    date_hierarchy = "decided_at"
    fieldsets = (
        (None, {"fields": (("subject", "assessment"), ("verdict", "decided_at"), "note")}),
        ("Signature", {"fields": (("decided_by", "signed_at"), "answers_sha256")}),
    )
