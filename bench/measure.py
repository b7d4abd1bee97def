"""Measuring: pairs of limit and work in turn, the first pair dropped, medians and ranges."""

import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.databases import Database, cloned_database


@dataclass(frozen=True)
class Pair:
    """Seconds of limit and work, measured one after the other."""

    limit: float
    work: float


def seconds(action: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def processor_seconds(action: Callable[[], object]) -> float:
    """Seconds of this process's own processor time in one call: what a loaded machine cannot stretch by waiting."""
    start = time.process_time()
    action()
    return time.process_time() - start


def alternate(limit: Callable[[], object], work: Callable[[], object], *, pairs: int) -> list[Pair]:
    """Limit and work in turn; one pair more than asked for, the first dropped."""
    measured = [Pair(seconds(limit), seconds(work)) for _ in range(pairs + 1)]
    return measured[1:]


def report(name: str, measured: list[Pair], *, goal: str) -> None:
    """Print work, limit, ratio beside the goal, and the load of the machine."""
    limits, works = [p.limit for p in measured], [p.work for p in measured]
    ratios = [p.work / p.limit for p in measured]
    print(
        f"{name}: work {statistics.median(works):.3f} s, limit {statistics.median(limits):.3f} s, "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), goal {goal}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def peak_megabytes() -> float:
    """Largest memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def bench_database() -> Iterator[Database]:
    """A database of its own on private servers, which Django's connection uses as the application's role."""
    from django.conf import settings
    from django.db import connections

    with cloned_database() as database:
        connections.close_all()
        settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = database.name
        yield database
        connections.close_all()
