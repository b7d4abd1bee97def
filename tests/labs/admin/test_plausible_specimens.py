"""What is asked about a specimen that is entered by hand."""

import datetime as dt

import pytest

from cart.models import Consent, Visit, WarningOverride
from cart.models.plausible import soft_warnings
from labs.models import Specimen, plausible_specimens
from tests.cart.admin.pages import add_page, send
from tests.cart.records import make_subject
from tests.labs.records import make_laboratory


@pytest.fixture
def subject(trial):
    return make_subject(trial)


def codes(subject, **values):
    specimen = Specimen(subject=subject, accession="A-1", **{"collected": "2024-03-12T08:00", **values})
    return [(one.field, one.code) for one in soft_warnings(specimen)]


def test_collection_before_the_consent_or_still_to_come_is_asked_about(subject, time_machine):
    time_machine.move_to(dt.datetime(2024, 6, 3, 12, tzinfo=dt.UTC))
    assert codes(subject) == []
    assert codes(subject, collected="2042-03-12") == [("collected", "unusual-day")]
    assert codes(subject, collected="2024") == []
    Consent.objects.create(subject=subject, version="1", signed_on=dt.date(2024, 3, 12))
    assert codes(subject) == []
    assert codes(subject, collected="2024-03") == []
    assert codes(subject, collected="2024-03-11T23:59") == [("collected", "unusual-day")]


def test_steps_come_after_the_collection(subject):
    assert codes(subject, received="2024-03-12", processed="2024-03") == []
    assert codes(subject, received="2024-03-11", processed="2024-02") == [
        ("received", "unusual-day"), ("processed", "unusual-day"),
    ]  # fmt: skip


def test_collection_is_near_its_visit(subject):
    visit = Visit.objects.create(subject=subject, label="M3", occurred_on=dt.date(2024, 3, 12))
    days = dt.timedelta(days=plausible_specimens.DAYS_FROM_VISIT)
    assert codes(subject, visit=visit, collected=str(visit.occurred_on + days)) == []
    assert codes(subject, visit=visit, collected=str(visit.occurred_on + days + dt.timedelta(days=1))) == [
        ("collected", "off-visit")
    ]
    assert codes(subject, visit=visit, collected="2024") == []


def test_specimen_is_stored_with_the_reason_why_it_is_right(coordinator, subject):
    values = {
        "subject": subject.pk, "laboratory": make_laboratory().pk, "accession": "A-1", "collected": "2024-03-12T08:00",
        "received": "2024-03-11",
    }  # fmt: skip
    page = add_page("labs.Specimen")
    refused = send(coordinator, page, **values)
    assert "after it was collected" in refused.rendered_content
    assert not Specimen.objects.exists()
    assert send(coordinator, page, **values, warning_reason="clock of the courier").status_code == 302
    kept = WarningOverride.objects.get()
    assert (kept.target_table, kept.target_id, kept.subject) == ("labs_specimen", Specimen.objects.get().pk, subject)
