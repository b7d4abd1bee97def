"""Panels that were due at a visit and have no result yet: their list, and their number on Today."""

import datetime as dt
from collections import defaultdict
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cart.admin.today import register_count
from cart.models import PanelAnalyte, PlannedPanel, Study, Visit
from cart.scoping import sees_titers, visible_to
from labs.models import Result, Specimen

# A laboratory reports within two weeks; what is older than the list of unjudged results is asked for by a data query.
WAITING_DAYS = (14, 90)
# Between a visit and a specimen that names none.
DAYS_FROM_VISIT = 7
TITLE = f"Missing panels of {WAITING_DAYS[1]} days"


def missing_panels(user: Any) -> list[dict[str, Any]]:
    """Panels without any result, or not-done entry, at a visit that took place; the oldest visit first.

    A result is one of any analyte of the panel, in a specimen of the visit or within a week of it.
    """
    visits = _visits(user)
    due: dict[int, list[tuple[int, str]]] = defaultdict(list)
    planned = PlannedPanel.objects.filter(planned__in={visit["planned"] for visit in visits})
    for key, panel, name in planned.values_list("planned", "panel", "panel__name").order_by("panel__name"):
        due[key].append((panel, name))
    codes: dict[int, set[str]] = defaultdict(set)
    wanted = {panel for panels in due.values() for panel, _ in panels}
    for panel, code in PanelAnalyte.objects.filter(panel__in=wanted).values_list("panel", "analyte_code"):
        codes[panel].add(code)
    measured = _measured(visits)
    return [
        {**visit, "panel": name}
        for visit in visits
        for panel, name in due[visit["planned"]]
        if not codes[panel] & measured[visit["pk"]]
    ]


def _visits(user: Any) -> list[dict[str, Any]]:
    """Visits of the last weeks with a panel due, in studies whose results the user may see."""
    today = timezone.now().date()
    newest, oldest = (today - dt.timedelta(days=days) for days in WAITING_DAYS)
    recent = visible_to(user, Visit.objects.filter(occurred_on__range=(oldest, newest), planned__panels__isnull=False))
    studies = Study.objects.filter(pk__in=recent.order_by().values("subject__study"))
    seen = [study.pk for study in studies if sees_titers(user, study)]
    rows = recent.filter(subject__study__in=seen).order_by("occurred_on", "subject__code", "pk").distinct()
    names = ("pk", "planned", "planned__code", "occurred_on", "subject", "subject__code", "subject__site__code")
    return list(rows.values(*names))


def _measured(visits: list[dict[str, Any]]) -> dict[int, set[str]]:
    """Codes of the analytes with a result, by visit."""
    measured: dict[int, set[str]] = defaultdict(set)
    if not visits:
        return measured
    near = dt.timedelta(days=DAYS_FROM_VISIT)
    days = [visit["occurred_on"] for visit in visits]
    specimens = Specimen.objects.filter(
        Q(visit__in=[visit["pk"] for visit in visits]) | Q(collected_on__range=(min(days) - near, max(days) + near)),
        subject__in={visit["subject"] for visit in visits},
    ).order_by()
    taken: dict[int, list[tuple[int, int | None, dt.date | None]]] = defaultdict(list)
    for subject, *specimen in specimens.values_list("subject", "pk", "visit", "collected_on"):
        taken[subject].append(tuple(specimen))  # type: ignore[arg-type]
    found: dict[int, set[str]] = defaultdict(set)
    results = Result.objects.filter(specimen__in=specimens.values("pk")).order_by()
    for specimen_id, code in results.values_list("specimen", "analyte__code").distinct():
        found[specimen_id].add(code)
    for visit in visits:
        for specimen_id, of_visit, on in taken[visit["subject"]]:
            if of_visit == visit["pk"] or (of_visit is None and on and abs(on - visit["occurred_on"]) <= near):
                measured[visit["pk"]] |= found[specimen_id]
    return measured


def missing_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The list; every row leads to a new specimen of its visit."""
    rows = missing_panels(request.user)
    for row in rows:
        row["code"], row["site"], row["visit"] = row["subject__code"], row["subject__site__code"], row["planned__code"]
        row["subject_url"] = reverse("admin:cart_subject_change", args=[row["subject"]])
        row["url"] = f"{reverse('admin:labs_specimen_add')}?subject={row['subject']}&visit={row['pk']}"
    context = {
        **site.each_context(request),
        "title": TITLE,
        "rows": rows,
        "least": WAITING_DAYS[0],
        "near": DAYS_FROM_VISIT,
    }
    return TemplateResponse(request, "labs/missing_panels.html", context)


def _count(request: HttpRequest) -> dict[str, Any]:
    address = reverse("admin:labs_specimen_missing_panels")
    return {"title": TITLE, "count": len(missing_panels(request.user)), "url": address, "shown": False}


register_count(_count)
