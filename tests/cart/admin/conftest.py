"""A trial, its coordinator, and a superuser."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.cart.admin.pages import member
from tests.cart.records import make_trial


@pytest.fixture
def trial(db, as_tester):
    return make_trial()


@pytest.fixture
def coordinator(trial):
    return member(trial, name="carol")


@pytest.fixture
def superuser(trial):
    client = Client()
    client.force_login(get_user_model().objects.create_superuser(username="root"))
    return client
