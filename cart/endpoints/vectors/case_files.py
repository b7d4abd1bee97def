"""A file of cases: which kernel it is for, what that finds for each row, where it differs from what is expected."""

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cart.endpoints.errors import EndpointError

Found = float | int | bool | str | None
Row = Mapping[str, str]
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?([0-9]*)|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?", re.ASCII)
_TRUE, _FALSE = ("1", "true", "TRUE", "True"), ("0", "false", "FALSE", "False")
_NOTHING = ("", "NA")
_RELATIVE = 1e-9
# With as many decimals a number was rounded for printing; with fewer it is what it says.
_ROUNDED_FROM = 4
# Of ASCII alone: a no-break space is no part of how a number is written.
_BLANKS = " \t\r\n"
# Characters of a value that a message repeats.
_SHOWN = 40


class CaseFileError(EndpointError):
    """A file of cases cannot be read."""


@dataclass(frozen=True)
class CaseRule:
    """Which kernel a file's rows go through.

    ``evaluate`` takes a row (texts) and gives a value for each column of ``expected``; a row it cannot take raises
    ``ValueError`` with a sentence, and counts as differing.
    """

    name: str
    kernel: str
    given: tuple[str, ...]
    expected: tuple[str, ...]
    evaluate: Callable[[Row], Mapping[str, Found]]


@dataclass(frozen=True)
class Difference:
    """One expected value that the kernel does not find; ``line`` as an editor counts it."""

    line: int
    column: str
    expected: str
    found: str


@dataclass(frozen=True)
class Outcome:
    """What became of the cases of a file."""

    cases: int
    differing: int
    differences: tuple[Difference, ...]

    @property
    def agreeing(self) -> int:
        """Cases with every expected value found."""
        return self.cases - self.differing


def evaluate_file(path: Path, rule: CaseRule) -> Outcome:
    """Run a file's cases through the rule's kernel.

    Raises
    ------
    CaseFileError
        The file cannot be read as CSV in UTF-8, or lacks columns of the rule.
    """
    cases, differing, differences = 0, 0, []
    for line, row in _rows(path, rule):
        cases += 1
        found = list(_differences(line, row, rule))
        differing += bool(found)
        differences += found
    return Outcome(cases, differing, tuple(differences))


def agrees(expected: str, found: Found) -> bool:
    """Whether a found value is what the text says.

    A number agrees to 1e-9 of itself, or within half a unit of the last decimal of one printed with four or more.

    >>> agrees("14.833333", 14.8333333333), agrees("9.9", 9.91), agrees("NA", None), agrees("1", True)
    (True, False, True, True)
    """
    if found is None or (isinstance(found, float) and math.isnan(found)):
        return expected in _NOTHING
    if isinstance(found, bool):
        return expected in (_TRUE if found else _FALSE)
    if isinstance(found, str):
        return expected == found
    if math.isinf(found):
        return expected.lower().lstrip("+") == ("inf" if found > 0 else "-inf")
    number = _NUMBER.fullmatch(expected)
    if number is None:
        return False
    decimals = len(number[1] or number[2] or "") - int(number[3] or 0)
    rounded = 0.5000001 * 10.0**-decimals if decimals >= _ROUNDED_FROM else 0.0
    return math.isclose(float(expected), found, rel_tol=_RELATIVE, abs_tol=rounded)


def number(text: str) -> float | None:
    """A number, or None where the file has nothing.

    Raises
    ------
    ValueError
        The text is neither.
    """
    if text in _NOTHING:
        return None
    # 1e400 has the form of a number and is none that can be computed with.
    if _NUMBER.fullmatch(text) is None or math.isinf(float(text)):
        raise ValueError(f"A number has digits and a point; found {_shown(text)}. [case-value]")
    return float(text)


def numbers(text: str) -> list[float | None]:
    """Numbers between semicolons."""
    return [number(part.strip()) for part in text.split(";")] if text else []


def required(text: str) -> float:
    """A number that has to be there.

    Raises
    ------
    ValueError
        Nothing is there, or no number.
    """
    found = number(text)
    if found is None:
        raise ValueError("This case needs a number; found nothing. [case-value]")
    return found


def whole(text: str, *, low: int = 0, high: int = 10_000) -> int:
    """A whole number that has to be there, small enough to be counted to.

    Raises
    ------
    ValueError
        Nothing, no whole number, or one outside the bounds.
    """
    found = required(text)
    if found != int(found) or not low <= found <= high:
        raise ValueError(f"This case needs a whole number from {low} to {high}; found {_shown(text)}. [case-value]")
    return int(found)


def truth(text: str) -> bool:
    """Yes or no.

    Raises
    ------
    ValueError
        The text is neither.
    """
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f"Yes is 1, no is 0; found {_shown(text)}. [case-value]")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _rows(path: Path, rule: CaseRule) -> Iterator[tuple[int, Row]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            _check_columns(path, rule, reader.fieldnames or ())
            for row in reader:
                if None in row or None in row.values():
                    raise CaseFileError(
                        f"Every row has the columns of the heading; {path.name} line {reader.line_num} has more or "
                        "fewer. [case-file]"
                    )
                yield reader.line_num, {name: cell.strip(_BLANKS) for name, cell in row.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CaseFileError(f"A file of cases is CSV in UTF-8; {path}: {error}. [case-file]") from error


def _check_columns(path: Path, rule: CaseRule, columns: Sequence[str]) -> None:
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        # The reader would take the last of them without a word.
        raise CaseFileError(
            f"A heading names each column once; {path.name} has {', '.join(twice)} twice. [case-columns]"
        )
    missing = [name for name in (*rule.given, *rule.expected) if name not in columns]
    if missing:
        raise CaseFileError(
            f"A file of {rule.name} cases has the columns {', '.join((*rule.given, *rule.expected))}; {path.name} "
            f"lacks {', '.join(missing)}. [case-columns]"
        )


def _differences(line: int, row: Row, rule: CaseRule) -> Iterator[Difference]:
    try:
        # What overflows becomes inf or nan, which no expected number agrees with; a warning would help nobody.
        with np.errstate(all="ignore"):
            found = rule.evaluate(row)
    except Exception as error:  # a row that nobody thought of is no reason to leave the others unrun
        coded = isinstance(error, ValueError) and str(error).endswith("]")
        said = str(error) if coded else f"The kernel fails: {type(error).__name__}: {error}. [case-value]"
        yield Difference(line, "", "", said)
        return
    for column in rule.expected:
        if not agrees(row[column], found[column]):
            yield Difference(line, column, row[column], "" if found[column] is None else str(found[column]))
