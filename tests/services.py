"""Pytest plugin that gives every test run its own PostgreSQL and broker, before Django reads its settings.

Named in ``addopts`` so that it is loaded early. With xdist the controller starts the servers and the workers
inherit their addresses.
"""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from trialsite.devservices import running_services

ROOT = Path(__file__).resolve().parent.parent
MARK = "TRIALSITE_TEST_SERVICES"
# Measurements wait for the disk as an installation does.
DURABLE = "TRIALSITE_TEST_DURABLE"
_held = ExitStack()

if MARK not in os.environ:
    _services = _held.enter_context(running_services(ROOT, throw_away=True, durable=bool(os.environ.get(DURABLE))))
    _raw = _held.enter_context(tempfile.TemporaryDirectory(prefix="trialsite-raw-"))
    _static = _held.enter_context(tempfile.TemporaryDirectory(prefix="trialsite-static-"))
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DEBUG"):
        os.environ.pop(name, None)
    os.environ.update(_services.environment())
    os.environ.update(
        {
            "TRIALSITE_ENV": "test",
            "RAW_STORE": _raw,
            "STATIC_ROOT": _static,
            MARK: "1",
            "TRIALSITE_REPORT_URL": _services.report_database_url,
        }
    )


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers that this process started."""
    _held.close()
