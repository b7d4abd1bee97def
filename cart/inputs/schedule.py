"""Subjects, their schedule and their visits to the frame of the visit schedule."""

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
from django.db.models import Min, QuerySet

from cart.endpoints.schedule import visit_schedule
from cart.endpoints.timing import PartialDate
from cart.inputs import time_zero
from cart.models import Consent, PlannedVisit, Study, Subject, Visit

# Whoever left without a recorded day has nothing to come.
_LONG_AGO = dt.date.min
_GOING_ON = (Subject.Status.SCREENING, Subject.Status.ENROLLED)
_SUBJECTS = {
    "subject_id": pl.Int64,
    "subject": pl.String,
    "study_id": pl.Int64,
    "protocol_id": pl.Int64,
    "study": pl.String,
    "site": pl.String,
    "arm": pl.String,
    "ended_on": pl.Date,
    "today": pl.Date,
}
_PLANNED = {
    "protocol_id": pl.Int64,
    "planned_id": pl.Int64,
    "code": pl.String,
    "name": pl.String,
    "anchor": pl.String,
    "target_day": pl.Int64,
    "window_low": pl.Int64,
    "window_high": pl.Int64,
    "phase": pl.String,
}
_VISITS = {
    "subject_id": pl.Int64,
    "code": pl.String,
    "visit_id": pl.Int64,
    "status": pl.String,
    "occurred_on": pl.Date,
}


def planned_under(protocol_ids: list[int]) -> pl.DataFrame:
    """Planned visits of these protocol versions, of either anchor."""
    rows = (
        PlannedVisit.objects.filter(protocol__in=protocol_ids)
        .order_by("protocol", "target_day", "code")
        .values_list(
            "protocol", "pk", "code", "name", "anchor", "target_day", "window_low_day", "window_high_day", "phase"
        )
    )
    return pl.DataFrame(list(rows), schema=_PLANNED, orient="row")


def columns_of(subjects: QuerySet[Subject], study: Study | None) -> pl.DataFrame:
    """Code and name of every visit that these subjects' protocol versions plan, else the newest of the study; each
    once, as its newest version has it."""
    held = sorted({key for key in subjects.with_protocol().values_list("protocol_id", flat=True) if key is not None})
    newest = study.current_protocol() if study is not None and not held else None
    planned = planned_under(held or ([newest.pk] if newest else []))
    return (
        planned.sort("protocol_id")
        .unique("code", keep="last", maintain_order=True)
        .sort("target_day", "code")
        .select("code", "name")
    )


def read_schedule(subjects: QuerySet[Subject], *, now: dt.datetime) -> pl.DataFrame:
    """Visit schedule (``visit_schedule``) of these subjects, each by the protocol version that it consented to, with
    subject, study, site, arm, and name and phase of the visit.

    As many queries whatever the number of subjects: four, and one for each study.
    """
    people = _people(subjects, now)
    study_ids, ids = people["study_id"].unique().sort().to_list(), people["subject_id"].to_list()
    zeros = [time_zero(study, people.filter(study_id=study)["subject_id"].to_list()) for study in study_ids]
    anchors = pl.concat(zeros) if zeros else pl.DataFrame(schema={"subject_id": pl.Int64, "time_zero_on": pl.Date})
    consents = pl.DataFrame(
        list(
            Consent.objects.filter(subject__in=ids).order_by().values_list("subject").annotate(first=Min("signed_on"))
        ),
        schema={"subject_id": pl.Int64, "consent_on": pl.Date},
        orient="row",
    )
    visits = pl.DataFrame(
        list(
            Visit.objects.filter(subject__in=ids, planned__isnull=False)
            .order_by("pk")
            .values_list("subject", "planned__code", "pk", "status", "occurred_on")
        ),
        schema=_VISITS,
        orient="row",
    ).unique(["subject_id", "code"], keep="last", maintain_order=True)
    planned = planned_under(people["protocol_id"].drop_nulls().unique().sort().to_list())
    anchored = people.join(anchors.select("subject_id", "time_zero_on"), on="subject_id", how="left").join(
        consents, on="subject_id", how="left"
    )
    return (
        visit_schedule(anchored, planned, visits)
        .join(people.select("subject_id", "subject", "study", "site", "arm"), on="subject_id", maintain_order="left")
        .join(planned.select("planned_id", "name", "phase"), on="planned_id", maintain_order="left")
    )


def _people(subjects: QuerySet[Subject], now: dt.datetime) -> pl.DataFrame:
    rows = subjects.with_protocol().values_list(
        "pk",
        "code",
        "study",
        "protocol_id",
        "study__code",
        "site__code",
        "site__time_zone",
        "arm__code",
        "status",
        "ended_on",
    )
    made = []
    for key, code, study, protocol, study_code, site, zone, arm, status, ended in rows:
        today = now.astimezone(ZoneInfo(zone)).date()
        end = None
        if ended:
            end = PartialDate(ended).earliest
        elif status not in _GOING_ON:
            end = _LONG_AGO
        made.append((key, code, study, protocol, study_code, site, arm or "", end, today))
    return pl.DataFrame(made, schema=_SUBJECTS, orient="row")
