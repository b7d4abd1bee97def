"""Factors between units and between kits: proposed, shown with every value they change, approved by another person."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import polars as pl
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cart.endpoints.censoring import interval_high, interval_low
from labs.inputs import approved_conversions
from labs.models import Analyte, BridgingFactor, ConversionFactor
from labs.models.result import ANALYTE_BITS, VERSION_BITS
from labs.units.standard import BRIDGE_SCHEMA, FACTOR_SCHEMA, Conversions, standard_values
from trialsite.audit.context import acting
from trialsite.isolation.columns import read_columns

Proposal: TypeAlias = ConversionFactor | BridgingFactor
_STATE = ConversionFactor.State
_ONE_DAY = dt.timedelta(days=1)
# Newest versions of one analyte's results, everywhere or at one laboratory: one range of the key per specimen.
_RESULTS = f"""
SELECT r.id, t.code, u.code, s.visit_label, s.collected, s.collected_on, l.code, a.code, r.assay_id,
    coalesce(v.kit, ''), r.qualifier, r.value, v.lloq, coalesce(nullif(r.standard_text, ''), r.received_text), r.unit
FROM labs_specimen s
JOIN labs_result r ON r.id BETWEEN ((s.id << {ANALYTE_BITS}) | %(analyte)s) << {VERSION_BITS}
    AND ((s.id << {ANALYTE_BITS}) | %(analyte)s) << {VERSION_BITS} | {2**VERSION_BITS - 1}
JOIN cart_subject u ON u.id = s.subject_id
JOIN cart_study t ON t.id = s.study_id
JOIN labs_laboratory l ON l.id = s.laboratory_id
JOIN labs_analyte a ON a.id = r.analyte_id
LEFT JOIN labs_assayversion v ON v.id = r.assay_id
WHERE (%(laboratory)s::bigint IS NULL OR s.laboratory_id = %(laboratory)s::bigint)
  AND NOT EXISTS (SELECT FROM labs_result n WHERE n.version > 1 AND n.id = r.id + 1)
ORDER BY r.id
"""
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "result_id": pl.Int64,
    **dict.fromkeys(["study", "subject", "visit", "collected"], pl.String),
    "collected_on": pl.Date,
    **dict.fromkeys(["laboratory", "analyte"], pl.String),
    "assay_id": pl.Int64,
    **dict.fromkeys(["kit", "qualifier"], pl.String),
    **dict.fromkeys(["value", "lloq"], pl.Float64),
    **dict.fromkeys(["result", "unit"], pl.String),
}
_SHOWN = ["result_id", "study", "subject", "visit", "collected", "laboratory", "kit", "result", "unit"]
_COMPARED = ["std_value", "std_low", "std_high", "std_unit"]


@dataclasses.dataclass(frozen=True)
class Preview:
    """What an approval would change.

    ``changed``: result_id, study, subject, visit, collected, laboratory, kit, result, unit, value_before,
    value_after (with their qualifier, empty where there is none), std_unit, why (the reason where there is none
    afterwards). ``results``: how many results were looked at.
    """

    changed: pl.DataFrame
    results: int

    @property
    def digest(self) -> str:
        """SHA-256 of the results that change, and how."""
        shown = self.changed.select("result_id", "value_before", "value_after", "std_unit", "why")
        return hashlib.sha256(shown.write_csv().encode()).hexdigest()

    @property
    def counts(self) -> list[tuple[str, int]]:
        """What happens, to how many results."""
        had, has = pl.col("value_before") != "", pl.col("value_after") != ""
        kinds = [
            ("get a standard value", ~had & has),
            ("get another standard value", had & has),
            ("lose their standard value", had & ~has),
        ]
        counted = [(told, self.changed.filter(kind).height) for told, kind in kinds]
        return [(told, number) for told, number in counted if number]


def propose_conversion(proposal: Proposal, *, actor: str, reason: str) -> Proposal:
    """Store a factor that serves nobody yet; its number is computed where none is given.

    Raises
    ------
    ValidationError
        Units without a common kind, a factor that is not the one between them, a bridge that leads on from another.
    """
    proposal.state, proposal.proposed_by = _STATE.PROPOSED, actor
    with acting(actor=actor, reason=reason), transaction.atomic():
        proposal.full_clean()
        proposal.save()
    return proposal


def preview_conversion(proposal: Proposal) -> Preview:
    """Every result whose standard value the approval of a proposed factor would change. Nothing is stored."""
    rows = read_columns(_RESULTS, _scope(proposal), _SCHEMA).with_columns(
        interval_low().alias("low"), interval_high().alias("high")
    )
    before, after = (standard_values(rows, conversions) for conversions in (approved_conversions(), _planned(proposal)))
    is_changed = [before[name].ne_missing(after[name]).alias(name) for name in _COMPARED]
    compared = rows.select(_SHOWN).with_columns(
        _as_text(before).alias("value_before"),
        _as_text(after).alias("value_after"),
        before["std_unit"].zip_with(after["std_unit"] == "", after["std_unit"]).alias("std_unit"),
        after["std_reason"].alias("why"),
    )
    return Preview(compared.filter(pl.any_horizontal(is_changed)), rows.height)


def approve_conversion(proposal: Proposal, *, digest: str, actor: str, reason: str) -> Proposal:
    """Put a proposed factor in force: the one before ends on the day before, one of the same first day is superseded.

    ``digest`` is that of the preview that the approving person saw.

    Raises
    ------
    ValidationError
        Not proposed any more, proposed by the same person, or results moved since the preview. Nothing is stored.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        proposal = _locked(proposal)
        if proposal.proposed_by == actor:
            raise ValidationError(
                f"A factor is approved by another person than its proposer; found {actor} twice. Ask somebody else. "
                "[factor-two-people]"
            )
        if isinstance(proposal, ConversionFactor) and proposal.to_unit != proposal.analyte.standard_unit:
            raise ValidationError(
                f"A factor leads to the analyte's standard unit, {proposal.analyte.standard_unit or 'none'}; found "
                f"{proposal.to_unit}. Reject it and propose another one. [standard-unit-missing]"
            )
        preview = preview_conversion(proposal)
        if preview.digest != digest:
            raise ValidationError(
                "What is approved is what was shown; results have come or changed since. Look at the preview again. "
                "[factor-results-moved]"
            )
        for old in _touched(proposal):
            if old.valid_from == proposal.valid_from:
                old.state = _STATE.SUPERSEDED
            else:
                old.valid_to = proposal.valid_from - _ONE_DAY
            old.save()
        proposal.valid_to = _end_of(proposal)
        proposal.changes_shown, proposal.changes_digest = preview.changed.height, preview.digest
        _decide(proposal, _STATE.APPROVED, actor)
        proposal.full_clean()
        proposal.save()
    return proposal


def reject_conversion(proposal: Proposal, *, actor: str, reason: str) -> Proposal:
    """Turn a proposed factor down.

    Raises
    ------
    ValidationError
        It is not proposed any more.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        proposal = _locked(proposal)
        _decide(proposal, _STATE.REJECTED, actor)
        proposal.save()
    return proposal


def _decide(proposal: Proposal, state: str, actor: str) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, actor, timezone.now()


def _analyte_id(proposal: Proposal) -> int:
    return proposal.analyte_id if isinstance(proposal, ConversionFactor) else proposal.from_assay.analyte_id


def _locked(proposal: Proposal) -> Proposal:
    # Locked: of two who decide at once the second finds it decided. The analyte, so that no other factor comes in.
    kind: Any = type(proposal)
    found: Proposal = kind.objects.select_for_update().get(pk=proposal.pk)
    Analyte.objects.select_for_update(no_key=True).get(pk=_analyte_id(found))
    if found.state != _STATE.PROPOSED:
        raise ValidationError(
            f"A decision is on a proposed factor; this one is {found.get_state_display().lower()}. [factor-decided]"
        )
    return found


def _scope(proposal: Proposal) -> dict[str, int | None]:
    laboratory = None if isinstance(proposal, ConversionFactor) else proposal.from_assay.laboratory_id
    return {"analyte": _analyte_id(proposal), "laboratory": laboratory}


def _as_text(values: pl.DataFrame) -> pl.Series:
    sign = pl.when(pl.col("qualifier") == "=").then(pl.lit("")).otherwise("qualifier")
    return values.select(pl.concat_str(sign, pl.col("std_value").cast(pl.String)).fill_null("")).to_series()


def _approved(proposal: Proposal) -> Sequence[Proposal]:
    """Approved factors between the same units of the analyte, or from the same kit."""
    if isinstance(proposal, ConversionFactor):
        return list(
            ConversionFactor.objects.filter(
                analyte=proposal.analyte_id,
                from_unit=proposal.from_unit,
                to_unit=proposal.to_unit,
                state=_STATE.APPROVED,
            ).order_by("valid_from")
        )
    return list(
        BridgingFactor.objects.filter(from_assay=proposal.from_assay_id, state=_STATE.APPROVED).order_by("valid_from")
    )


def _touched(proposal: Proposal) -> Sequence[Proposal]:
    """Those that began by its first day and have not ended before it."""
    return [
        one
        for one in _approved(proposal)
        if one.valid_from <= proposal.valid_from and (one.valid_to is None or one.valid_to >= proposal.valid_from)
    ]


def _end_of(proposal: Proposal) -> dt.date | None:
    """The day before the next approved one begins, where there is one already."""
    later = [one.valid_from for one in _approved(proposal) if one.valid_from > proposal.valid_from]
    return min(later) - _ONE_DAY if later else None


def _planned(proposal: Proposal) -> Conversions:
    now = approved_conversions()
    touched = _touched(proposal)
    superseded = [one.pk for one in touched if one.valid_from == proposal.valid_from]
    closed = [one.pk for one in touched if one.valid_from < proposal.valid_from]
    last = proposal.valid_from - _ONE_DAY
    is_factor = isinstance(proposal, ConversionFactor)
    table, key = (now.factors, "factor_id") if is_factor else (now.bridges, "bridge_id")
    kept = table.filter(~pl.col(key).is_in(superseded)).with_columns(
        pl.when(pl.col(key).is_in(closed)).then(pl.lit(last)).otherwise("valid_to").alias("valid_to")
    )
    planned = pl.concat([kept, _as_row(proposal)])
    return dataclasses.replace(now, factors=planned) if is_factor else dataclasses.replace(now, bridges=planned)


def _as_row(proposal: Proposal) -> pl.DataFrame:
    if isinstance(proposal, ConversionFactor):
        row = (proposal.pk, proposal.analyte.code, proposal.from_unit, proposal.to_unit, str(proposal.factor))
        return pl.DataFrame([(*row, proposal.valid_from, _end_of(proposal))], schema=FACTOR_SCHEMA, orient="row")
    numbers = (str(proposal.slope), None if proposal.intercept is None else str(proposal.intercept))
    kit = (proposal.pk, proposal.from_assay_id, proposal.from_unit, proposal.to_unit, proposal.method)
    return pl.DataFrame([(*kit, *numbers, proposal.valid_from, _end_of(proposal))], schema=BRIDGE_SCHEMA, orient="row")
