"""Course by day, skin and lung on the subject's page, and the file: months, empty subjects, scope, query counts."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.models import (
    AdverseEvent,
    Apheresis,
    ConcomitantTherapy,
    Consent,
    CrsAssessment,
    Role,
    SkinScore,
    Spirometry,
    Subject,
    Visit,
)
from cart.models.skin import SITE_NAMES
from tests.cart.admin.pages import change_page, member
from tests.cart.records import DAY_ZERO, make_infused_subject, make_subject, make_trial


def page(client, subject):
    answer = client.get(change_page(subject))
    assert answer.status_code == 200
    return answer.content.decode()


def panel(text, key):
    """HTML of one panel; empty where the page has none."""
    found = re.search(rf'<section class="ts-panel" id="panel-{key}".*?</section>', text, re.DOTALL)
    return found.group() if found else ""


def file_of(client, subject):
    return client.get(reverse("admin:cart_subject_course", args=[subject.pk]))


def event(subject, term, started, ended="", *, grade=2, ongoing=False):
    return AdverseEvent.objects.create(
        subject=subject, term=term, grade=grade, started=started, ended=ended, ongoing=ongoing, ctcae_version="5",
        outcome="unknown", related_to_product="related", related_to_conditioning="not-related",
        related_to_chelation="not-related",
    )  # fmt: skip


def skin(subject, on, **sites):
    return SkinScore.objects.create(subject=subject, assessed_on=on, **{**dict.fromkeys(SITE_NAMES, 1), **sites})


@pytest.fixture
def infused(trial):
    return make_infused_subject(trial)


def cells(text, name):
    """Cells of the table's line of an entry."""
    line = next(line for line in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL) if f">{name}</th>" in line)
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>.*?</t[dh]>", line, re.DOTALL)]


def test_a_month_is_said_as_the_days_it_may_have_been(coordinator, infused):
    event(infused, "Cough", "2024-04", "2024-05-02")
    shown = panel(page(coordinator, infused), "days")
    assert cells(shown, "Cough, grade 2") == [
        "Adverse events", "Cough, grade 2", "Apr 2024: some day from 1 Apr 2024 to 30 Apr 2024", "20 to 49",
        "2 May 2024", "51", "unknown",
    ]  # fmt: skip
    assert 'class="may' in shown


def test_ongoing_event_is_open_and_an_event_without_end_is_not_said_to_go_on(coordinator, infused):
    event(infused, "Fatigue", "2024-04-01", ongoing=True)
    event(infused, "Headache", "2024-04-01")
    shown = panel(page(coordinator, infused), "days")
    assert cells(shown, "Fatigue, grade 2")[4] == "ongoing"
    assert cells(shown, "Headache, grade 2")[4:] == ["", "", "unknown; end not recorded"]
    assert shown.count('class="on ') == 1


def test_episode_stands_with_its_highest_grade(coordinator, infused):
    for number, temperature in enumerate(("39.0", "39.4", "37.0")):
        CrsAssessment.objects.create(
            subject=infused, assessed_on=(DAY_ZERO + dt.timedelta(days=2 + number)).date(), fever_other_cause=False,
            temperature_max_c=Decimal(temperature), hypotension="none", hypoxia="none",
        )  # fmt: skip
    line = cells(panel(page(coordinator, infused), "days"), "highest grade 1")
    assert (line[0], line[3], line[5]) == ("CRS", "2", "3")


def test_times_are_days_of_the_site(coordinator, trial, infused):
    # Half past eleven at night in UTC is the next day in Brussels.
    late = dt.datetime(2024, 2, 20, 23, 30, tzinfo=dt.UTC)
    Apheresis.objects.create(subject=infused, chain_of_identity="COI-LATE", collected_at=late)
    assert cells(panel(page(coordinator, infused), "days"), "COI-LATE")[2] == "21 Feb 2024"


def test_therapy_of_unknown_dates_is_in_the_table(coordinator, infused):
    ConcomitantTherapy.objects.create(subject=infused, drug="Rituximab", therapy_class="rituximab", prior=True)
    ConcomitantTherapy.objects.create(subject=infused, drug="Aspirin", therapy_class="other", started="2024-01-01")
    shown = panel(page(coordinator, infused), "days")
    assert cells(shown, "Rituximab")[6] == "before the study; start not known; end not recorded"
    # No confounder: it is among the therapies above.
    assert "Aspirin" not in shown


def test_long_course_shows_its_first_weeks_apart_and_says_what_lies_before_it(coordinator, infused):
    Visit.objects.create(subject=infused, label="Year 2", occurred_on=dt.date(2026, 3, 12))
    Consent.objects.create(subject=infused, version="0", signed_on=dt.date(1999, 1, 1))
    shown = panel(page(coordinator, infused), "days")
    assert shown.count("<svg") == 2
    # The consents of 1999 and 2000.
    assert "2 entries from before day -400: in the table only." in shown


def test_just_screened_subject_without_consent_has_no_axis_and_an_empty_file(coordinator, trial):
    subject = make_subject(trial, status=Subject.Status.SCREENING)
    text = page(coordinator, subject)
    assert not panel(text, "days")
    assert not panel(text, "skin-lung")
    answer = file_of(coordinator, subject)
    assert answer.status_code == 200
    assert "Nothing is recorded yet." in answer.content.decode()


def test_subject_without_infusion_and_consent_has_an_axis_of_dates(coordinator, trial):
    subject = make_subject(trial, status=Subject.Status.SCREENING)
    event(subject, "Cough", "2024-02-28", "2024-03-05")
    skin(subject, dt.date(2024, 2, 29))
    text = page(coordinator, subject)
    assert "the axis is one of dates" in panel(text, "days")
    assert cells(panel(text, "days"), "Cough, grade 2")[3] == ""
    assert "29 Feb 2024" in panel(text, "skin-lung")
    assert "Day 0" not in panel(text, "skin-lung").replace("Day 0 = time zero", "")


def test_missing_score_is_not_drawn_and_says_why(coordinator, infused):
    skin(infused, dt.date(2024, 3, 1))
    skin(infused, dt.date(2024, 6, 1), face=None)
    shown = panel(page(coordinator, infused), "skin-lung")
    assert shown.count('class="f0"') == 1
    assert "missing: " in shown


def test_test_of_unusable_quality_is_a_grey_cross(coordinator, infused):
    Subject.objects.filter(pk=infused.pk).update(sex="F", year_of_birth=1974)
    for number, quality in enumerate("AFB"):
        Spirometry.objects.create(
            subject=infused, assessed_on=dt.date(2024, 4, 1 + number), fvc_l=Decimal("3.1"), height_cm=Decimal(170),
            quality=quality,
        )  # fmt: skip
    shown = panel(page(coordinator, infused), "skin-lung")
    assert shown.count('class="unusable"') == 1
    assert "quality grade F: not usable" in shown


def test_file_is_an_attachment_that_needs_nothing_besides_itself(coordinator, trial, infused):
    skin(infused, dt.date(2024, 3, 1))
    event(infused, "<script>alert(1)</script>", "2024-04-01", "2024-04-02")
    answer = file_of(coordinator, infused)
    assert answer["Content-Disposition"] == 'attachment; filename="T-1-KUL-001-course.html"'
    text = answer.content.decode()
    assert "UTC by carol" in text
    assert "Study T-1" in text
    assert ".ts-plot" in text
    assert "<h2>Endpoints</h2>" in text
    assert not re.search(r"<script|<link|<a |<img|@import|url\(|src=|href=", text)
    # Addresses are of namespaces only.
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}


def test_file_is_of_those_who_see_the_subject(coordinator, trial, infused):
    other = make_trial("T-2")
    assert file_of(member(other, name="olaf"), infused).status_code == 404
    assert file_of(coordinator, Subject(pk=infused.pk + 1000)).status_code == 404
    coordinator.logout()
    assert file_of(coordinator, infused).status_code == 302


@pytest.mark.parametrize("role", [Role.BLINDED_ASSESSOR, Role.SYSTEM_ADMINISTRATOR])
def test_who_sees_no_titers_sees_skin_and_lung(trial, infused, role):
    skin(infused, dt.date(2024, 3, 1))
    client = member(trial, role, name="blind")
    text = page(client, infused)
    assert panel(text, "days")
    assert panel(text, "skin-lung")
    assert not panel(text, "course")
    exported = file_of(client, infused).content.decode()
    assert "<h2>Skin and lung</h2>" in exported
    assert "<h2>Endpoints</h2>" not in exported
    assert "are not shown to the role" in exported


def test_queries_do_not_grow_with_what_is_recorded(coordinator, trial, infused):
    def record(number):
        on = (DAY_ZERO + dt.timedelta(days=20 + number)).date()
        event(infused, f"Event {number}", on.isoformat(), ongoing=True)
        skin(infused, on)
        Visit.objects.create(subject=infused, label=f"V{number}", occurred_on=on)
        ConcomitantTherapy.objects.create(
            subject=infused, drug="IVIG", therapy_class="ivig", started=on.isoformat(), stopped=on.isoformat()
        )
        CrsAssessment.objects.create(
            subject=infused, assessed_on=on, fever_other_cause=False, temperature_max_c=39, hypotension="none",
            hypoxia="none",
        )  # fmt: skip

    record(0)
    file_of(coordinator, infused)
    with CaptureQueriesContext(connection) as few:
        file_of(coordinator, infused)
    for number in range(1, 12):
        record(number)
    with CaptureQueriesContext(connection) as many:
        file_of(coordinator, infused)
    assert len(many) == len(few)
