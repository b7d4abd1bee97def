"""Examples in the docstrings run."""

import doctest
import importlib
from pathlib import Path

import pytest

from cart.endpoints import disease

MODULES = sorted(path.stem for path in Path(disease.__path__[0]).glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_docstrings_run(name):
    results = doctest.testmod(importlib.import_module(f"cart.endpoints.disease.{name}"))
    assert results.failed == 0
    assert results.attempted > 0
