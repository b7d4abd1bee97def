"""Frames of one subject from the words of a worked case: protocol days, values as a laboratory reports them."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from cart.endpoints.clinical_frames import CLINICAL_FRAMES
from cart.endpoints.errors import EndpointError
from cart.endpoints.prepared import FRAMES

DAY_ZERO = dt.date(2024, 3, 1)
SUBJECT = 1
VISITS = {"W4": ("28", "21", "35"), "M3": ("84", "70", "98"), "M6": ("168", "154", "182")}
_TIME_ZERO = {"time_zero_on": "0", "conditioning_on": "-5", "kind": "infusion"}
_REPORTED = re.compile(r"([<>]?)([0-9.]+)", re.ASCII)
_DAY = re.compile(r"-?[0-9]{1,5}", re.ASCII)
_ANSWERS = {"yes": True, "no": False, "": None}
# Identifier of the rows of each frame, and the columns of it that are no words of a case.
_IDENTIFIERS = ("result_id", "therapy_id", "event_id", "assessment_id", "record_id")


class WorkedCaseError(EndpointError):
    """A worked case is not written as it has to be."""


def frames_of(given: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    """Every frame of the kernels from the part ``given`` of a worked case.

    Parameters
    ----------
    given
        ``series``: one analyte each, ``values`` from protocol day to reported value. ``visits``: code to target day
        and window. ``time_zero``: protocol days, or ``none``. Every other name is a frame with its rows; a date is a
        protocol day, ``numbers`` and ``answers`` stand for the columns of that kind that a row does not name.

    Raises
    ------
    WorkedCaseError
        An unknown frame or column, or a value of another type.
    """
    unknown = set(given) - set(FRAMES) - {"series", "visits"}
    if unknown:
        raise WorkedCaseError(f"A worked case names frames; found {', '.join(sorted(unknown))}. [worked-case]")
    zero = given.get("time_zero", {})
    rows: dict[str, list[dict[str, Any]]] = {
        "subjects": [{"subject_id": SUBJECT, "arm": "A"}],
        "time_zero": [] if zero == "none" else [_row("time_zero", {**_TIME_ZERO, **zero}, 1)],
        "observations": list(_observations(given.get("series", ()))),
        "planned_visits": [
            {"code": code, "target_day": int(days[0]), "window_low": int(days[1]), "window_high": int(days[2])}
            for code, days in given.get("visits", VISITS).items()
        ],
    }
    for name in set(given) & set(FRAMES) - set(rows):
        rows[name] = [_row(name, one, place) for place, one in enumerate(given[name], start=1)]
    return {name: pl.DataFrame(rows.get(name, []), schema=FRAMES[name], orient="row") for name in FRAMES}


def _observations(series: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    number = 0
    for one in series:
        for day, reported in one["values"].items():
            number += 1
            found = _REPORTED.fullmatch(reported)
            if found is None:
                raise WorkedCaseError(f"A reported value is a number, < or >; found {reported!r}. [worked-case]")
            yield {
                "result_id": number,
                "subject_id": SUBJECT,
                "analyte": one["analyte"],
                "series": one.get("series", "L/k1"),
                "collected_on": _on(day),
                "sequence": 0,
                "qualifier": found[1] or "=",
                "value": float(found[2]),
                "value_text": reported,
                "unit": one["unit"],
                "baseline_flag": False,
                "usable": True,
                **{name: float(one[name]) if name in one else None for name in ("lloq", "uloq", "cutoff")},
            }


def _row(name: str, given: Mapping[str, str], place: int) -> dict[str, Any]:
    columns = FRAMES[name]
    unknown = set(given) - set(columns) - {"numbers", "answers", "day"}
    if unknown:
        raise WorkedCaseError(f"Frame {name} has no column {', '.join(sorted(unknown))}. [worked-case]")
    row: dict[str, Any] = dict.fromkeys(columns)
    own = columns.keys() - set(_shared(name))
    for column, dtype in columns.items():
        if column in given:
            row[column] = _cell(given[column], dtype)
        elif dtype == pl.Boolean and column in own:
            row[column] = _ANSWERS[given.get("answers", "no" if name not in CLINICAL_FRAMES else "")]
        elif dtype == pl.Int64 and column in own and "numbers" in given:
            row[column] = int(given["numbers"])
    for column in set(_IDENTIFIERS) & set(columns):
        row[column] = place if row[column] is None else row[column]
    row["subject_id"] = SUBJECT
    if "day" in given:
        row["assessed_on"] = _on(given["day"])
    if name in CLINICAL_FRAMES:
        row |= {"record": f"{name}:{place}", "not_done": given.get("not_done", "")}
    if name == "events" and _DAY.fullmatch(given["started"]):
        row["started"] = _on(given["started"]).isoformat()
    return row


def _shared(name: str) -> tuple[str, ...]:
    """Columns that neither ``numbers`` nor ``answers`` fill."""
    record = ("record_id", "subject_id", "year_of_birth", "gli_group")
    return (*record, *_IDENTIFIERS, "investigator_grade", "dlt") if name in FRAMES else ()


def _cell(text: str, dtype: Any) -> Any:
    if text == "":
        return None
    if dtype == pl.Date:
        return _on(text)
    if dtype == pl.Boolean:
        if text not in _ANSWERS:
            raise WorkedCaseError(f"An answer is yes or no; found {text!r}. [worked-case]")
        return _ANSWERS[text]
    if dtype == pl.String:
        return text
    try:
        return int(text) if dtype == pl.Int64 else float(text)
    except ValueError as error:
        raise WorkedCaseError(f"This column holds numbers; found {text!r}. [worked-case]") from error


def _on(day: str) -> dt.date:
    if not _DAY.fullmatch(day):
        raise WorkedCaseError(f"A date of a worked case is a protocol day; found {day!r}. [worked-case]")
    return DAY_ZERO + dt.timedelta(days=int(day))
