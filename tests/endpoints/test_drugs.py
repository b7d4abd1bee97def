from typing import Any

import pytest

from cart.endpoints.drugs import FORBIDDEN, drug_free
from tests.endpoints.cases import frames, therapy


def found(*therapies: dict[str, Any], steroid_mg_day: float = 0.0) -> tuple[Any, ...]:
    inputs = frames(therapies=therapies)
    (row,) = drug_free(inputs["therapies"], inputs["time_zero"], steroid_mg_day=steroid_mg_day).to_dicts()
    return row["text"], row["therapy_evidence"]


def test_subject_without_therapies_is_free() -> None:
    assert found() == ("yes", None)


@pytest.mark.parametrize("drug", FORBIDDEN)
def test_each_forbidden_class_taken_after_time_zero_breaks_it(drug: str) -> None:
    assert found(therapy(3, drug, start=1, stop=2)) == ("no", [3])


@pytest.mark.parametrize("drug", ["ivig", "plasma-exchange", "other"])
def test_other_classes_do_not_count(drug: str) -> None:
    assert found(therapy(3, drug, start=1, ongoing=True)) == ("yes", None)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"start": -90, "stop": -30, "prior": True}, "yes"),
        ({"start": -90, "ongoing": True, "prior": True}, "no"),
        ({"start": -90, "stop": 0}, "yes"),
        ({"start": -90, "stop": 1}, "no"),
        ({"start": 0, "stop": 0}, "yes"),
        ({"start": 1}, "no"),
        ({"start": -90}, None),
        ({}, None),
        ({"prior": True}, "yes"),
        ({"ongoing": True}, "no"),
    ],
)
def test_only_what_is_taken_after_time_zero_counts(more: dict[str, Any], text: str | None) -> None:
    assert found(therapy(3, "immunosuppressant", **more))[0] == text


@pytest.mark.parametrize(
    ("dose", "limit", "text"),
    [(5.0, 5.0, "yes"), (5.1, 5.0, "no"), (None, 5.0, None), (None, 0.0, "no"), (0.0, 0.0, "yes")],
)
def test_steroid_counts_above_the_limit_and_an_unknown_dose_leaves_it_open(
    dose: float | None, limit: float, text: str | None
) -> None:
    steroid = therapy(3, "steroid", start=1, ongoing=True, daily_dose_mg=dose)
    assert found(steroid, steroid_mg_day=limit)[0] == text


def test_known_breach_wins_over_an_unknown_one() -> None:
    text, evidence = found(therapy(3, "mycophenolate"), therapy(4, "rituximab", start=5, stop=5))
    assert (text, evidence) == ("no", [3, 4])
