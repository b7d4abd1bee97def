"""Adverse events by program: who sees which, page by page, dates as known."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken

from cart.models import AdverseEvent, Membership, Role, Site, Subject
from tests.cart.records import make_infused_subject, make_trial
from tests.cart.safety_records import event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial():
    trial = make_trial("S-1")
    infused = make_infused_subject(trial, "KUL-001")
    boston = Site.objects.create(study=trial.study, code="BOS", name="Boston")
    waiting = Subject.objects.create(study=trial.study, site=boston, arm=trial.arm, code="BOS-001")
    for record in (
        event(infused, dlt=True, grade=4, serious=True, hospitalisation=True, special_interest="crs"),
        event(infused, started="2024-03", ended=""),
        event(waiting, grade=1),
    ):
        record.save()
    return trial


def token_of(trial, role, *, site=None, name="reader"):
    user = get_user_model().objects.create_user(username=name, password="pass-word-1234")
    Membership.objects.create(user=user, study=trial.study, site=site, role=role)
    return AuthToken.objects.create(user=user)[1]


def ask(token=None, path="/api/v1/studies/S-1/adverse-events", **query):
    headers = {"Authorization": f"Token {token}"} if token else {}
    return Client().get(path, query, headers=headers)


def test_sponsor_reads_events_with_day_criteria_and_dlt(trial):
    first, month, waiting = ask(token_of(trial, Role.SPONSOR)).json()["results"]
    assert (first["subject"], first["start_day"], first["grade"], first["dlt"]) == ("KUL-001", 3, 4, True)
    assert (first["serious"], first["seriousness"]) == (True, ["hospitalisation"])
    # Known to the month: as received, and no day.
    assert (month["started"], month["start_day"], month["dlt"]) == ("2024-03", None, None)
    assert (waiting["subject"], waiting["start_day"], waiting["seriousness"]) == ("BOS-001", None, [])


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"subject": "BOS-001"}, [2]),
        ({"serious": "true"}, [0]),
        ({"serious": "false"}, [1, 2]),
        ({"min_grade": "2"}, [0, 1]),
        ({"special_interest": "crs"}, [0]),
        ({"subject": "NOBODY"}, []),
    ],
)
def test_filters_choose(trial, query, places):
    ids = list(AdverseEvent.objects.order_by("pk").values_list("pk", flat=True))
    answer = ask(token_of(trial, Role.SAFETY_REVIEWER), **query).json()
    assert [row["id"] for row in answer["results"]] == [ids[place] for place in places]


def test_member_of_a_site_reads_that_site_alone_and_a_stranger_nothing(trial):
    mine = ask(token_of(trial, Role.COORDINATOR, site=trial.site)).json()
    assert {row["subject"] for row in mine["results"]} == {"KUL-001"}
    answer = ask(token_of(make_trial("S-2"), Role.SPONSOR, name="stranger"))
    assert answer.status_code == 404
    assert "[unknown-study]" in answer.json()["message"]
    assert ask().status_code == 401


@pytest.mark.parametrize("query", [{"grade": "3"}, {"min_grade": "6"}, {"serious": "perhaps"}, {"limit": "0"}])
def test_bad_query_is_refused_with_a_sentence(trial, query):
    answer = ask(token_of(trial, Role.SPONSOR), **query)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-request"


def test_pages_join_to_the_whole_at_the_same_number_of_queries(trial):
    token = token_of(trial, Role.SPONSOR)
    seen, after, counts = [], 0, set()
    while after is not None:
        with CaptureQueriesContext(connection) as captured:
            page = ask(token, limit=2, after=after).json()
        counts.add(len(captured))
        seen += [row["id"] for row in page["results"]]
        after = page["next_after"]
    assert seen == list(AdverseEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert len(counts) == 1


def test_study_without_events_answers_with_none(trial):
    empty = make_trial("S-3")
    answer = ask(token_of(empty, Role.SPONSOR, name="other"), "/api/v1/studies/S-3/adverse-events").json()
    assert (answer["results"], answer["next_after"]) == ([], None)
