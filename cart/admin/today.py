"""Today: what is due, what is overdue, what waits. Every count is the length of the list behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.contrib.admin import AdminSite
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cart.actions.product import RELEASABLE
from cart.admin.consent_form import due_for
from cart.admin.schedule import worded
from cart.endpoints.schedule import FUTURE, OPEN, OVERDUE
from cart.inputs.schedule import read_schedule
from cart.models import DataQuery, Lot, RecordCompletion, Subject
from cart.scoping import visible_to

STATE, DAYS, PHASE = pl.col("state"), pl.col("days"), pl.col("phase")
# A visit of yesterday is entered today: overdue begins with the second day.
OVERDUE_FROM = 2
_BORDERS = (OVERDUE_FROM, 30, 60, 90, 180)


@dataclass(frozen=True)
class Shelf:
    """A list of visits on the page: its key in the address, title and which rows stand in it."""

    key: str
    title: str
    rows: pl.Expr


def _overdue(low: int, high: int | None) -> Shelf:
    until = high > DAYS if high is not None else pl.lit(value=True)
    title = f"Overdue {low} to {high - 1} days" if high is not None else f"Overdue {low} days and more"
    return Shelf(f"overdue-{low}", title, (STATE == OVERDUE) & (low <= DAYS) & until)


SHELVES = (
    Shelf("due", "Due today", (STATE == OPEN) | ((STATE == OVERDUE) & (DAYS < OVERDUE_FROM))),
    Shelf("week", "Window opens within 7 days", (STATE == FUTURE) & (DAYS <= 7)),
    *(_overdue(low, high) for low, high in zip(_BORDERS, (*_BORDERS[1:], None), strict=True)),
    # They stand in the lists above too: this one is for whoever looks after the years that follow the study.
    Shelf("long-term", "Long-term follow-up due", (PHASE == "long-term") & STATE.is_in([OPEN, OVERDUE])),
)
LOTS, RECONSENTS = "lots", "reconsents"


# What other apps count: a function of the request to title, count and url of the list behind the count.
_further: list[Callable[[HttpRequest], dict[str, Any]]] = []


def register_count(one: Callable[[HttpRequest], dict[str, Any]]) -> None:
    """Add a box that links to a list of its own."""
    _further.append(one)


def today_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Counts on top, the chosen list below; without a choice what is due today."""
    subjects = visible_to(request.user, Subject.objects.all())
    schedule = read_schedule(subjects, now=timezone.now()).sort("until_on", "subject", "code")
    shelved = {shelf.key: schedule.filter(shelf.rows) for shelf in SHELVES}
    further = {LOTS: waiting_lots(request.user), RECONSENTS: due_for(request.user)}
    shown = request.GET.get("show", "")
    shown = shown if shown in (*shelved, *further) else SHELVES[0].key
    titles = {
        **{shelf.key: shelf.title for shelf in SHELVES},
        LOTS: "Lots waiting for tests",
        RECONSENTS: "Re-consents due",
    }
    lengths = {key: rows.height for key, rows in shelved.items()} | {key: len(rows) for key, rows in further.items()}
    counts = [
        {"title": titles[key], "count": count, "url": f"?show={key}", "shown": key == shown}
        for key, count in lengths.items()
    ]
    context = {
        **site.each_context(request),
        "title": "Today",
        "counts": [*counts, *_queries(request.user), _incomplete(request.user), *(one(request) for one in _further)],
        "list_title": titles[shown],
        "rows": worded(shelved[shown]) if shown in shelved else [],
        "lots": further[LOTS] if shown == LOTS else None,
        "reconsents": further[RECONSENTS] if shown == RECONSENTS else None,
    }
    return TemplateResponse(request, "cart/today.html", context)


def waiting_lots(user: Any) -> list[dict[str, Any]]:
    """Lots not yet fully released that lack a result of a release criterion, with how many they lack."""
    lots = (
        visible_to(user, Lot.objects.filter(state__in=RELEASABLE))
        .annotate(
            criteria=Count("product__specifications", distinct=True),
            tested=Count(
                "release_tests__specification",
                distinct=True,
                filter=Q(release_tests__specification__product=F("product")),
            ),
        )
        .filter(tested__lt=F("criteria"))
        .select_related("subject", "product")
        .order_by("number")
    )
    return [
        {
            "lot": lot,
            "missing": lot.criteria - lot.tested,
            "criteria": lot.criteria,
            "url": reverse("admin:cart_lot_change", args=[lot.pk]),
        }
        for lot in lots
    ]


def _incomplete(user: Any) -> dict[str, Any]:
    """Records that their editors left for later; the list is the one of completion marks with its own filter."""
    state = RecordCompletion.State.INCOMPLETE
    count = visible_to(user, RecordCompletion.objects.filter(state=state)).count()
    address = f"{reverse('admin:cart_recordcompletion_changelist')}?state__exact={state}"
    return {"title": "Incomplete records", "count": count, "url": address, "shown": False}


def _queries(user: Any) -> list[dict[str, Any]]:
    """Open and answered data queries; their lists are the query list with its own filter."""
    found = dict(
        visible_to(user, DataQuery.objects.all()).order_by().values_list("status").annotate(number=Count("pk"))
    )
    address = reverse("admin:cart_dataquery_changelist")
    return [
        {"title": title, "count": found.get(status, 0), "url": f"{address}?status__exact={status}", "shown": False}
        for status, title in (
            (DataQuery.Status.OPEN, "Open data queries"),
            (DataQuery.Status.ANSWERED, "Answered data queries"),
        )
    ]
