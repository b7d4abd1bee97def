"""Clinical judgement of abnormal results: who said whether one matters, and which still wait."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cart.endpoints.grades import FLAG_WORDS
from cart.endpoints.reference_ranges import NO_RANGE, flagged
from cart.models import Study
from labs.inputs import approved_ranges, observations_with_source
from labs.models import Judgement, Result
from labs.models.result import ANALYTE_BITS, VERSION_BITS
from trialsite.audit.context import acting

# How a result is outside its range.
ABNORMAL = ("LOW", "HIGH")
WAITING_COLUMNS = (
    "result_id",
    "specimen_id",
    "subject_id",
    "subject_code",
    "analyte",
    "received_text",
    "unit",
    "collected_text",
    "abnormal",
)


@dataclass(frozen=True)
class Answer:
    """What was said of a result (by key); a changed answer says why."""

    result_id: int
    significant: bool
    reason: str


def judge_results(*, answers: Sequence[Answer], actor: str) -> int:
    """Store whether results are clinically significant, all or none; returns how many answers are new or changed.

    Raises
    ------
    ValidationError
        A result that is not there, has no value or is superseded, or a changed answer without reason.
    """
    keys = [answer.result_id for answer in answers]
    with acting(actor=actor), transaction.atomic():
        results = {one.pk: one for one in Result.objects.current().filter(pk__in=keys).select_related("analyte")}
        before = {one.result_id: one for one in Judgement.objects.select_for_update().filter(result__in=keys)}
        changed = 0
        for answer in answers:
            result, one = results.get(answer.result_id), before.get(answer.result_id)
            if result is None or result.missing_reason:
                raise ValidationError(
                    "Only a present result with a value is judged; one of these is not done, or was corrected "
                    "meanwhile. [judgement-without-value]"
                )
            if one is not None and one.significant == answer.significant:
                continue
            if one is not None and not answer.reason:
                raise ValidationError(
                    f"{result.analyte} was judged by {one.judged_by}; to change it, say why. [judgement-reason]"
                )
            one = one or Judgement(result=result)
            one.significant, one.judged_by, one.judged_at = answer.significant, actor, timezone.now()
            with acting(reason=answer.reason or "judged"):
                one.save()
            changed += 1
        return changed


def waiting_for_judgement(study: Study, subject_ids: Sequence[int], *, since: dt.date) -> pl.DataFrame:
    """Current results collected since a day that lie outside their range and are not judged, the oldest first.

    Columns of ``WAITING_COLUMNS``. The approved range decides; where none holds, the flag that the laboratory sent.
    """
    recent = observations_with_source(study.pk, subject_ids).filter(
        pl.col("collected_on") >= since, pl.col("value").is_not_null()
    )
    received = pl.col("range_flag").str.to_uppercase().replace(FLAG_WORDS)
    rows = (
        flagged(recent, approved_ranges())
        .with_columns(pl.when(pl.col("flag_reason") == NO_RANGE).then(received).otherwise("flag").alias("abnormal"))
        .filter(pl.col("abnormal").is_in(ABNORMAL))
    )
    judged = list(Judgement.objects.filter(result__in=rows["result_id"].to_list()).values_list("result_id", flat=True))
    rows = rows.with_columns((pl.col("result_id") // 2 ** (ANALYTE_BITS + VERSION_BITS)).alias("specimen_id"))
    return rows.filter(~pl.col("result_id").is_in(judged)).select(WAITING_COLUMNS).sort("collected_text", "result_id")
