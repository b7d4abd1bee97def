"""What the laboratory's files say, read as a statistician would read them: text in, numbers out."""

from __future__ import annotations

import csv
import datetime as dt
import math
from dataclasses import dataclass
from pathlib import Path

from cart.models.codes import subject_code
from labs.management.demo.course import PLANS
from labs.management.demo.files import write_files

FILES = ["central-kul-1.csv", "central-bos-1.csv", "central-correction-1.csv"]


def codes() -> list[str]:
    """Codes of the nine subjects in the order of the plans, numbered per site as enrolment does."""
    sites: dict[str, int] = {}
    made = []
    for plan in PLANS:
        sites[plan.site] = sites.get(plan.site, 0) + 1
        made.append(subject_code(site=plan.site, number=sites[plan.site]))
    return made


def deliver(folder: Path) -> list[Path]:
    """The files of the demo in their order."""
    return write_files(folder, codes())


def lines(path: Path) -> list[dict[str, str]]:
    """Rows of one file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class Value:
    """One result: protocol day, visit, text as delivered, and the interval [low, high] it stands for."""

    day: int
    visit: str
    text: str
    low: float
    high: float
    condition: str = ""

    @property
    def censored(self) -> bool:
        return self.low != self.high


def day_of(row: dict[str, str], number: int) -> int:
    """Protocol day of a row of the subject with this number."""
    return (dt.datetime.fromisoformat(row["COLLECTED"]).date() - PLANS[number].infusion_on).days


def _value(row: dict[str, str], number: int) -> Value:
    text = row["RESULT"].removeprefix("<")
    result = float(text.removeprefix("1:"))
    low = 0.0 if row["RESULT"].startswith("<") else result
    return Value(day_of(row, number), row["VISIT"], row["RESULT"], low, result, row["CONDITION"])


def course(rows: list[dict[str, str]], number: int, test: str) -> list[Value]:
    """Results of one subject and test that are there, by day; a correction takes the place of the first."""
    mine = [row for row in rows if row["SUBJECT"] == codes()[number] and row["TEST"] == test and row["RESULT"]]
    latest = {row["ACCESSION"]: row for row in mine}
    return sorted((_value(row, number) for row in latest.values()), key=lambda value: value.day)


def half_life(values: list[Value]) -> float:
    """ln 2 divided by the slope of ln(value) on the day, by least squares; quantified values after Day 0 only."""
    points = [(v.day, math.log(v.low)) for v in values if v.day > 0 and not v.censored]
    mean_day, mean_log = (sum(column) / len(points) for column in zip(*points, strict=True))
    slope = sum((d - mean_day) * (y - mean_log) for d, y in points) / sum((d - mean_day) ** 2 for d, _ in points)
    return -math.log(2) / slope
