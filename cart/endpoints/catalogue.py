"""All endpoints, in the order of their dependence, and how they are evaluated together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from cart.endpoints import (
    depletion,
    elimination,
    grades,
    hematotoxicity,
    immunoglobulins,
    limiting_toxicity,
    reconstitution,
    reset,
    responses,
    selectivity,
    substitution,
    summaries,
    syndromes,
    titer_courses,
    titers,
    treatment_doses,
)
from cart.endpoints.answers import KEY, as_read, check_answers, in_schema
from cart.endpoints.errors import EndpointError
from cart.endpoints.escalation import design
from cart.endpoints.kinetics import expansion
from cart.endpoints.outcomes import activity, early, lung, response, screening, skin, ultrasound
from cart.endpoints.prepared import PARTED, Prepared, input_name
from cart.endpoints.registry import REGISTRY, Definition, check_parameters

__all__ = ["MODULES", "Answered", "analytes_read", "answer", "compute", "evaluate"]

PARAMETERS_OF_READING = {
    grades.LABORATORY: ("flags and grades of laboratory results", grades.with_grades),
    summaries.SUMMARY: ("summaries of groups of subjects", summaries.summarise),
    design.ESCALATION: ("escalation of the dose", design.design_in_force),
}
# Importing registers. What an endpoint needs, its module imports, so the order is right whichever comes first.
MODULES = (
    depletion,
    reconstitution,
    titers,
    responses,
    elimination,
    titer_courses,
    immunoglobulins,
    selectivity,
    expansion,
    reset,
    skin,
    lung,
    ultrasound,
    response,
    activity,
    early,
    screening,
    syndromes,
    hematotoxicity,
    limiting_toxicity,
    treatment_doses,
    substitution,
)


@cache
def _no_answers() -> pl.DataFrame:
    """No answers. Made when first asked for: polars at import, before Celery forks, would deadlock the children."""
    return in_schema([])


@dataclass(frozen=True)
class Answered:
    """Answers, and the names of the inputs that each endpoint read for them (see ``Prepared.reading``)."""

    answers: pl.DataFrame
    reads: dict[str, list[str]]


def evaluate(
    frames: Mapping[str, pl.DataFrame], parameters: Mapping[str, Mapping[str, Any]] | None = None
) -> pl.DataFrame:
    """Answers of every endpoint for every subject: those of :func:`answer`."""
    return answer(frames, parameters).answers


def answer(
    frames: Mapping[str, pl.DataFrame],
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    codes: Collection[str] | None = None,
    known: pl.DataFrame | None = None,
) -> Answered:
    """Answers of every endpoint, or of those in ``codes``, for every subject.

    Parameters
    ----------
    frames
        Every frame of ``prepared.FRAMES`` with its columns.
    parameters
        Endpoint code, or ``*`` for all, to ``{parameter: value}``.
    codes
        Endpoints to answer; what they need of others comes from ``known``.
    known
        Answers of the same subjects, in ``answers.ANSWER_SCHEMA``, to endpoints that are not in ``codes``.

    Returns
    -------
    Answered
        Answers with the columns of ``answers.ANSWER_SCHEMA``, sorted by subject, endpoint, series, timepoint; at
        least one row per subject and endpoint.

    Raises
    ------
    FrameError, ParameterError, EndpointError
        With a sentence and a code.
    """
    overrides = parameters or {}
    check_parameters(overrides)
    inputs = Prepared(frames)
    answers: dict[str, pl.DataFrame] = {}
    reads: dict[str, list[str]] = {}
    known = _no_answers() if known is None else known
    for definition in REGISTRY.values():
        if codes is not None and definition.code not in codes:
            if definition.code in _needed():
                answers[definition.code] = known.filter(pl.col("code") == definition.code)
            continue
        # A definition sees the answers it names and no others: an unnamed need would hang on the order.
        needed = as_read([answers[code] for code in definition.needs]) if definition.needs else _no_answers()
        with inputs.reading() as read:
            answers[definition.code] = definition.compute(inputs, definition.in_force(overrides), needed)
        _check_declared(definition, overrides, read)
        reads[definition.code] = sorted(read)
    whole = in_schema([answers[code] for code in reads]).sort(KEY)
    check_answers(whole)
    return Answered(whole, reads)


def analytes_read(parameters: Mapping[str, Mapping[str, Any]] | None = None) -> list[str]:
    """Codes of the analytes whose results some endpoint reads; results of others change no answer."""
    overrides = parameters or {}
    found = (definition.analytes_read(definition.in_force(overrides)) for definition in REGISTRY.values())
    return sorted(frozenset().union(*found))


def _check_declared(definition: Definition, overrides: Mapping[str, Mapping[str, Any]], read: Collection[str]) -> None:
    """Results of an analyte that is not declared are not there, and would be taken for results that do not exist."""
    declared = {input_name(PARTED, code) for code in definition.analytes_read(definition.in_force(overrides))}
    undeclared = sorted(name for name in read if name.startswith(input_name(PARTED, "")) and name not in declared)
    if undeclared:
        raise EndpointError(
            f"{definition.code} reads {', '.join(undeclared)} and declares {', '.join(sorted(declared)) or 'none'}: "
            "name the analyte in the definition, or in a parameter that reads. [analyte-undeclared]"
        )


@cache
def _needed() -> frozenset[str]:
    return frozenset(code for definition in REGISTRY.values() for code in definition.needs)


def compute(inputs: Prepared, codes: Sequence[str], parameters: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    """Answers of some endpoints that read no others' answers, in the order of ``codes``."""
    parts = [REGISTRY[code].compute(inputs, REGISTRY[code].in_force(parameters), _no_answers()) for code in codes]
    return in_schema(parts)
