"""Summarise the answers of a study, or of a data cut's run, and store the summary beside them."""

import hashlib
from collections.abc import Mapping
from typing import Any

import polars as pl
from django.db import transaction

from cart.actions.runs import Rules
from cart.datasets.summaries import answers_of, arms_of, shaped_summary
from cart.endpoints.registry import REGISTRY, in_force
from cart.endpoints.summaries import PARAMETERS, SUMMARY, summarise
from cart.models import Run, Study, StudySummary
from trialsite import __version__
from trialsite.audit.context import acting
from trialsite.isolation.columns import copy_in
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

SUMMARISE = "endpoints.summarise"
ALL, ARM, NO_ARM = "all", "arm", "no arm"
_TEXTS = ("against", "series", "timepoint", "category", "unit", "reason")


def request_summary(*, study: Study, actor: str, reason: str) -> Job:
    """Ask for a summary of the current answers as a job."""
    with transaction.atomic(), acting(actor=actor, reason=reason):
        return enqueue(SUMMARISE, {"study": study.pk}, actor=actor, reason=reason)


@transaction.atomic
def summarise_study(*, study: Study, run: Run | None = None, actor: str, reason: str) -> StudySummary:
    """The stored summary of the current answers, or of the run of a data cut; made where there is none.

    Of a cut, arms and parameters are those of the cut where the caller reads as of it (``cuts.tables_of``).
    """
    with acting(actor=actor, reason=reason):
        overrides = Rules.of(study).overrides
        parameters = in_force(SUMMARY, PARAMETERS, overrides)
        answers, groups = _inputs(study, run)
        digest = _digest(answers, groups, parameters)
        known = StudySummary.objects.filter(study=study, run=run).order_by("-pk").first()
        if known is not None and known.input_digest == digest:
            return known
        rows = _computed(answers, groups, overrides)
        made = StudySummary.objects.create(
            study=study,
            run=run,
            input_digest=digest,
            parameters=parameters,
            subjects=groups["subject_id"].n_unique(),
            code_version=__version__,
        )
        stored = rows.select(pl.lit(made.pk).alias("summary_id"), pl.int_range(pl.len()).alias("position"), pl.all())
        copy_in("cart_summarystatistic", stored)
        return made


def current_summary(study: Study) -> pl.DataFrame:
    """Summary of the current answers, computed and not stored."""
    return shaped_summary(_computed(*_inputs(study, None), Rules.of(study).overrides), study=study.code)


def _inputs(study: Study, run: Run | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    return answers_of(study.pk, run_id=run.pk if run else None), groups_of(arms_of(study.pk))


def _computed(answers: pl.DataFrame, groups: pl.DataFrame, overrides: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    labels = {code: definition.label for code, definition in REGISTRY.items()}
    label = pl.col("code").replace_strict(labels, default="", return_dtype=pl.String).alias("label")
    rows = summarise(answers, groups, overrides).with_columns(label)
    return rows.with_columns(pl.col(name).fill_null("") for name in _TEXTS)


def groups_of(arms: pl.DataFrame) -> pl.DataFrame:
    """Every subject among all, and in its arm."""
    return pl.concat(
        [
            arms.select("subject_id", pl.lit(ALL).alias("grouping"), pl.lit(ALL).alias("group")),
            arms.select(
                "subject_id",
                pl.lit(ARM).alias("grouping"),
                pl.when(pl.col("arm") == "").then(pl.lit(NO_ARM)).otherwise(pl.col("arm")).alias("group"),
            ),
        ]
    )


def _digest(answers: pl.DataFrame, groups: pl.DataFrame, parameters: dict[str, Any]) -> str:
    # The same text whatever the order in which the database gave the rows.
    ordered = answers.sort("subject_id", "code", "series", "timepoint"), groups.sort("subject_id", "grouping")
    sha = hashlib.sha256(repr(sorted(parameters.items())).encode())
    for frame in ordered:
        sha.update(frame.write_csv(null_value="\\N").encode())
    return sha.hexdigest()
