"""Settings of the workers that crash tests start: the project's, and the handlers of these tests."""

from trialsite.settings import *  # noqa: F403

CELERY_IMPORTS = ["tests.jobs.handlers", "tests.jobs.short_leases"]
