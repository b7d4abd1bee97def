"""Safety records for tests: plausible ones, of which a test changes what it is about."""

from __future__ import annotations

from datetime import date, timedelta

from cart.models import AdverseEvent, CrsAssessment, IcansAssessment, Infection, Subject
from tests.cart.records import DAY_ZERO


def on(day: int) -> date:
    """Calendar day of a protocol day."""
    return DAY_ZERO.date() + timedelta(days=day)


def event(subject: Subject, **changes: object) -> AdverseEvent:
    """An unsaved event of grade 2 on day 3, recovered."""
    fields: dict[str, object] = {
        "subject": subject,
        "term": "Headache",
        "started": on(3).isoformat(),
        "ended": on(5).isoformat(),
        "grade": 2,
        "related_to_product": "possible",
        "related_to_conditioning": "unlikely",
        "outcome": "recovered",
    }
    return AdverseEvent(**{**fields, **changes})


def crs_day(subject: Subject, day: int, **changes: object) -> CrsAssessment:
    """An unsaved day with fever and nothing else: grade 1."""
    fields: dict[str, object] = {
        "subject": subject,
        "assessed_on": on(day),
        "temperature_max_c": "38.6",
        "hypotension": "none",
        "hypoxia": "none",
    }
    return CrsAssessment(**{**fields, **changes})


def icans_day(subject: Subject, day: int, **changes: object) -> IcansAssessment:
    """An unsaved day of an alert subject with an ICE score of 10: grade 0."""
    fields: dict[str, object] = {
        "subject": subject,
        "assessed_on": on(day),
        "ice_orientation": 4,
        "ice_naming": 3,
        "ice_commands": 1,
        "ice_writing": 1,
        "ice_attention": 1,
        "consciousness": "alert",
        "seizure": "none",
        "motor_weakness": False,
        "oedema": "none",
    }
    return IcansAssessment(**{**fields, **changes})


def infection(subject: Subject, **changes: object) -> Infection:
    """An unsaved infection of the urinary tract on day 20."""
    fields: dict[str, object] = {
        "subject": subject,
        "kind": "bacterial",
        "organism": "Escherichia coli",
        "site": "urinary",
        "started": on(20).isoformat(),
        "grade": 2,
    }
    return Infection(**{**fields, **changes})
