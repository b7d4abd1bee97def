"""Study page: how enrolment goes, how long each subject is in the study, and what other apps draw of it."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe

from cart.admin.schedule import day_text
from cart.admin.study_plots import Swimmer, enrolment_curve, swimmer_plot
from cart.inputs import time_zero
from cart.models import Consent, Study, Subject, Visit
from cart.scoping import visible_to

StudyPanel = Callable[[HttpRequest, Study, Sequence[int]], str]
_panels: dict[str, tuple[int, str, StudyPanel]] = {}
_ENDED = frozenset(
    {Subject.Status.COMPLETED, Subject.Status.WITHDRAWN, Subject.Status.LOST, Subject.Status.DEAD,
     Subject.Status.SCREEN_FAILURE}
)  # fmt: skip


@dataclass(frozen=True)
class Participation:
    """A subject's days in the study; ``zero_on`` is None before the first infusion or dose."""

    subject: Subject
    consented_on: dt.date | None
    zero_on: dt.date | None
    conditioned_on: dt.date | None
    last_on: dt.date | None
    ended_on: str


class StudyForm(forms.Form):
    """Which study."""

    study = forms.ModelChoiceField(Study.objects.none(), empty_label=None)


def register_study_panel(*, key: str, title: str, order: int, render: StudyPanel) -> None:
    """Add a section to the study page: ``render(request, study, subject_ids) -> HTML``, empty for nothing."""
    _panels[key] = (order, title, render)


def study_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The page of the chosen study, or of the first one that the user sees."""
    studies = visible_to(request.user, Study.objects.all())
    asked = request.GET.get("study", "")
    study = (studies.filter(pk=int(asked)).first() if asked.isdecimal() else None) or studies.first()
    form = StudyForm(initial={"study": study})
    form.fields["study"].queryset = studies  # type: ignore[attr-defined]
    form.fields["study"].widget.attrs["class"] = "ts-input ts-filter"
    rows = [] if study is None else participation(request.user, study)
    consented = [row.consented_on for row in rows if row.consented_on is not None]
    started = [row.zero_on for row in rows if row.zero_on is not None]
    ids = [row.subject.pk for row in rows]
    panels = [
        {"key": key, "title": title, "html": html}
        for key, (_, title, render) in sorted(_panels.items(), key=lambda item: item[1][0])
        if study is not None and ids and (html := render(request, study, ids))
    ]
    context = {
        **site.each_context(request),
        "title": f"Study {study}" if study else "Study",
        "form": form,
        "counts": [("Subjects", len(rows)), ("Consented", len(consented)), ("Infused or dosed", len(started))],
        # The plots escape every text they take from the database.
        "curve": mark_safe(enrolment_curve([("Consented", consented), ("Infused or dosed", started)])),
        "swimmers": mark_safe(swimmer_plot(swimmers_of(rows))),
        "rows": [_line(row) for row in rows],
        "panels": panels,
    }
    return TemplateResponse(request, "cart/study_page.html", context)


def participation(user: Any, study: Study) -> list[Participation]:
    """Subjects of a study that the user sees, in the order of their start; the number of queries is constant."""
    subjects = visible_to(user, Subject.objects.filter(study=study)).select_related("site__study", "arm")
    own = list(subjects.order_by("code"))
    ids = [subject.pk for subject in own]
    of_subjects = {"subject__in": ids}
    consents = dict(
        Consent.objects.filter(**of_subjects).order_by().values_list("subject").annotate(first=Min("signed_on"))
    )
    visits = dict(
        Visit.objects.filter(**of_subjects, occurred_on__isnull=False)
        .order_by()
        .values_list("subject")
        .annotate(last=Max("occurred_on"))
    )
    zeros = {row["subject_id"]: row for row in time_zero(study.pk, ids).to_dicts()}
    rows = []
    for subject in own:
        zero = zeros.get(subject.pk, {})
        rows.append(
            Participation(
                subject=subject,
                consented_on=consents.get(subject.pk),
                zero_on=zero.get("time_zero_on"),
                conditioned_on=zero.get("conditioning_on"),
                last_on=visits.get(subject.pk),
                ended_on=subject.ended_on,
            )
        )
    return sorted(rows, key=lambda row: (row.zero_on or dt.date.max, row.consented_on or dt.date.max, row.subject.code))


def swimmers_of(rows: Sequence[Participation]) -> list[Swimmer]:
    """Lanes of the subjects of whom a day is known; a day known to the month only draws nothing."""
    lanes = []
    for row in rows:
        ended_on = _exact(row.ended_on)
        known = [day for day in (row.consented_on, row.conditioned_on, row.zero_on, row.last_on, ended_on) if day]
        zero = row.zero_on or row.consented_on
        if zero is None or not known:
            continue
        marks = [
            ((day - zero).days, what)
            for day, what in (
                (row.consented_on, "first consent"),
                (row.conditioned_on, "conditioning begins"),
                (row.zero_on, "time zero"),
            )
            if day is not None
        ]
        over = row.subject.status in _ENDED
        lanes.append(
            Swimmer(
                subject=row.subject.code,
                first_day=(min(known) - zero).days,
                last_day=((ended_on if over and ended_on else max(known)) - zero).days,
                marks=marks,
                ended=row.subject.get_status_display() if over else "",
                anchored=row.zero_on is not None,
            )
        )
    return lanes


def _line(row: Participation) -> dict[str, Any]:
    last = None if row.zero_on is None or row.last_on is None else (row.last_on - row.zero_on).days
    return {
        "subject": row.subject,
        "url": reverse("admin:cart_subject_change", args=[row.subject.pk]),
        "consented": day_text(row.consented_on),
        "conditioned": day_text(row.conditioned_on),
        "zero": day_text(row.zero_on),
        "last": day_text(row.last_on),
        "last_day": "" if last is None else last,
        "ended": row.ended_on,
    }


def _exact(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text[:10]) if len(text) >= 10 else None
