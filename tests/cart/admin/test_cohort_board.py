"""Cohorts on the study page: what is counted, what waits, who sees no proposal; never more than is known."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.actions.participation import record_disposition
from cart.models import AdverseEvent, Cohort, Disposition, ProtocolVersion, Role, Site, Subject, Visit
from tests.cart.admin.pages import member
from tests.cart.records import DAY_ZERO, make_infused_subject, make_subject


@pytest.fixture
def lead(trial):
    """Who sees every site, and a protocol with 3+3."""
    ProtocolVersion.objects.create(
        study=trial.study, number=1, effective_on="2024-01-01",
        parameters={"ESCALATE": {"rule": "3+3", "most_subjects": 9}},
    )  # fmt: skip
    for level in (1, 2):
        Cohort.objects.create(
            study=trial.study, code=f"DL{level}", title=f"Dose level {level}", level=level, planned_size=3,
            planned_cells_per_kg_e6=level, planned_cd19_per_kg_e6="0.4", planned_bcma_per_kg_e6=level - 0.4,
        )  # fmt: skip
    return member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)


def infused(trial, code, *, cohort="DL1", seen_day=40):
    subject = make_infused_subject(trial, code)
    Subject.objects.filter(pk=subject.pk).update(cohort=Cohort.objects.filter(code=cohort).first())
    if seen_day is not None:
        Visit.objects.create(
            subject=subject, label="seen", occurred_on=DAY_ZERO.date() + dt.timedelta(days=seen_day), status="occurred"
        )
    return subject


def limiting(subject, day, *, dlt=True, grade=4):
    return AdverseEvent.objects.create(
        subject=subject, term="Cardiac arrest", grade=grade, dlt=dlt, ctcae_version="5", outcome="unknown",
        started=(DAY_ZERO.date() + dt.timedelta(days=day)).isoformat(), related_to_product="related",
        related_to_conditioning="not-related", related_to_chelation="not-related",
    )  # fmt: skip


def board(client, trial):
    """Text of the panel, and the counts of each cohort: treated, evaluable, DLT, waiting, left."""
    answer = client.get(reverse("admin:cart_study_page"), {"study": trial.study.pk})
    text = answer.content.decode()
    found = re.search(r'id="panel-board".*?</section>', text, re.DOTALL)
    shown = found.group() if found else ""
    counts = {
        code: [re.sub(r" of \d+$", "", cell) for cell in re.findall(r"<td>([^<]*)</td>", cells)][:5]
        for code, cells in re.findall(r'<th scope="row">(\S+) .*?</th>(.*?)</tr>', shown, re.DOTALL)
    }
    return " ".join(re.sub(r"<[^>]+>", "", shown).split()), counts


def test_three_without_a_toxicity_go_up(lead, trial):
    for number in range(3):
        infused(trial, f"KUL-{number}")
    shown, counts = board(lead, trial)
    assert counts == {"DL1": ["3", "3", "0", "0", "0"], "DL2": ["0", "0", "0", "0", "0"]}
    assert "3+3 proposes: treat the next subjects at level 2 (DL2)." in shown
    assert "0 DLT among 3 evaluable; 3 would stop the trial" in shown
    assert "0.4 + 0.6" in shown


def test_who_was_not_seen_after_the_window_waits_whatever_the_calendar_says(lead, trial):
    infused(trial, "KUL-0")
    infused(trial, "KUL-1")
    infused(trial, "KUL-2", seen_day=14)
    shown, counts = board(lead, trial)
    assert counts["DL1"] == ["3", "2", "0", "1", "0"]
    assert "nothing yet: 1 subject at level 1 is in its window of 28 days" in shown
    assert "KUL-2 (DL1): window to day 28, last visit on day 14" in shown


def test_undecided_event_is_no_absence_of_a_toxicity(lead, trial):
    limiting(infused(trial, "KUL-0"), 5, dlt=None)
    shown, counts = board(lead, trial)
    assert counts["DL1"] == ["1", "0", "0", "1", "0"]
    assert "not decided whether a DLT" in shown


def test_who_left_in_the_window_is_counted_apart_and_replaced(lead, trial):
    for number in range(3):
        infused(trial, f"KUL-{number}")
    gone = infused(trial, "KUL-3", seen_day=10)
    record_disposition(
        subject=gone, status=Subject.Status.WITHDRAWN, occurred_on="2024-03-25", why=Disposition.Reason.CONSENT,
        detail="", actor="carol", reason="letter",
    )  # fmt: skip
    shown, counts = board(lead, trial)
    assert counts["DL1"] == ["4", "3", "0", "0", "1"]
    assert "treat the next subjects at level 2" in shown
    assert "KUL-3 (DL1): withdrawn; window to day 28" in shown


def test_toxicity_counts_at_once_and_after_the_window_not_at_all(lead, trial):
    limiting(infused(trial, "KUL-0", seen_day=10), 3)
    limiting(infused(trial, "KUL-1"), 29)
    shown, counts = board(lead, trial)
    assert counts["DL1"] == ["2", "2", "1", "0", "0"]
    assert "treat the next subjects at level 1 (DL1)" in shown


def test_reached_boundary_stops(lead, trial):
    for number in range(3):
        limiting(infused(trial, f"KUL-{number}"), 2)
    shown, _ = board(lead, trial)
    assert "3+3 proposes: stop: the stopping boundary is reached." in shown
    assert "The stopping boundary is reached: 3 DLT among 3 evaluable, 3 stop the trial." in shown


def test_member_of_one_site_sees_counts_and_no_proposal(lead, trial, coordinator):
    infused(trial, "KUL-0")
    other = Site.objects.create(study=trial.study, code="BOS", name="Boston", time_zone="America/New_York")
    Subject.objects.create(study=trial.study, site=other, arm=trial.arm, code="BOS-0")
    shown, counts = board(coordinator, trial)
    assert counts["DL1"][0] == "1"
    assert "You do not see all subjects of this study: no proposal and no stopping boundary are shown." in shown
    assert "proposes" not in shown
    assert "proposes" in board(lead, trial)[0]


def test_protocol_without_a_design_is_proposed_nothing(lead, trial):
    ProtocolVersion.objects.create(study=trial.study, number=2, effective_on="2024-02-01")
    infused(trial, "KUL-0")
    shown, _ = board(lead, trial)
    assert "The protocol sets neither a rule of escalation nor a stopping boundary" in shown
    assert "proposes" not in shown


def test_treated_subject_without_a_cohort_is_named(lead, trial):
    make_infused_subject(trial, "KUL-9")
    shown, counts = board(lead, trial)
    assert counts["DL1"] == ["0", "0", "0", "0", "0"]
    assert "Treated, but in no cohort, so counted nowhere above: KUL-9." in shown


def test_level_below_the_first_is_refused_in_words(lead, trial):
    Cohort.objects.create(study=trial.study, code="DL0", title="Before the first", level=0)
    infused(trial, "KUL-0", cohort="DL0")
    shown, _ = board(lead, trial)
    assert "A dose is one of 1 to 2; found 0" in shown


def test_study_without_cohorts_has_no_board(coordinator, trial):
    make_subject(trial)
    assert board(coordinator, trial) == ("", {})


def test_queries_do_not_grow_with_the_treated(lead, trial):
    infused(trial, "KUL-0")
    board(lead, trial)
    with CaptureQueriesContext(connection) as few:
        board(lead, trial)
    for number in range(1, 7):
        limiting(infused(trial, f"KUL-{number}"), 3)
    with CaptureQueriesContext(connection) as many:
        board(lead, trial)
    assert len(many) == len(few)
