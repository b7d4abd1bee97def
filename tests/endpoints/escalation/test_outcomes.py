"""Notation of outcomes."""

import pytest

from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.outcomes import DoseCounts, count_outcomes


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("", DoseCounts((0, 0, 0), (0, 0, 0), 1)),
        ("  ", DoseCounts((0, 0, 0), (0, 0, 0), 1)),
        ("2T", DoseCounts((0, 1, 0), (0, 1, 0), 2)),
        (" 1NNN  3NT 2TT ", DoseCounts((3, 2, 2), (0, 2, 1), 2)),
        ("1NN2NT1N", DoseCounts((3, 2, 0), (0, 1, 0), 1)),
    ],
)
def test_cohorts_are_counted_by_dose(text, counts):
    assert count_outcomes(text, num_doses=3) == counts


@pytest.mark.parametrize("text", ["NNN", "1NNN 2", "1nnn", "1.2NN", "1NNN,2N", "0N", "4N", "1NXN", "-1N"])
def test_another_notation_or_dose_is_refused(text):
    with pytest.raises(ParameterError, match=r"\[outcomes\]"):
        count_outcomes(text, num_doses=3)
