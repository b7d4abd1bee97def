"""The sponsor's report: who sees what, page by page, in documented answers."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken

from cart.actions.endpoints import mark_study_stale, recompute_stale
from cart.models import Membership, Role, Site, Subject
from tests.cart.records import make_infused_subject, make_trial

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial():
    trial = make_trial("S-1")
    make_infused_subject(trial, "KUL-001")
    other = Site.objects.create(study=trial.study, code="BOS", name="Boston")
    Subject.objects.create(study=trial.study, site=other, arm=trial.arm, code="BOS-001")
    recompute_stale(study_id=trial.study.pk, actor="tester", reason="test")
    return trial


def token_of(trial, role, *, site=None, name="reader"):
    user = get_user_model().objects.create_user(username=name, password="pass-word-1234")
    Membership.objects.create(user=user, study=trial.study, site=site, role=role)
    return AuthToken.objects.create(user=user)[1]


def ask(token=None, path="/api/v1/studies/S-1/endpoints", **query):
    headers = {"Authorization": f"Token {token}"} if token else {}
    return Client().get(path, query, headers=headers)


def test_sponsor_reads_every_subject_with_status_and_reason(trial):
    answer = ask(token_of(trial, Role.SPONSOR)).json()
    assert {row["subject"] for row in answer["results"]} == {"KUL-001", "BOS-001"}
    assert answer["stale_subjects"] == 0
    assert all(row["reason"] for row in answer["results"] if row["status"] == "not-evaluable")
    assert all(row["value"] is None for row in answer["results"] if row["status"] == "not-evaluable")


def test_member_of_a_site_reads_that_site_alone(trial):
    answer = ask(token_of(trial, Role.COORDINATOR, site=trial.site)).json()
    assert {row["subject"] for row in answer["results"]} == {"KUL-001"}


@pytest.mark.parametrize("role", [Role.BLINDED_ASSESSOR, Role.SYSTEM_ADMINISTRATOR])
def test_roles_without_titers_are_refused(trial, role):
    answer = ask(token_of(trial, role))
    assert answer.status_code == 403
    assert "role-without-endpoints" in answer.json()["message"]


def test_another_study_is_as_absent_as_one_that_does_not_exist(trial):
    stranger = token_of(make_trial("S-2"), Role.SPONSOR)
    for path in ("/api/v1/studies/S-1/endpoints", "/api/v1/studies/NOPE/endpoints"):
        answer = ask(stranger, path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "not-found"


def test_nobody_is_asked_to_sign_in():
    answer = ask()
    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "message"}


@pytest.mark.parametrize(
    "query", [{"statsu": "x"}, {"limit": "0"}, {"after": "x"}, {"status": "maybe"}, {"subject": "\x00"}]
)
def test_bad_query_is_refused_with_a_sentence(trial, query):
    answer = ask(token_of(trial, Role.SPONSOR), **query)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-request"


def test_pages_join_to_the_whole(trial):
    token = token_of(trial, Role.SPONSOR)
    whole = [row["id"] for row in ask(token).json()["results"]]
    seen, after = [], 0
    while after is not None:
        page = ask(token, limit=7, after=after).json()
        seen += [row["id"] for row in page["results"]]
        after = page["next_after"]
    assert seen == whole
    assert len(whole) > 14


def test_an_unbounded_end_is_null_with_a_flag(trial):
    for row in ask(token_of(trial, Role.SPONSOR)).json()["results"]:
        assert row["high_unbounded"] is False or row["high"] is None


def test_changed_inputs_are_counted_as_stale(trial):
    mark_study_stale(study_id=trial.study.pk)
    assert ask(token_of(trial, Role.SPONSOR)).json()["stale_subjects"] == 2


def test_query_count_does_not_grow_with_the_answers(trial):
    token = token_of(trial, Role.SPONSOR)
    counts = []
    for limit in (1, 40):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask(token, limit=limit)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_schema_documents_every_answer(trial):
    schema = Client().get(
        "/api/v1/schema",
        headers={"Authorization": f"Token {token_of(trial, Role.SPONSOR)}", "Accept": "application/json"},
    )
    assert schema.status_code == 200
    text = schema.content.decode()
    for status in ("'200'", "'400'", "'401'", "'403'", "'404'"):
        assert status in text or status.replace("'", '"') in text
