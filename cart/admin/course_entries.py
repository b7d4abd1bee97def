"""What happened to a subject and when, each with the days it can have been: the entries of the Day axis."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from cart.admin.confounders import CONFOUNDING
from cart.admin.schedule import day_text, partial_text
from cart.endpoints.timing import PartialDate
from cart.inputs.syndromes import episodes_of
from cart.models import (
    AdverseEvent,
    Apheresis,
    BridgingTherapy,
    Chelation,
    ConcomitantTherapy,
    ConditioningCourse,
    ConditioningDose,
    Consent,
    InfusionComponent,
    StudyDrugExposure,
    Subject,
    TherapyClass,
    Visit,
)
from cart.models.fields import plain
from cart.scoping import visible_of

Between = tuple[dt.date, dt.date]
PARTICIPATION, APHERESIS, BRIDGING, CONDITIONING, CHELATION, INFUSION, STUDY_DRUG, EVENTS, VISITS = (
    "Participation",
    "Apheresis",
    "Bridging",
    "Conditioning",
    "Chelation",
    "Infusion",
    "Study drug",
    "Adverse events",
    "Visits",
)
# As they stand below each other.
LANES = (
    PARTICIPATION,
    APHERESIS,
    BRIDGING,
    CONDITIONING,
    CHELATION,
    INFUSION,
    STUDY_DRUG,
    "CRS",
    "ICANS",
    EVENTS,
    *(TherapyClass(kind).label for kind in CONFOUNDING),
    VISITS,
)


@dataclass(frozen=True)
class Entry:
    """One line of the table; ``starts`` and ``ends`` as in ``day_axis.Span``, the texts as they were entered."""

    lane: str
    label: str
    starts: Between | None
    ends: Between | None
    start_text: str
    end_text: str
    is_point: bool = False
    remark: str = ""

    @property
    def is_dated(self) -> bool:
        """Has it a place on the axis? Of what neither began nor ended on a known day only the table knows."""
        return self.starts is not None or self.ends is not None


def entries_of(user: Any, subject: Subject) -> list[Entry]:
    """Entries that the user may see, in the order of the lanes; the number of queries is constant."""
    zone = ZoneInfo(subject.site.time_zone)

    def rows(model: type[Any], *related: str, **lookup: Any) -> Any:
        wanted = lookup or {"subject": subject}
        found = visible_of(user, subject, model._default_manager.filter(**wanted))
        return found.select_related(*related) if related else found

    found = [
        *_participation(subject, rows(Consent)),
        *(_point(APHERESIS, one.chain_of_identity, _local(one.collected_at, zone)) for one in rows(Apheresis)),
        *(_partial(BRIDGING, _with_dose(one), one.started, one.stopped, one.ongoing) for one in rows(BridgingTherapy)),
        *_conditioning(rows(ConditioningCourse), rows(ConditioningDose, course__subject=subject), zone),
        *(_chelation(one, zone) for one in rows(Chelation)),
        *_infusions(rows(InfusionComponent), zone),
        *(_partial(STUDY_DRUG, _with_dose(one), one.started, one.stopped, False) for one in rows(StudyDrugExposure)),
        *_episodes(subject),
        *(_event(one) for one in rows(AdverseEvent)),
        *(_therapy(one) for one in rows(ConcomitantTherapy, subject=subject, therapy_class__in=CONFOUNDING)),
        *(
            _point(VISITS, one.planned.code if one.planned else one.label, one.occurred_on)
            for one in rows(Visit, "planned", subject=subject, occurred_on__isnull=False)
        ),
    ]
    far = dt.date.max
    return sorted(found, key=lambda one: (LANES.index(one.lane), one.starts or one.ends or (far, far), one.label))


def between(text: str) -> Between | None:
    """First and last day that a partial date can have been; None without a date."""
    if not text:
        return None
    date = PartialDate(text)
    return date.earliest, date.latest


def _local(moment: dt.datetime, zone: ZoneInfo) -> dt.date:
    return moment.astimezone(zone).date()


def _point(lane: str, label: str, on: dt.date, remark: str = "") -> Entry:
    text = day_text(on)
    return Entry(lane, label, (on, on), (on, on), text, text, is_point=True, remark=remark)


def _bar(lane: str, label: str, first: dt.date, last: dt.date, remark: str = "") -> Entry:
    return Entry(lane, label, (first, first), (last, last), day_text(first), day_text(last), remark=remark)


def _partial(lane: str, label: str, started: str, ended: str, ongoing: bool, remark: str = "") -> Entry:
    starts, ends = between(started), between(ended)
    remarks = [remark]
    if starts is None:
        remarks.append("start not known")
    if ends is None and not ongoing:
        # It is not said to go on: a bar without end would say so.
        remarks.append("end not recorded")
        return Entry(
            lane,
            label,
            starts,
            starts,
            partial_text(started) if started else "",
            "",
            is_point=True,
            remark=_joined(remarks),
        )
    return Entry(
        lane,
        label,
        starts,
        ends,
        partial_text(started) if started else "",
        "ongoing" if ends is None else partial_text(ended),
        remark=_joined(remarks),
    )


def _joined(remarks: Iterable[str]) -> str:
    return "; ".join(remark for remark in remarks if remark)


def _participation(subject: Subject, consents: Iterable[Consent]) -> list[Entry]:
    found = []
    for one in consents:
        found.append(_point(PARTICIPATION, f"Consent {one.version}", one.signed_on))
        if one.withdrawn_on is not None:
            found.append(_point(PARTICIPATION, f"Consent {one.version} withdrawn", one.withdrawn_on))
    if subject.ended_on:
        found.append(_ended(subject))
    return found


def _ended(subject: Subject) -> Entry:
    on, text = between(subject.ended_on), partial_text(subject.ended_on)
    return Entry(PARTICIPATION, subject.get_status_display(), on, on, text, text, is_point=True)


def _with_dose(one: Any) -> str:
    dose = "" if one.dose is None else f" {plain(one.dose)} {one.dose_unit}"
    return f"{one.drug}{dose}"


def _conditioning(
    courses: Iterable[ConditioningCourse], doses: Iterable[ConditioningDose], zone: ZoneInfo
) -> list[Entry]:
    days: dict[int, list[dt.date]] = {}
    for dose in doses:
        days.setdefault(dose.course_id, []).append(_local(dose.given_at, zone))
    return [
        _bar(CONDITIONING, course.regimen, min(days[course.pk]), max(days[course.pk]))
        if course.pk in days
        else Entry(CONDITIONING, course.regimen, None, None, "", "", remark="no dose recorded")
        for course in courses
    ]


def _chelation(one: Chelation, zone: ZoneInfo) -> Entry:
    label, first = f"{one.agent} {plain(one.dose_mg)} mg", _local(one.started_at, zone)
    if one.stopped_at is None:
        return _point(CHELATION, label, first, "end not recorded")
    return _bar(CHELATION, label, first, _local(one.stopped_at, zone))


def _infusions(components: Iterable[InfusionComponent], zone: ZoneInfo) -> list[Entry]:
    by_day: dict[dt.date, list[str]] = {}
    for one in components:
        by_day.setdefault(_local(one.started_at, zone), []).append(one.get_target_display())
    return [_point(INFUSION, " + ".join(dict.fromkeys(targets)), on) for on, targets in by_day.items()]


def _episodes(subject: Subject) -> list[Entry]:
    found = []
    for row in episodes_of(subject):
        low, high = row["low"], row["high"]
        grade = f"grade {low}" if low == high else f"grade {low} to {high}"
        remarks = ["came back" if row["number"] > 1 else "", "" if row["ended"] else "no day of grade 0 after it"]
        label = f"highest {grade}"
        found.append(_bar(row["syndrome"], label, row["onset_on"], row["last_on"], _joined(remarks)))
    return found


def _event(one: AdverseEvent) -> Entry:
    remarks = ["serious" if one.serious else "", "DLT" if one.dlt else "", one.get_outcome_display().lower()]
    return _partial(EVENTS, f"{one.term}, grade {one.grade}", one.started, one.ended, one.ongoing, _joined(remarks))


def _therapy(one: ConcomitantTherapy) -> Entry:
    lane = TherapyClass(one.therapy_class).label
    return _partial(lane, one.drug, one.started, one.stopped, one.ongoing, "before the study" if one.prior else "")
