"""Every declared code of the reports is met by a request, and no request meets another one."""

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from knox.models import AuthToken

from cart.api.errors import ANSWERS
from cart.models import Membership, Role
from labs.models import Laboratory
from tests.cart.records import make_trial
from trialsite.reference.api import operations, schema

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
ADDRESS = "/api/v1/studies/S-1/endpoints"
DECLARED = {answer.code: answer for answer in ANSWERS}


@pytest.fixture
def trial():
    return make_trial("S-1")


def headers_of(trial, role, *, site=None, **headers):
    user = get_user_model().objects.create_user(username=f"user-{role}", password="pass-word-1234")
    Membership.objects.create(user=user, study=trial.study, site=site, role=role)
    return {"Authorization": f"Token {AuthToken.objects.create(user=user)[1]}", **headers}


def test_each_code_is_answered_with_its_status_and_its_sentence(trial, settings):
    settings.API_FILE_LIMIT = 1
    manager, laboratory = headers_of(trial, Role.DATA_MANAGER), Laboratory.objects.create(code="L")
    files = f"/api/v1/studies/{trial.study.code}/laboratories/{laboratory}/files"
    sponsor = headers_of(trial, Role.SPONSOR)
    assessor = headers_of(trial, Role.BLINDED_ASSESSOR)
    coordinator = headers_of(trial, Role.COORDINATOR, site=trial.site)
    study = f"/api/v1/studies/{trial.study.code}"
    cuts = f"{study}/cuts"
    cut = {"name": "one", "purpose": "x"}
    assert Client().post(cuts, cut, headers=manager).status_code == 201

    def tables(headers, **query):
        answer = Client().get(f"{study}/endpoint-tables", query, headers=headers)
        # This view has no transaction of its own to roll back: its refusal marks that of the test.
        connection.set_rollback(False)
        return answer

    asked = {
        "role-of-one-site": tables(coordinator),
        "role-without-cuts": Client().post(cuts, cut, headers=sponsor),
        "cut-name": Client().post(cuts, cut, headers=manager),
        "unknown-cut": tables(sponsor, cut="NONE"),
        "unknown-run": Client().get(f"{study}/runs/1/differences", headers=sponsor),
        "cut-without-endpoints": tables(sponsor, cut="one"),
        "bad-request": Client().get(ADDRESS, {"limit": "0"}, headers=sponsor),
        "not-authenticated": Client().get(ADDRESS),
        "authentication-failed": Client().get(ADDRESS, headers={"Authorization": "Token wrong"}),
        "role-without-endpoints": Client().get(ADDRESS, headers=assessor),
        "unknown-study": Client().get("/api/v1/studies/NOPE/endpoints", headers=sponsor),
        "not-found": Client().get(ADDRESS, {"format": "xml"}, headers=sponsor),
        "method-not-allowed": Client().post(ADDRESS, headers=sponsor),
        "role-without-imports": Client().post(files, headers=sponsor),
        "unknown-laboratory": Client().post(files.replace("/L/", "/NONE/"), headers=manager),
        "unsupported-media-type": Client().post(files, b"a", content_type="text/csv", headers=manager),
        "file-too-large": Client().post(
            files, {"file": SimpleUploadedFile("a.csv", b"two"), "reason": "x"}, headers=manager
        ),
        "not-acceptable": Client().get(ADDRESS, headers={**sponsor, "Accept": "text/html"}),
    }
    # Only ever met together with the narrower code of an endpoint.
    asked["permission-denied"] = asked["role-without-endpoints"]
    assert set(asked) == set(DECLARED)
    for code, answer in asked.items():
        body = answer.json()
        assert set(body) == {"code", "message"}
        assert answer.status_code == DECLARED[code].status
        assert f"[{code}]" in body["message"] if DECLARED[code].narrower else body["code"] == code
        assert body["message"]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Token wrong"}])
def test_who_is_not_let_in_reads_what_to_do(header):
    answer = Client().get(ADDRESS, headers=header).json()
    assert "create_token" in answer["message"]


def test_the_schema_names_exactly_the_roles_that_are_let_in(trial):
    let_in = {role.value for role in Role if Client().get(ADDRESS, headers=headers_of(trial, role)).status_code == 200}
    documented = {path: set(operation["x-roles"]) for _, path, operation in operations(schema())}
    assert documented["/api/v1/studies/{code}/endpoints"] == let_in
