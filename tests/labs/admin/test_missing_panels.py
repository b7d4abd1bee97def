"""Panels that were due at a visit and have no result: the list, and its number on Today."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.models import Panel, PanelAnalyte, PlannedPanel, PlannedVisit, ProtocolVersion, Role, Site, Visit
from labs.models import Analyte, Result, Specimen
from tests.cart.admin.pages import member
from tests.cart.records import make_subject

NOW = dt.datetime(2024, 6, 28, 12, tzinfo=dt.UTC)
LIST = "admin:labs_specimen_missing_panels"


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to(NOW)


@pytest.fixture
def planned(trial, ata):
    protocol = ProtocolVersion.objects.create(study=trial.study, number=1, effective_on=dt.date(2024, 1, 1))
    visit = PlannedVisit.objects.create(
        protocol=protocol, code="D28", name="Day 28", target_day=28, window_low_day=23, window_high_day=35
    )
    Analyte.objects.create(code="IGG", name="IgG", unit="g/L")
    for code, analytes in (("ANTIBODIES", ["ATA", "ARA"]), ("HUMORAL", ["IGG"])):
        panel = Panel.objects.create(protocol=protocol, code=code, name=code.lower())
        PlannedPanel.objects.create(planned=visit, panel=panel)
        for analyte in analytes:
            PanelAnalyte.objects.create(panel=panel, analyte_code=analyte)
    return visit


def visit_of(subject, planned, days_ago=20):
    return Visit.objects.create(subject=subject, planned=planned, occurred_on=NOW.date() - dt.timedelta(days=days_ago))


def measured(visit, laboratory, code, *, days=0, named=False, **result):
    specimen = Specimen(
        subject=visit.subject, laboratory=laboratory, accession=f"A-{Specimen.objects.count()}",
        collected=str(visit.occurred_on + dt.timedelta(days=days)), visit=visit if named else None,
    )  # fmt: skip
    specimen.save()
    values = result or {"received_text": "<10", "qualifier": "<", "value": 10, "unit": "x"}
    Result.objects.create(specimen=specimen, analyte=Analyte.objects.get(code=code), version=1, **values)


def missing(client):
    """Rows of the list, and the number on Today is their number."""
    rows = client.get(reverse(LIST)).context_data["rows"]
    boxes = client.get(reverse("admin:cart_subject_today")).context_data["counts"]
    assert [one["count"] for one in boxes if one["url"] == reverse(LIST)] == [len(rows)]
    return [(row["code"], row["visit"], row["panel"]) for row in rows]


def test_panel_without_any_result_is_missing_until_one_of_its_analytes_came(coordinator, trial, planned, laboratory):
    visit = visit_of(make_subject(trial), planned)
    assert missing(coordinator) == [("KUL-001", "D28", "antibodies"), ("KUL-001", "D28", "humoral")]
    measured(visit, laboratory, "ATA")
    assert missing(coordinator) == [("KUL-001", "D28", "humoral")]
    measured(visit, laboratory, "IGG", missing_reason="tube broken")
    assert missing(coordinator) == []


@pytest.mark.parametrize(("days", "named", "counts"), [(7, False, True), (-8, False, False), (30, True, True)])
def test_specimen_belongs_to_its_visit_or_to_the_days_around(
    coordinator, trial, planned, laboratory, days, named, counts
):
    measured(visit_of(make_subject(trial), planned), laboratory, "ATA", days=days, named=named)
    assert (("KUL-001", "D28", "antibodies") in missing(coordinator)) is not counts


@pytest.mark.parametrize(("days_ago", "listed"), [(13, 0), (14, 2), (90, 2), (91, 0)])
def test_results_have_two_weeks_and_the_list_an_end(coordinator, trial, planned, days_ago, listed):
    visit_of(make_subject(trial), planned, days_ago)
    assert len(missing(coordinator)) == listed


def test_others_results_and_other_sites_visits_do_not_count(coordinator, trial, planned, laboratory):
    visit_of(make_subject(trial), planned)
    other = make_subject(trial, "KUL-002")
    measured(visit_of(other, planned), laboratory, "ATA")
    away = make_subject(trial, "BOS-001")
    away.site = Site.objects.create(study=trial.study, code="BOS", name="Boston")
    away.save()
    visit_of(away, planned)
    assert {code for code, _, panel in missing(coordinator) if panel == "antibodies"} == {"KUL-001"}
    assert "BOS-001" not in {code for code, _, _ in missing(coordinator)}


def test_missed_visit_lacks_nothing_and_a_blinded_assessor_is_told_nothing(coordinator, trial, planned):
    Visit.objects.create(subject=make_subject(trial), planned=planned, status="missed", missed_reason="ill")
    assert missing(coordinator) == []
    visit_of(make_subject(trial, "KUL-002"), planned)
    blind = member(trial, Role.BLINDED_ASSESSOR, name="blind")
    assert blind.get(reverse(LIST)).status_code == 403
    boxes = blind.get(reverse("admin:cart_subject_today")).context_data["counts"]
    assert [one["count"] for one in boxes if one["url"] == reverse(LIST)] in ([], [0])


def test_queries_do_not_grow_with_the_visits(coordinator, trial, planned, laboratory):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            coordinator.get(reverse(LIST))
        return len(seen)

    measured(visit_of(make_subject(trial), planned), laboratory, "ATA")
    few = queries()
    for number in range(2, 8):
        measured(visit_of(make_subject(trial, f"KUL-00{number}"), planned), laboratory, "ATA")
    assert queries() == few
