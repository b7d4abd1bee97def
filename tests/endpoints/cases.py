"""Small input frames for the kernels, written as a reader would write them on paper."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from cart.endpoints.catalogue import evaluate
from cart.endpoints.clinical_frames import CLINICAL_FRAMES
from cart.endpoints.prepared import FRAMES

DAY_ZERO = dt.date(2024, 3, 1)
CONDITIONING = dt.date(2024, 2, 25)
VISITS = {"W4": (28, 21, 35), "M3": (84, 70, 98), "M6": (168, 154, 182)}
_VALUE = re.compile(r"([<>]?)(.+)")


def on(day: int) -> dt.date:
    """Calendar date of a protocol day."""
    return DAY_ZERO + dt.timedelta(days=day)


def observation(
    result_id: int, day: int | None, value: str | None, analyte: str = "CD19_ABS", **more: Any
) -> dict[str, Any]:
    """One row of ``observations``; ``value`` as reported, e.g. ``"<1"``."""
    match = _VALUE.fullmatch(value) if value else None
    row: dict[str, Any] = {
        "result_id": result_id,
        "subject_id": 1,
        "analyte": analyte,
        "series": "KUL/k1/U",
        "collected_on": None if day is None else on(day),
        "collected_at": None,
        "visit": None,
        "sequence": 0,
        "qualifier": (match[1] or "=") if match else "=",
        "value": float(match[2]) if match else None,
        "value_text": value,
        "lloq": 1.0 if analyte == "CD19_ABS" else None,
        "uloq": None,
        "cutoff": 20.0 if analyte in ("ATA", "ARA") else None,
        "unit": "cells/uL" if analyte == "CD19_ABS" else "U/mL",
        "baseline_flag": False,
        "usable": True,
    }
    if "hour" in more:
        row["collected_at"] = dt.datetime.combine(on(day or 0), dt.time(more.pop("hour")))
    return row | more


def series(
    values: Mapping[int, str], analyte: str = "CD19_ABS", *, first_id: int = 1, **more: Any
) -> list[dict[str, Any]]:
    """Rows of one analyte: protocol day to value."""
    return [
        observation(first_id + place, day, value, analyte, **more) for place, (day, value) in enumerate(values.items())
    ]


def therapy(therapy_id: int, therapy_class: str, **more: Any) -> dict[str, Any]:
    """One row of ``therapies``; ``start`` and ``stop`` are protocol days."""
    start, stop = more.pop("start", None), more.pop("stop", None)
    return {
        "therapy_id": therapy_id,
        "subject_id": 1,
        "therapy_class": therapy_class,
        "started_on": None if start is None else on(start),
        "stopped_on": None if stop is None else on(stop),
        "ongoing": False,
        "daily_dose_mg": None,
        "prior": False,
    } | more


def time_zero(subject_id: int = 1, **more: Any) -> dict[str, Any]:
    """One row of ``time_zero``."""
    return {
        "subject_id": subject_id,
        "time_zero_on": DAY_ZERO,
        "time_zero_at": None,
        "conditioning_on": CONDITIONING,
        "conditioning_at": None,
        "kind": "infusion",
    } | more


def event(event_id: int, start: int | str, **more: Any) -> dict[str, Any]:
    """One row of ``events``; ``start`` is a protocol day or a partial date."""
    started = start if isinstance(start, str) else on(start).isoformat()
    return {"event_id": event_id, "subject_id": 1, "started": started, "grade": 3, "dlt": None} | more


def crs_day(day: int, **more: Any) -> dict[str, Any]:
    """One row of ``crs_days``: a day with fever and nothing else unless ``more`` says so."""
    return {
        "assessment_id": day + 100,
        "subject_id": 1,
        "assessed_on": on(day),
        "fever": True,
        "fever_waived": False,
        "hypotension": "none",
        "hypoxia": "none",
        "died": False,
        "investigator_grade": None,
    } | more


def icans_day(day: int, **more: Any) -> dict[str, Any]:
    """One row of ``icans_days``: an alert subject with an ICE score of 10 unless ``more`` says otherwise."""
    return {
        "assessment_id": day + 100,
        "subject_id": 1,
        "assessed_on": on(day),
        "ice_score": 10,
        "consciousness": "alert",
        "seizure": "none",
        "deep_focal_motor_weakness": False,
        "icp_oedema": "none",
        "died": False,
        "investigator_grade": None,
    } | more


def treatment(therapy_id: int, drug: str, **more: Any) -> dict[str, Any]:
    """One row of ``treatments``; ``start``, ``stop`` and ``given`` are protocol days."""
    days = {"started_on": "start", "stopped_on": "stop", "given_on": "given"}
    dated = {name: on(more.pop(short)) if more.get(short) is not None else None for name, short in days.items()}
    row = {
        "therapy_id": therapy_id,
        "subject_id": 1,
        "drug": drug,
        "therapy_class": "other",
        "ongoing": False,
        "prior": False,
        "daily_dose_mg": None,
        "doses": None,
        "dose_mg": None,
        "dose": None,
        "dose_unit": "",
    }
    return row | dated | {name: value for name, value in more.items() if name not in days.values()}


def frames(
    observations: Iterable[Mapping[str, Any]] = (),
    *,
    therapies: Sequence[Mapping[str, Any]] = (),
    subjects: Sequence[int] = (1,),
    zeros: Sequence[Mapping[str, Any]] | None = None,
    **more: Sequence[Mapping[str, Any]],
) -> dict[str, pl.DataFrame]:
    """All frames; ``more`` names further ones, empty otherwise; of assessments the columns that matter."""
    rows = {
        "subjects": [{"subject_id": subject, "arm": "A"} for subject in subjects],
        "time_zero": [time_zero(subject) for subject in subjects] if zeros is None else list(zeros),
        "observations": list(observations),
        "therapies": list(therapies),
        "planned_visits": [
            {"code": code, "target_day": target, "window_low": low, "window_high": high}
            for code, (target, low, high) in VISITS.items()
        ],
    } | {name: list(given) for name, given in more.items() if name not in CLINICAL_FRAMES}
    for name in CLINICAL_FRAMES:
        empty = dict.fromkeys(CLINICAL_FRAMES[name])
        rows[name] = [
            empty | {"record": f"{name}:{place}", "record_id": place, "subject_id": 1, "not_done": ""} | one
            for place, one in enumerate(more.get(name, ()), start=1)
        ]
    assert set(more) <= set(FRAMES), more
    return {name: pl.DataFrame(rows.get(name, []), schema=FRAMES[name], orient="row") for name in FRAMES}


def answers(inputs: Mapping[str, pl.DataFrame], code: str, **parameters: Any) -> list[dict[str, Any]]:
    """Answers of one endpoint; ``parameters`` hold for every endpoint that has them."""
    overrides = {"*": parameters} if parameters else None
    return evaluate(inputs, overrides).filter(pl.col("code") == code).to_dicts()


def answer(inputs: Mapping[str, pl.DataFrame], code: str, **parameters: Any) -> dict[str, Any]:
    """The only answer of one endpoint without timepoint."""
    (only,) = [row for row in answers(inputs, code, **parameters) if row["timepoint"] == ""]
    return only
