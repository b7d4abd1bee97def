"""Rows of the frames of assessments as one writes them: a protocol day and what was found."""

from __future__ import annotations

from typing import Any

from cart.endpoints.clinical_frames import FINDING_COLUMNS
from cart.endpoints.disease.disability import CATEGORIES
from cart.endpoints.disease.skin import SITES
from tests.endpoints.cases import answers, on

# Of a woman of 168 cm: 2.600 L FVC are 77 % and 5.0 mmol/min/kPa DLCO 70 % of predicted at 56 years.
WOMAN = {"height_cm": 168.0, "sex": "F", "age_years": 56.0, "year_of_birth": 1968, "quality": "A"}


def skin(day: int, total: int, **more: Any) -> dict[str, Any]:
    """An mRSS whose 17 sites add up to ``total``."""
    least, rest = divmod(total, len(SITES))
    sites = {site.name: least + (place < rest) for place, site in enumerate(SITES)}
    return {"assessed_on": on(day), **sites, **more}


def haq(day: int, score: int, **more: Any) -> dict[str, Any]:
    """A questionnaire with one score in every category and no aids."""
    scores = dict.fromkeys(CATEGORIES, score) | {f"{name}_aid": False for name in CATEGORIES}
    return {"assessed_on": on(day), **scores, **more}


def judged(day: int, patient: float, physician: float, **more: Any) -> dict[str, Any]:
    """Global assessments."""
    found = {"patient_global": patient, "physician_global": physician, "skin_worse": False}
    return {"assessed_on": on(day), **found, **more}


def fvc(day: int, litres: float | None, **more: Any) -> dict[str, Any]:
    """A spirometry."""
    return {"assessed_on": on(day), **WOMAN, "fvc_l": litres, **more}


def dlco(day: int, value: float | None, **more: Any) -> dict[str, Any]:
    """A diffusing capacity, haemoglobin at the standard."""
    found = {"dlco": value, "unit": "mmol/min/kPa", "haemoglobin_g_dl": 13.4}
    return {"assessed_on": on(day), **WOMAN, **found, **more}


def findings(day: int, **yes: Any) -> dict[str, Any]:
    """Findings, all no but those that are named."""
    return {"assessed_on": on(day), **dict.fromkeys(FINDING_COLUMNS, False), **yes}


def at(inputs: Any, code: str, timepoint: str = "", **parameters: Any) -> dict[str, Any]:
    """The one answer of an endpoint at a planned visit, or for the whole course."""
    (only,) = [row for row in answers(inputs, code, **parameters) if row["timepoint"] == timepoint]
    return only


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    """Value, words and status of an answer."""
    return row["value"], row["text"], row["status"]
