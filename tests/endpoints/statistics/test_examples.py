"""Examples in the docstrings run."""

import doctest
import importlib
from pathlib import Path

import pytest

from cart.endpoints import statistics
from cart.endpoints.vectors import r_wilcox

MODULES = sorted(path.stem for path in Path(statistics.__path__[0]).glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_docstrings_run(name):
    results = doctest.testmod(importlib.import_module(f"cart.endpoints.statistics.{name}"))
    assert results.failed == 0
    assert results.attempted > 0


def test_fallback_of_r_has_the_interval_that_r_prints():
    results = doctest.testmod(r_wilcox)
    assert (results.failed, results.attempted > 0) == (0, True)
