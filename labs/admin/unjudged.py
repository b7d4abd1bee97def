"""Abnormal results that nobody judged yet: their list, and their number on Today."""

import datetime as dt
from typing import Any

import polars as pl
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cart.admin.today import register_count
from cart.models import Study
from cart.scoping import visible_to
from labs.actions.judgements import WAITING_COLUMNS, waiting_for_judgement
from labs.admin.collected import month_name_text
from labs.models import Specimen

# Older ones were judged on paper, or came with an imported trial: the list would never be empty again.
WAITING_DAYS = 90
TITLE = f"Abnormal results of {WAITING_DAYS} days to judge"


def unjudged(user: Any) -> pl.DataFrame:
    """Results of the user's subjects that wait for a judgement, the oldest first."""
    since = timezone.now().date() - dt.timedelta(days=WAITING_DAYS)
    recent = visible_to(user, Specimen.objects.filter(collected_on__gte=since)).order_by()
    subjects: dict[int, list[int]] = {}
    for study, subject in recent.values_list("study", "subject").distinct():
        subjects.setdefault(study, []).append(subject)
    found = [
        waiting_for_judgement(study, subjects[study.pk], since=since)
        for study in Study.objects.filter(pk__in=subjects).order_by("pk")
    ]
    return pl.concat(found) if found else pl.DataFrame(schema=dict.fromkeys(WAITING_COLUMNS, pl.String))


def unjudged_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The list; every row leads to the grid of its specimen, where it is judged."""
    rows = [
        {
            **row,
            "collected": month_name_text(row["collected_text"]),
            "url": reverse("admin:labs_specimen_enter_results", args=[row["specimen_id"]]),
            "subject_url": reverse("admin:cart_subject_change", args=[row["subject_id"]]),
        }
        for row in unjudged(request.user).iter_rows(named=True)
    ]
    context = {**site.each_context(request), "title": TITLE, "rows": rows}
    return TemplateResponse(request, "labs/unjudged.html", context)


def _count(request: HttpRequest) -> dict[str, Any]:
    address = reverse("admin:labs_specimen_unjudged")
    return {"title": TITLE, "count": unjudged(request.user).height, "url": address, "shown": False}


register_count(_count)
