"""Today, the subject matrix and the visit schedule: every count has its list, every cell its word."""

import dataclasses
import datetime as dt
import re

import polars as pl
import pytest
import time_machine
from django.urls import reverse

from cart.models import (
    Consent,
    DataQuery,
    PlannedVisit,
    ProtocolVersion,
    Role,
    Site,
    Subject,
    Visit,
)
from tests.cart.admin.pages import add_page, change_page, member, send
from tests.cart.records import DAY_ZERO, make_infused_subject, make_lot, make_subject, make_trial
from trialsite.audit.context import acting

TODAY, MATRIX = "/admin/cart/subject/today/", "/admin/cart/subject/matrix/"
PLAN = [("SCR", "consent", 0, 0, 28), ("D7", "time-zero", 7, 5, 10), ("D28", "time-zero", 28, 23, 35)]


@pytest.fixture
def planned(trial):
    protocol = ProtocolVersion.objects.create(study=trial.study, number=1, effective_on=dt.date(2024, 1, 1))
    return {code: plan(protocol, code, *rest) for code, *rest in PLAN}


def plan(protocol, code, anchor, target, low, high):
    return PlannedVisit.objects.create(
        protocol=protocol, code=code, name=f"Visit {code}", anchor=anchor, target_day=target, window_low_day=low,
        window_high_day=high,
    )  # fmt: skip


@pytest.fixture
def subject(trial, planned):
    one = make_infused_subject(trial)
    Consent.objects.filter(subject=one).update(signed_on=dt.date(2024, 2, 1))
    return one


def at(day):
    """That many days after Day 0."""
    return time_machine.travel(DAY_ZERO + dt.timedelta(days=day), tick=True)


@pytest.fixture
def coordinator(trial):
    """Signs in when first asked: membership and session begin in the time that is told."""

    class Late:
        client = None

        def __getattr__(self, name):
            Late.client = Late.client or member(trial, name="carol")
            return getattr(Late.client, name)

    return Late()


def counts(page):
    """Title and count of every box."""
    found = re.findall(r'class="ts-step-title"[^>]*>([^<]+?) <b>(\d+)</b>', page)
    return {title: int(count) for title, count in found}


def listed(page):
    """Visits in the list: (subject, visit)."""
    return re.findall(r'aria-label="Record (\S+) of (\S+)"', page)


@pytest.mark.parametrize(
    ("day", "title", "key"),
    [
        (6, "Due today", "due"),
        (11, "Due today", "due"),
        (0, "Window opens within 7 days", "week"),
        (12, "Overdue 2 to 29 days", "overdue-2"),
        (39, "Overdue 2 to 29 days", "overdue-2"),
        (40, "Overdue 30 to 59 days", "overdue-30"),
        (70, "Overdue 60 to 89 days", "overdue-60"),
        (100, "Overdue 90 to 179 days", "overdue-90"),
        (190, "Overdue 180 days and more", "overdue-180"),
    ],
)
def test_a_visit_stands_in_the_one_list_of_its_days(coordinator, subject, day, title, key):
    with at(day):
        page = coordinator.get(TODAY, {"show": key}).rendered_content
        assert ("D7", "KUL-001") in listed(page)
        boxes = counts(page)
        assert boxes[title] >= 1
        others = [
            k for k in ("due", "week", "overdue-2", "overdue-30", "overdue-60", "overdue-90", "overdue-180") if k != key
        ]
        for other in others:
            assert ("D7", "KUL-001") not in listed(coordinator.get(TODAY, {"show": other}).rendered_content), other


def test_every_count_is_the_length_of_its_list(coordinator, trial, planned):
    for n in range(1, 6):
        make_infused_subject(trial, f"KUL-00{n}")
    with at(14):
        boxes = coordinator.get(TODAY).context_data["counts"]
        for box in boxes:
            answer = coordinator.get(box["url"] if box["url"].startswith("/") else TODAY + box["url"])
            page = answer.rendered_content
            if "dataquery" in box["url"]:
                assert answer.context_data["cl"].result_count == box["count"]
            elif "lots" not in box["url"]:
                assert len(listed(page)) == box["count"], box
        assert counts(coordinator.get(TODAY).rendered_content)["Overdue 2 to 29 days"] == 5


def test_lots_that_lack_a_result_are_counted_and_listed(coordinator, trial, subject):
    trial.product.specifications.create(test="Viability", comparison="ge", limit=70, unit="%")
    make_lot(trial, subject, number="L-9", state="quarantined")
    page = coordinator.get(TODAY, {"show": "lots"}).rendered_content
    assert counts(page)["Lots waiting for tests"] == 1
    assert "L-9" in page
    assert "1 of 1" in page


def test_another_site_s_subjects_are_neither_counted_nor_shown(trial, subject):
    elsewhere = Site.objects.create(study=trial.study, code="GNT", name="Gent")
    other = make_trial("T-2")
    make_infused_subject(other, "OTHER-1")
    with at(14):
        carol = member(dataclasses.replace(trial, site=elsewhere), name="carol")
        for page in (carol.get(TODAY), carol.get(MATRIX), carol.get(MATRIX, {"study": other.study.pk})):
            assert "KUL-001" not in page.rendered_content
            assert "OTHER-1" not in page.rendered_content
        assert sum(counts(carol.get(TODAY).rendered_content).values()) == 0
        text = carol.get(MATRIX, {"study": other.study.pk, "format": "csv"}).content.decode()
        assert "OTHER-1" not in text


def test_a_stranger_sees_no_page(client, trial):
    assert client.get(TODAY).status_code == 302
    assert client.get(MATRIX).status_code == 302


def test_the_matrix_has_a_word_in_every_cell_and_the_queries_beside(coordinator, trial, planned, subject):
    visit = Visit.objects.create(
        subject=subject,
        planned=planned["D7"],
        occurred_on=DAY_ZERO.date() + dt.timedelta(days=12),
        window_reason="snow",
    )
    DataQuery.objects.create(
        subject=subject, target_table="cart_visit", target_id=visit.pk, text="Is the day right?", origin="person"
    )
    make_subject(trial, "KUL-002")
    with at(29):
        page = coordinator.get(MATRIX).rendered_content
        cells = re.findall(r'class="ts-unseen">([^<]+)</span></a>', page)
        assert cells == [
            "SCR overdue by 41 days",
            "D7 took place late by 2 days",
            "D28 window open, 6 days left",
            "SCR no date yet",
            "D7 no date yet",
            "D28 no date yet",
        ]
        assert 'aria-label="1 open data queries of KUL-001"' in page
        assert re.search(r'1<span class="ts-unseen"> open data queries', page)
        rows = pl.read_csv(coordinator.get(MATRIX, {"format": "csv"}).content, infer_schema=False)
    assert rows.height == 6
    late = rows.filter((pl.col("subject") == "KUL-001") & (pl.col("code") == "D7")).row(0, named=True)
    assert (late["state"], late["days"], late["occurred_on"]) == ("late", "2", "2024-03-24")


def test_site_and_arm_narrow_the_matrix_and_a_wrong_one_narrows_nothing(trial, planned):
    elsewhere = Site.objects.create(study=trial.study, code="GNT", name="Gent")
    make_subject(trial)
    Subject.objects.create(study=trial.study, site=elsewhere, arm=None, code="GNT-001")
    ann = member(trial, Role.DATA_MANAGER, name="ann", whole_study=True)

    def shown(**asked):
        return sorted(set(re.findall(r">(KUL-001|GNT-001)</a>", ann.get(MATRIX, asked).rendered_content)))

    assert shown() == ["GNT-001", "KUL-001"]
    assert shown(site=elsewhere.pk) == ["GNT-001"]
    assert shown(arm=trial.arm.pk) == ["KUL-001"]
    assert shown(site=10**9, study="x") == ["GNT-001", "KUL-001"]


def test_pages_ask_as_often_for_many_subjects_as_for_one(coordinator, trial, planned, django_assert_max_num_queries):
    make_infused_subject(trial, "KUL-001")
    with at(14):
        for page in (TODAY, MATRIX):
            coordinator.get(page)
            with django_assert_max_num_queries(40) as few:
                coordinator.get(page).rendered_content  # noqa: B018
            for n in range(2, 8):
                make_infused_subject(trial, f"KUL-{len(few)}{n}")
            with django_assert_max_num_queries(40) as many:
                coordinator.get(page).rendered_content  # noqa: B018
            assert len(many) == len(few), page


def test_the_subject_s_page_shows_its_schedule(coordinator, subject):
    with at(9):
        page = coordinator.get(change_page(subject)).rendered_content
    assert "17 Mar 2024 to 22 Mar 2024" in page
    assert "window open, 1 day left" in page
    assert "opens in 14 days" in page


def test_a_visit_outside_its_window_is_stored_with_its_reason_only(coordinator, subject, planned):
    entry = {"subject": subject.pk, "planned": planned["D7"].pk, "status": "occurred"}
    with at(30):
        page = send(coordinator, add_page("cart.Visit"), **entry, occurred_on="2024-03-25")
        assert "D7 is due 17 Mar 2024 to 22 Mar 2024; this day is 3 days after it" in page.rendered_content
        assert not Visit.objects.exists()
        page = send(coordinator, add_page("cart.Visit"), **entry, occurred_on="2024-03-25", window_reason="snow")
        assert page.status_code == 302
        visit = Visit.objects.get()
        assert visit.window_reason == "snow"
        # A change of another field asks nothing about the window.
        with acting(actor="tester", reason="emptied"):
            Visit.objects.update(window_reason="")
        answer = send(coordinator, change_page(visit), label="again", change_reason="name")
        assert answer.status_code == 302


def test_a_visit_inside_its_window_or_without_day_zero_needs_no_reason(coordinator, trial, planned, subject):
    entry = {"planned": planned["D7"].pk, "status": "occurred"}
    with at(30):
        inside = send(coordinator, add_page("cart.Visit"), subject=subject.pk, **entry, occurred_on="2024-03-17")
        assert inside.status_code == 302
        waiting = make_subject(trial, "KUL-002")
        assert (
            send(coordinator, add_page("cart.Visit"), subject=waiting.pk, **entry, occurred_on="2024-03-01").status_code
            == 302
        )


def test_an_empty_study_has_empty_pages(coordinator, trial):
    assert "There is no subject here yet" in coordinator.get(MATRIX).rendered_content
    assert sum(counts(coordinator.get(TODAY).rendered_content).values()) == 0
    assert coordinator.get(MATRIX, {"format": "csv"}).content.decode().count("\n") == 1


def test_the_pages_stand_first_in_the_side_bar(coordinator):
    page = coordinator.get(reverse("admin:index")).rendered_content
    places = [page.index(f'"{address}"') for address in (TODAY, MATRIX, reverse("admin:cart_subject_changelist"))]
    assert places == sorted(places)
