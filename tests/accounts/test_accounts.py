"""Accounts: signing in writes, nobody disappears, names stay."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from tests.audit.trail import events_since, last_context
from trialsite.accounts.models import User
from trialsite.audit.context import acting

PASSWORD = "a long enough pass phrase"


@pytest.fixture
def user(db: None) -> User:
    with acting(actor="tester", reason="test"):
        return User.objects.create_user(username="carol", password=PASSWORD, is_staff=True)


def sign_in(client: Client) -> Any:
    """Sign in at the admin."""
    return client.post("/admin/login/?next=/healthz", {"username": "carol", "password": PASSWORD})


def test_sign_in_is_the_act_of_who_signs_in(user: User, client: Client):
    before = last_context()
    assert sign_in(client).status_code == 302
    assert [(event.actor, event.reason) for event in events_since(before, "accounts_user")] == [("carol", "signed in")]


def test_hash_of_an_older_kind_is_renewed_at_sign_in(user: User, client: Client):
    with acting(actor="tester", reason="an account from before"):
        User.objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    before = last_context()
    assert sign_in(client).status_code == 302
    user.refresh_from_db()
    assert user.password.startswith("argon2")
    assert {event.reason for event in events_since(before)} == {"password hash renewed", "signed in"}


def test_account_is_not_deleted_by_any_path(user: User):
    with pytest.raises(ProtectedError, match="account-delete"):
        user.delete()
    with acting(actor="tester", reason="test"), pytest.raises(IntegrityError, match="append-only"):
        User.objects.all().delete()


@pytest.mark.parametrize("name", ["carol", "CAROL"])
def test_name_is_given_once_in_any_case(user: User, name: str):
    with acting(actor="tester", reason="test"), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(username=name)


def test_name_stays_with_its_account(user: User):
    with (
        acting(actor="tester", reason="test"),
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
    ):
        User.objects.update(username="dora")


def test_password_set_is_in_the_trail(user: User):
    before = last_context()
    with acting(actor="carol", reason="changed my password"):
        user.set_password("another long pass phrase")
        user.save()
    assert [event.operation for event in events_since(before)] == ["U"]


def make_token(days: int) -> str:
    """A token of the user that expires in so many days, or expired so many ago."""
    output = StringIO()
    call_command("create_token", "carol", stdout=output)
    token = output.getvalue().strip()
    with acting(actor="tester", reason="test"):
        AuthToken.objects.filter(token_key=token[: len(AuthToken.objects.latest("created").token_key)]).update(
            expiry=timezone.now() + timedelta(days=days)
        )
    return token


def test_token_opens_the_api(user: User, client: Client):
    answer = client.get("/api/v1/schema", headers={"Authorization": f"Token {make_token(1)}"})
    assert answer.status_code == 200


def test_expired_token_is_refused(user: User, client: Client):
    answer = client.get("/api/v1/schema", headers={"Authorization": f"Token {make_token(-1)}"})
    assert answer.status_code == 401


def test_expired_token_is_removed_when_its_user_comes_with_a_good_one(user: User, client: Client):
    make_token(-1)
    good = make_token(1)
    before = last_context()
    assert client.get("/api/v1/schema", headers={"Authorization": f"Token {good}"}).status_code == 200
    assert AuthToken.objects.count() == 1
    assert [(event.actor, event.reason) for event in events_since(before)] == [("carol", "token expired")]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["nobody"], "unknown-user"), (["carol", "--days=0"], "token-days"), (["carol", "--days=999"], "token-days")],
)
def test_token_for_nobody_or_for_ever_is_refused(user: User, arguments: list[str], code: str):
    with pytest.raises(CommandError, match=code):
        call_command("create_token", *arguments)


def test_superuser_from_the_command_line_has_an_actor(db: None):
    before = last_context()
    with acting(actor="cli:root", reason="manage.py createsuperuser"):
        call_command("createsuperuser", username="root", email="", interactive=False, stdout=StringIO())
    assert [(event.actor, event.operation) for event in events_since(before)] == [("cli:root", "I")]
