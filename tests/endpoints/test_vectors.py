"""The kernels against the cases with their source, where that folder is at hand."""

import csv
import math
import os
import re
from pathlib import Path

import polars as pl
import pytest

from cart.endpoints.censoring import titer_fold_change
from cart.endpoints.course import one_course
from cart.endpoints.ctcae import ctcae_grades
from cart.endpoints.depletion import PRIOR_DEPLETION
from cart.endpoints.half_life import fraction_remaining, half_life
from tests.endpoints.cases import answer, frames, series

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("TRIALSITE_VECTORS") or ROOT.parent / "shared" / "vectors")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no cases at {FOLDER}; set TRIALSITE_VECTORS to their folder"
)


def cases(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def number(text: str) -> float | None:
    return float(text) if text else None


def test_depletion_cases() -> None:
    rows = cases("bcell_depletion")
    assert rows
    for row in rows:
        days, counts = [int(day) for day in row["days"].split(";")], row["cd19_per_uL"].split(";")
        found = one_course(
            days,
            counts,
            threshold=float(row["threshold"]),
            confirm_n=int(row["confirm_n"]),
            lloq=number(row["lloq"]),
        )
        expected = {
            "depleted": None if not row["depleted"] else row["depleted"] == "1",
            "first_below_day": number(row["first_day_below"]),
            "previous_day": number(row["previous_sample_day"]),
            "nadir": number(row["nadir"]),
            "undetectable": None if not row["undetectable"] else row["undetectable"] == "1",
            "last_below_day": number(row["last_day_below"]),
            "recovered_day": number(row["first_confirmed_day_at_or_above"]),
            "duration_min": number(row["duration_min"]),
            "duration_max": number(row["duration_max"]),
        }
        assert {name: getattr(found, name) for name in expected} == expected, row["case"]
        assert row["status"].startswith(found.status), row["case"]
        assert (row["note"] == PRIOR_DEPLETION) == bool(found.baseline_depleted), row["case"]


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


def test_half_life_cases() -> None:
    rows = cases("titre_half_life")
    assert rows
    for row in rows:
        days = [float(day) for day in row["days"].split(";")]
        values = [float(value) for value in row["value"].split(";")]
        fit = half_life(days, values)
        assert fit is not None
        found = (fit.k_per_day, fit.half_life_days, fit.half_life_low, fit.half_life_high, fit.r2)
        names = ("k", "half_life", "half_life_low", "half_life_high", "r2")
        assert found == pytest.approx([float(row[name]) for name in names], rel=1e-9), row["id"]
        assert fit.half_life_days / 21 == pytest.approx(float(row["ratio_to_igg21"]), rel=1e-9)


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


def test_titer_step_cases() -> None:
    rows = cases("titre_steps")
    assert rows
    for row in rows:
        change = titer_fold_change(row["baseline"], row["followup"])
        assert change.at_limit == number(row["log2fc_at_limit"])
        assert change.imputed == number(row["log2fc_lloq_half"])
        assert change.note == row["censor_note"]
        assert change.four_fold_fall == {"1": True, "0": False}.get(row["ge4fold_fall"])


def test_passive_decay_cases() -> None:
    rows = cases("igg_passive_decay")
    assert rows
    for row in rows:
        (share,) = fraction_remaining([float(row["day"])], half_life_days=float(row["half_life_d"]))
        assert share == pytest.approx(float(row["fraction_remaining"]), rel=1e-12)
        assert math.log2(share) == pytest.approx(float(row["log2_change"]), rel=1e-12)


def test_ctcae_cases() -> None:
    rows = cases("ctcae_grades")
    assert rows
    for row in rows:
        named = re.fullmatch(r"(.*?)(?: \[baseline ([0-9.]+) \w+\])?", row["term"])
        assert named is not None
        given = {
            "qualifier": "=",
            "value": float(row["aval"]),
            "lloq": None,
            "lln": number(row["lln"]),
            "uln": number(row["uln"]),
            "baseline": number(named[2] or ""),
        }
        frame = pl.DataFrame([given], schema_overrides={"lloq": pl.Float64, "baseline": pl.Float64})
        found = ctcae_grades(frame, version=row["ctcae"].removesuffix(".0"), term=named[1]).row(0)
        assert found == (int(row["grade"]), int(row["grade"]), ""), row
