"""Leases of the endpoint jobs as the crash tests' environment says: a dead worker's is not waited for ten minutes."""

import os

from cart import tasks
from cart.actions.endpoints import RECOMPUTE, RECOMPUTE_PART
from trialsite.jobs import register_handler

if seconds := os.environ.get("TRIALSITE_TEST_LEASE"):
    register_handler(RECOMPUTE, tasks.recompute_endpoints, lease_seconds=int(seconds), max_attempts=50)
    register_handler(RECOMPUTE_PART, tasks.recompute_part_of_run, lease_seconds=int(seconds), max_attempts=50)
