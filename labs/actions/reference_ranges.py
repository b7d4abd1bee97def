"""Reference ranges proposed, shown with every flag they would change, and approved by a second person."""

import datetime as dt
import hashlib
from dataclasses import dataclass

import polars as pl
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cart.endpoints.reference_ranges import flagged
from labs.inputs import RANGE_SCHEMA
from labs.models import ReferenceRange
from labs.models.result import ANALYTE_BITS, VERSION_BITS
from trialsite.audit.context import acting
from trialsite.isolation.columns import read_columns

_ONE_DAY = dt.timedelta(days=1)
# Newest versions of one analyte's results at one laboratory: one range of the key per specimen.
_RESULTS = f"""
SELECT r.id, t.code, u.code, s.visit_label, s.collected, s.collected_on, l.code, a.code, coalesce(v.kit, ''),
    r.qualifier, r.value, v.lloq, r.received_text, r.unit, u.sex, u.year_of_birth
FROM labs_specimen s
JOIN labs_result r ON r.id BETWEEN ((s.id << {ANALYTE_BITS}) | %(analyte)s) << {VERSION_BITS}
    AND ((s.id << {ANALYTE_BITS}) | %(analyte)s) << {VERSION_BITS} | {2**VERSION_BITS - 1}
JOIN cart_subject u ON u.id = s.subject_id
JOIN cart_study t ON t.id = s.study_id
JOIN labs_laboratory l ON l.id = s.laboratory_id
JOIN labs_analyte a ON a.id = r.analyte_id
LEFT JOIN labs_assayversion v ON v.id = r.assay_id
WHERE s.laboratory_id = %(laboratory)s
  AND NOT EXISTS (SELECT FROM labs_result n WHERE n.version > 1 AND n.id = r.id + 1)
ORDER BY r.id
"""
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "result_id": pl.Int64,
    "study": pl.String,
    "subject": pl.String,
    "visit": pl.String,
    "collected": pl.String,
    "collected_on": pl.Date,
    "laboratory": pl.String,
    "analyte": pl.String,
    "kit": pl.String,
    "qualifier": pl.String,
    "value": pl.Float64,
    "lloq": pl.Float64,
    "received_text": pl.String,
    "unit": pl.String,
    "sex": pl.String,
    "year_of_birth": pl.Int64,
}
_SHOWN = ["result_id", "study", "subject", "visit", "collected", "received_text", "unit"]


@dataclass(frozen=True)
class Preview:
    """What an approval would change.

    ``changed``: result_id, study, subject, visit, collected, received_text, unit, flag_before, flag_after, why (the
    reason where there is no flag afterwards). ``results``: how many results were looked at.
    """

    changed: pl.DataFrame
    results: int

    @property
    def digest(self) -> str:
        """SHA-256 of the results that change, and how."""
        shown = self.changed.select("result_id", "flag_before", "flag_after", "why")
        return hashlib.sha256(shown.write_csv().encode()).hexdigest()

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """Flag before, flag after, number of results; the most frequent change first."""
        found = self.changed.group_by("flag_before", "flag_after").len().sort("len", "flag_before", descending=True)
        return [(before or "none", after or "none", number) for before, after, number in found.iter_rows()]


def propose_range(proposal: ReferenceRange, *, actor: str, reason: str) -> ReferenceRange:
    """Store a range that serves nobody yet.

    Raises
    ------
    ValidationError
        A range without limits, with limits or ages in the wrong order.
    """
    proposal.state, proposal.proposed_by = ReferenceRange.State.PROPOSED, actor
    with acting(actor=actor, reason=reason), transaction.atomic():
        proposal.full_clean()
        proposal.save()
    return proposal


def preview_range(proposal: ReferenceRange) -> Preview:
    """Every result whose flag the approval of a proposed range would change. Nothing is stored."""
    rows = read_columns(_RESULTS, {"laboratory": proposal.laboratory_id, "analyte": proposal.analyte_id}, _SCHEMA)
    before, after = flagged(rows, _in_force(proposal)), flagged(rows, _planned(proposal))
    compared = rows.select(_SHOWN).with_columns(
        before["flag"].alias("flag_before"), after["flag"].alias("flag_after"), after["flag_reason"].alias("why")
    )
    return Preview(compared.filter(pl.col("flag_before") != pl.col("flag_after")), rows.height)


def approve_range(*, range_id: int, digest: str, actor: str, reason: str) -> ReferenceRange:
    """Put a proposed range in force: the one before it ends on the day before, one of the same first day is superseded.

    ``digest`` is that of the preview that the approving person saw.

    Raises
    ------
    ValidationError
        Not proposed any more, proposed by the same person, or results moved since the preview. Nothing is stored.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        proposal = _proposed(range_id)
        if proposal.proposed_by == actor:
            raise ValidationError(
                f"A range is approved by another person than its proposer; found {actor} twice. Ask somebody else. "
                "[range-two-people]"
            )
        preview = preview_range(proposal)
        if preview.digest != digest:
            raise ValidationError(
                "What is approved is what was shown; results have come or changed since. Look at the preview again. "
                "[range-results-moved]"
            )
        for old in _touched(proposal):
            if old.valid_from == proposal.valid_from:
                old.state = ReferenceRange.State.SUPERSEDED
            elif old.valid_from < proposal.valid_from:
                old.valid_to = proposal.valid_from - _ONE_DAY
            old.save()
        proposal.valid_to = _end_of(proposal)
        proposal.changes_shown, proposal.changes_digest = preview.changed.height, preview.digest
        _decide(proposal, ReferenceRange.State.APPROVED, actor)
    return proposal


def reject_range(*, range_id: int, actor: str, reason: str) -> ReferenceRange:
    """Turn a proposed range down.

    Raises
    ------
    ValidationError
        It is not proposed any more.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        proposal = _proposed(range_id)
        _decide(proposal, ReferenceRange.State.REJECTED, actor)
    return proposal


def _decide(proposal: ReferenceRange, state: str, actor: str) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, actor, timezone.now()
    proposal.full_clean()
    proposal.save()


def _proposed(range_id: int) -> ReferenceRange:
    # Locked: of two who decide at once the second finds it decided. The laboratory, so that no other range comes in.
    proposal = (
        ReferenceRange.objects.select_for_update(of=("self", "laboratory"))
        .select_related("laboratory")
        .get(pk=range_id)
    )
    if proposal.state != ReferenceRange.State.PROPOSED:
        raise ValidationError(
            f"A decision is on a proposed range; this one is {proposal.get_state_display().lower()}. [range-decided]"
        )
    return proposal


def _approved(proposal: ReferenceRange) -> list[ReferenceRange]:
    return list(
        ReferenceRange.objects.filter(
            laboratory=proposal.laboratory, analyte=proposal.analyte, state=ReferenceRange.State.APPROVED
        ).order_by("valid_from", "id")
    )


def _touched(proposal: ReferenceRange) -> list[ReferenceRange]:
    """Approved ranges for the same kit, sex and some of the same ages that end on or after its first day."""
    return [
        one
        for one in _approved(proposal)
        if (one.kit, one.sex) == (proposal.kit, proposal.sex)
        and one.valid_from <= proposal.valid_from
        and (one.valid_to is None or one.valid_to >= proposal.valid_from)
        and _ages_meet(one, proposal)
    ]


def _ages_meet(one: ReferenceRange, other: ReferenceRange) -> bool:
    return (one.age_to is None or other.age_from < one.age_to) and (other.age_to is None or one.age_from < other.age_to)


def _end_of(proposal: ReferenceRange) -> dt.date | None:
    """The day before the next approved range begins, where there is one already."""
    later = [
        one.valid_from
        for one in _approved(proposal)
        if (one.kit, one.sex) == (proposal.kit, proposal.sex)
        and one.valid_from > proposal.valid_from
        and _ages_meet(one, proposal)
    ]
    return min(later) - _ONE_DAY if later else None


def _in_force(proposal: ReferenceRange) -> pl.DataFrame:
    return _frame([(one, one.valid_to) for one in _approved(proposal)])


def _planned(proposal: ReferenceRange) -> pl.DataFrame:
    touched = {one.pk for one in _touched(proposal)}
    kept = [
        (one, proposal.valid_from - _ONE_DAY if one.pk in touched else one.valid_to)
        for one in _approved(proposal)
        if not (one.pk in touched and one.valid_from == proposal.valid_from)
    ]
    return _frame([*kept, (proposal, _end_of(proposal))])


def _frame(ranges: list[tuple[ReferenceRange, dt.date | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "range_id": one.pk,
                "laboratory": one.laboratory.code,
                "analyte": one.analyte.code,
                "kit": one.kit,
                "sex": one.sex,
                "age_from": one.age_from,
                "age_to": one.age_to,
                "valid_from": one.valid_from,
                "valid_to": end,
                "range_unit": one.unit,
                "lln": None if one.low is None else float(one.low),
                "uln": None if one.high is None else float(one.high),
            }
            for one, end in ranges
        ],
        schema=RANGE_SCHEMA,
    )
