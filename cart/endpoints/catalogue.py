"""All endpoints, in the order of their dependence, and how they are evaluated together."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints import depletion, reconstitution, reset, titers
from cart.endpoints.answers import ANSWER_SCHEMA, KEY
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import REGISTRY, check_parameters

__all__ = ["MODULES", "evaluate"]

# Importing registers; the reset reads the answers of those before it.
MODULES = (depletion, reconstitution, titers, reset)


def evaluate(
    frames: Mapping[str, pl.DataFrame], parameters: Mapping[str, Mapping[str, Any]] | None = None
) -> pl.DataFrame:
    """Answers of every endpoint for every subject.

    Parameters
    ----------
    frames
        ``subjects``, ``time_zero``, ``observations``, ``therapies``, ``planned_visits`` with the columns of
        ``prepared.FRAMES``.
    parameters
        Endpoint code, or ``*`` for all, to ``{parameter: value}``.

    Returns
    -------
    polars.DataFrame
        Columns of ``answers.ANSWER_SCHEMA``, sorted by subject, endpoint, series, timepoint; at least one row
        per subject and endpoint.

    Raises
    ------
    FrameError, ParameterError
        With a sentence and a code.
    """
    overrides = parameters or {}
    check_parameters(overrides)
    inputs = Prepared(frames)
    answers = pl.DataFrame(schema=ANSWER_SCHEMA)
    for definition in REGISTRY.values():
        answers = pl.concat([answers, definition.compute(inputs, definition.in_force(overrides), answers)])
    return answers.sort(KEY)
