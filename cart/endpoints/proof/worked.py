"""Worked cases: one subject's records, and what each endpoint has to answer by a calculation that stands beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from cart.endpoints.catalogue import evaluate
from cart.endpoints.errors import EndpointError
from cart.endpoints.proof.case_rows import WorkedCaseError, frames_of
from cart.endpoints.registry import REGISTRY
from cart.endpoints.vectors.case_files import agrees

FOLDER = Path(__file__).parent / "worked_cases"
COMPARED = ("status", "value", "low", "high", "day", "text", "unit", "reason")
_KINDS = ("by hand", "third party")


@dataclass(frozen=True)
class Expected:
    """What one endpoint has to answer; ``worked`` is the calculation, ``source`` where a third party's is from."""

    code: str
    timepoint: str
    series: str
    kind: str
    worked: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class WorkedCase:
    """One subject of a file of worked cases."""

    file: str
    name: str
    given: Mapping[str, Any]
    parameters: Mapping[str, Mapping[str, Any]]
    expected: tuple[Expected, ...]


@dataclass(frozen=True)
class Checked:
    """One expected answer against what the kernel finds; ``differences``: field, expected, found."""

    case: str
    file: str
    expected: Expected
    differences: tuple[tuple[str, str, str], ...]

    @property
    def agreeing(self) -> bool:
        """Is every field that the case names what it says?"""
        return not self.differences


@cache
def worked_cases() -> tuple[WorkedCase, ...]:
    """Every worked case that ships with the project.

    Raises
    ------
    WorkedCaseError
        A case is not written as it has to be.
    """
    return tuple(case for path in sorted(FOLDER.glob("*.yaml")) for case in cases_of(path))


def cases_of(path: Path) -> Iterator[WorkedCase]:
    """Cases of one file; every scalar is text, so that ``0.10`` stays as it was written.

    Raises
    ------
    WorkedCaseError
        Naming the file and the case.
    """
    for one in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader):
        try:
            yield WorkedCase(
                path.name,
                one["case"],
                one["given"],
                {code: _parameters(values) for code, values in one.get("parameters", {}).items()},
                tuple(_expected(entry) for entry in one["expected"]),
            )
        except (KeyError, TypeError, WorkedCaseError) as error:
            raise WorkedCaseError(f"{path.name}, {one!r:.60}: {error}. [worked-case]") from error


def check(case: WorkedCase) -> tuple[Checked, ...]:
    """Run a case through the whole evaluation and compare every expected answer."""
    try:
        answers = evaluate(frames_of(case.given), case.parameters)
    except EndpointError as error:
        return tuple(Checked(case.name, case.file, one, (("", "an answer", str(error)),)) for one in case.expected)
    return tuple(Checked(case.name, case.file, one, tuple(_differences(one, answers))) for one in case.expected)


def _differences(expected: Expected, answers: pl.DataFrame) -> Iterator[tuple[str, str, str]]:
    rows = answers.filter((pl.col("code") == expected.code) & (pl.col("timepoint") == expected.timepoint))
    if expected.series:
        rows = rows.filter(pl.col("series") == expected.series)
    if rows.height != 1:
        yield "answers", "1", str(rows.height)
        return
    found = rows.row(0, named=True)
    for name, text in expected.fields.items():
        if not agrees(text, found[name]):
            yield name, text, "" if found[name] is None else str(found[name])


def _expected(entry: Mapping[str, str]) -> Expected:
    fields = {name: entry[name] for name in COMPARED if name in entry}
    rest = set(entry) - set(fields) - {"endpoint", "timepoint", "series", "kind", "worked"}
    kind = entry.get("kind", "by hand")
    if rest or not fields or not entry["worked"] or kind not in _KINDS or entry["endpoint"] not in REGISTRY:
        raise WorkedCaseError(
            "An expected answer names a registered endpoint, its calculation (worked), by hand or third party, and "
            f"fields of an answer; found {dict(entry)}"
        )
    place = entry.get("timepoint", ""), entry.get("series", "")
    return Expected(entry["endpoint"], *place, kind, entry["worked"], fields)


def _parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: yaml.safe_load(value) if isinstance(value, str) else value for name, value in values.items()}
