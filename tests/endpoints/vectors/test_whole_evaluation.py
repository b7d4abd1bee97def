"""Cases with their source through the whole evaluation, where their folder is at hand."""

import csv

import pytest

from tests.endpoints.cases import answer, frames, series
from tests.endpoints.vectors.folder import FOLDER, needs_folder

pytestmark = needs_folder


def cases(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def number(text: str) -> float | None:
    return float(text) if text else None


def test_depletion_cases_through_the_whole_evaluation() -> None:
    for row in cases("bcell_depletion"):
        counts = dict(zip(map(int, row["days"].split(";")), row["cd19_per_uL"].split(";"), strict=True))
        inputs = frames(series(counts, lloq=number(row["lloq"])))
        parameters = {"threshold": float(row["threshold"]), "confirm_n": int(row["confirm_n"])}
        found = answer(inputs, "BCDEPL", **parameters)
        assert found["text"] == {"1": "yes", "0": "no", "": None}[row["depleted"]], row["case"]
        assert (found["low"], found["high"]) == (
            number(row["previous_sample_day"]),
            number(row["first_day_below"]),
        )
        assert found["reason"] == (row["note"] or None), row["case"]
        recovery = answer(inputs, "BCRECOV", **parameters)
        assert recovery["value"] == number(row["first_confirmed_day_at_or_above"]), row["case"]
        assert answer(inputs, "BCDUR", **parameters)["low"] == number(row["duration_min"]), row["case"]


def test_half_life_cases_through_the_whole_evaluation() -> None:
    for row in cases("titre_half_life"):
        values = dict(zip(map(int, row["days"].split(";")), row["value"].split(";"), strict=True))
        inputs = frames(series(values, "ATA"))
        found = answer(inputs, "TITERHL", baseline_rule="last-on-or-before-first-dose")
        names = ("half_life", "half_life_low", "half_life_high")
        assert (found["value"], found["low"], found["high"]) == pytest.approx(
            tuple(float(row[name]) for name in names), rel=1e-9
        )
        ratio = answer(inputs, "TITERHLR", baseline_rule="last-on-or-before-first-dose")
        assert ratio["value"] == pytest.approx(float(row["ratio_to_igg21"]), rel=1e-9)
