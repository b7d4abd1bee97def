"""The demo's files, written once."""

import pytest

from tests.labs.demo.delivered import deliver, lines


@pytest.fixture(scope="session")
def delivered(tmp_path_factory):
    """Paths of the files in their order of delivery."""
    return deliver(tmp_path_factory.mktemp("delivered"))


@pytest.fixture(scope="session")
def rows(delivered):
    """Rows of all files, corrections last."""
    return [row for path in delivered for row in lines(path)]
