"""A real Chromium against the real server. Where either is missing, these tests say so and are skipped."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.desk import Desk
from tests.browser.server import DeskTrial, make_desk_trial, web_process
from tests.conftest import connected_to
from tests.databases import Database, cloned_database

CHROMIUM = os.environ.get("TRIALSITE_CHROMIUM") or shutil.which("chromium") or ""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of this test process."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make test-browser")
    if not CHROMIUM:
        pytest.skip("Chromium is not installed: apt-get install chromium, then make test-browser")
    # Its loop runs in this thread; Django takes it for an asynchronous caller, and the tests are none.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def served(chromium: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Database, str]]:
    """A database and the address of the server that works on it; each test makes a trial of its own in it."""
    with django_db_blocker.unblock(), cloned_database() as database, web_process(database) as address:
        yield database, address


@pytest.fixture
def trial(served: tuple[Database, str], django_db_blocker: Any) -> Iterator[DeskTrial]:
    """A trial from its template, in the database that the server works on."""
    with django_db_blocker.unblock(), connected_to(served[0]):
        yield make_desk_trial()


@pytest.fixture
def sign_in(chromium: Any, served: tuple[Database, str]) -> Iterator[Callable[..., Desk]]:
    """Function that signs somebody in, in a browser context of its own."""
    opened: list[Desk] = []

    def as_user(name: str, **context: Any) -> Desk:
        desk = Desk.signed_in(chromium, served[1], name, **context)
        opened.append(desk)
        return desk

    yield as_user
    for desk in opened:
        desk.close()


@pytest.fixture
def coordinator(trial: DeskTrial, sign_in: Callable[..., Desk]) -> Desk:
    """The desk of the trial's coordinator."""
    return sign_in(trial.coordinator)
