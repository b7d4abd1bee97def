"""What stands around a lot's form: its chain as one list, tests beside the specification, custody ledger, scans."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from cart.actions.custody import kind_of, refusal_of, steps_that_hold
from cart.endpoints.product.custody import custody_remarks
from cart.endpoints.product.release import FAIL, PASS, UNDECIDED
from cart.models import Apheresis, CustodyEvent, InfusionComponent, Lot, ReleaseTest, ScanAttempt
from cart.models.fields import plain

MISSING, MAY_FOLLOW = "missing", "may follow"
# A mark that differs in shape, and the class that colours it.
_SIGNS = {
    PASS: ("●", "done"),
    FAIL: ("✕", "missed"),
    UNDECIDED: ("?", "late"),
    MISSING: ("!", "overdue"),
    MAY_FOLLOW: ("○", "open"),
}
_SCANS_SHOWN = 20


@dataclass(frozen=True)
class Link:
    """One link of the chain of identity; ``at`` is None while it lies ahead."""

    title: str
    detail: str
    at: dt.datetime | None
    url: str = ""


@dataclass(frozen=True)
class Judged:
    """A criterion with its latest result and the judgement of both."""

    criterion: str
    unit: str
    result: str
    tested_on: dt.date | None
    declared: str
    judgement: str
    mark: str
    css: str
    late: bool


@dataclass(frozen=True)
class LedgerRow:
    """A custody event as it is shown; a corrected one stays, struck through."""

    event: CustodyEvent
    kind: str
    corrected: bool

    @property
    def temperature(self) -> str:
        """Both ends, or the one that was recorded."""
        ends = (self.event.temperature_min_c, self.event.temperature_max_c)
        if ends == (None, None):
            return "not recorded"
        low, high = ("?" if end is None else plain(end) for end in ends)
        return f"{low} to {high} °C"


def lot_panels(request: HttpRequest, lot: Lot, *, may_write: bool) -> dict[str, Any]:
    """Context of the panels of a lot's page."""
    events = custody_of(lot)
    components = list(lot.components.select_related("administration__course").order_by("started_at"))
    tests = judged_tests(lot)
    scans = list(lot.scan_attempts.all()[:_SCANS_SHOWN])
    vein = None if not components else components[0].started_at - lot.apheresis.collected_at
    return {
        "lot": lot,
        "chain": chain_of(lot, events, components),
        "tests": tests,
        "late_failures": [test for test in tests if test.late and test.judgement != PASS],
        "ledger": ledger_of(events),
        "remarks": custody_remarks(steps_that_hold(events)),
        "scans": scans,
        # The message of the scan stands on top of the page, out of sight of who scans.
        "scan_refused": refusal_of(scans[0]) if scans and scans[0].finding != ScanAttempt.Finding.MATCH else "",
        "vein_to_vein": "" if vein is None else span_text(vein),
        "may_write": may_write,
        "custody_url": reverse("admin:cart_lot_custody", args=[lot.pk]),
        "scan_url": reverse("admin:cart_lot_scan", args=[lot.pk]),
        "label_url": reverse("admin:cart_lot_label", args=[lot.pk]),
    }


def custody_of(lot: Lot) -> list[CustodyEvent]:
    """Events of the lot and of its apheresis before the lots parted, in order."""
    own = Q(lot=lot) | Q(lot=None)
    return list(CustodyEvent.objects.filter(own, apheresis=lot.apheresis_id).order_by("occurred_at", "pk"))


def ledger_of(events: list[CustodyEvent]) -> list[LedgerRow]:
    """Every event with the kind it stands for."""
    by_key = {event.pk: event for event in events}
    corrected = {event.corrects_id for event in events}
    return [
        LedgerRow(event, CustodyEvent.Kind(kind_of(event, by_key)).label, event.pk in corrected) for event in events
    ]


def judged_tests(lot: Lot) -> list[Judged]:
    """One line per criterion of the product version, with the latest result where there is one."""
    latest: dict[int, ReleaseTest] = {}
    for test in lot.release_tests.select_related("specification").order_by("tested_on", "pk"):
        latest[test.specification_id] = test
    # The specification of the product version, and criteria of another one that a result was entered against.
    return [_judged(lot, criterion, latest.get(criterion.pk)) for criterion in lot.product.specifications.all()]


def _judged(lot: Lot, criterion: Any, test: ReleaseTest | None) -> Judged:
    if test is None:
        judgement = MAY_FOLLOW if criterion.may_follow_release else MISSING
    else:
        judgement = test.judgement()
        if judgement == PASS and not test.passed:
            judgement = FAIL
    mark, css = _SIGNS[judgement]
    released_on = None if lot.released_at is None else timezone.localdate(lot.released_at)
    return Judged(
        criterion=str(criterion),
        unit=criterion.unit,
        result="" if test is None else test.received_text,
        tested_on=None if test is None else test.tested_on,
        declared="" if test is None else ("passed" if test.passed else "failed"),
        judgement=judgement,
        mark=mark,
        css=css,
        late=test is not None and released_on is not None and test.tested_on > released_on,
    )


def chain_of(lot: Lot, events: list[CustodyEvent], components: list[InfusionComponent]) -> list[Link]:
    """The chain of identity from the collection to the infusion, what lies ahead included."""
    apheresis: Apheresis = lot.apheresis
    links = [
        Link("Subject", lot.subject.code, None, reverse("admin:cart_subject_change", args=[lot.subject_id])),
        Link(
            "Apheresis",
            f"{apheresis.chain_of_identity}, check {apheresis.coi_check}",
            apheresis.collected_at,
            reverse("admin:cart_apheresis_change", args=[apheresis.pk]),
        ),
    ]
    by_key = {event.pk: event for event in events}
    corrected = {event.corrects_id for event in events}
    hidden = (CustodyEvent.Kind.COLLECTED, CustodyEvent.Kind.INFUSED)
    steps = [
        (event, Link(CustodyEvent.Kind(kind).label, event.place, event.occurred_at))
        for event in events
        if event.pk not in corrected and (kind := kind_of(event, by_key)) not in hidden
    ]
    # The lot has a day at most: it stands between the custody of the collected cells and its own.
    links += [link for event, link in steps if event.lot_id is None]
    made = f"{lot.number}, {lot.target}, {lot.product}"
    links.append(
        Link("Lot", made + (f", made on {lot.manufactured_on:%-d %b %Y}" if lot.manufactured_on else ""), None)
    )
    links += [link for event, link in steps if event.lot_id is not None]
    if lot.released_at is not None:
        links.append(Link("Release", f"now {lot.get_state_display().lower()}", lot.released_at))
    links += [
        Link(
            "Infusion",
            f"against {component.target}",
            component.started_at,
            reverse("admin:cart_administration_change", args=[component.administration_id]),
        )
        for component in components
    ] or [Link("Infusion", "not yet", None)]
    return _in_order(links)


def _in_order(links: list[Link]) -> list[Link]:
    """By time; a link without a time stays behind the one it was written after."""
    keyed, last = [], dt.datetime.min.replace(tzinfo=dt.UTC)
    for place, link in enumerate(links):
        last = link.at or last
        keyed.append((last, place, link))
    return [link for _, _, link in sorted(keyed, key=lambda entry: entry[:2])]


def span_text(span: dt.timedelta) -> str:
    """A span in days and hours.

    >>> span_text(dt.timedelta(days=35, hours=2))
    '35 days 2 h'
    """
    hours = span // dt.timedelta(hours=1)
    return f"{hours // 24} days {hours % 24} h"
