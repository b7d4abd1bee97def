"""What follows from an assessment, in words for its page and its list: the value, or why there is none."""

from collections.abc import Callable, Sequence
from typing import Any

from cart.endpoints.disease.vedoss import RED_FLAGS
from cart.inputs.assessed import (
    b_line_totals,
    classification,
    disability,
    dlco_of_predicted,
    early_disease,
    skin_totals,
    spirometry_predicted,
)
from cart.models import (
    Assessment,
    Capillaroscopy,
    DiffusingCapacity,
    DigitalUlcerCount,
    DiseaseFindings,
    Echocardiogram,
    GlobalAssessment,
    HealthQuestionnaire,
    HrctScan,
    LungUltrasound,
    RightHeartCatheter,
    SkinScore,
    Spirometry,
    Subject,
)
from cart.models.fields import plain
from cart.scoping import visible_of
from trialsite.isolation.reading import once

SCLERODERMA_PATTERNS = frozenset(
    {Capillaroscopy.Pattern.EARLY, Capillaroscopy.Pattern.ACTIVE, Capillaroscopy.Pattern.LATE}
)


def records_of(user: Any, subject: Subject, kind: type[Assessment]) -> list[Any]:
    """Assessments of a kind that the user may see, by day, each with its subject; a page reads them once."""

    def read() -> list[Any]:
        rows = visible_of(user, subject, kind._default_manager.filter(subject=subject))
        records = list(rows.order_by("assessed_on", "pk"))
        for record in records:
            # The kernels ask for its sex, year of birth and study.
            record.subject = subject
        return records

    return once(("assessments", user.pk, kind, subject.pk), read)


def computed_texts(records: Sequence[Assessment]) -> list[str]:
    """What follows from each record, in order; all of one kind. What was not done says why."""
    done = [record for record in records if not record.not_done_reason]
    tell = _TOLD[type(records[0])] if records else None
    told = dict(zip([record.pk for record in done], tell(done) if tell and done else [], strict=True))
    return [told.get(record.pk, f"not done: {record.not_done_reason}") for record in records]


def _or_missing(value: Any, reason: str) -> str:
    return f"missing: {reason}" if value is None else str(value)


def _skin(records: Sequence[SkinScore]) -> list[str]:
    return [_or_missing(row["total"], row["reason"]) for row in skin_totals(records).iter_rows(named=True)]


def _ulcers(records: Sequence[DigitalUlcerCount]) -> list[str]:
    return [f"{_count(one.active)} active, {_count(one.new)} new" for one in records]


def _count(value: int | None) -> str:
    return "not counted" if value is None else str(value)


def _questionnaire(records: Sequence[HealthQuestionnaire]) -> list[str]:
    rows = disability(records).iter_rows(named=True)
    return [_or_missing(None if row["haq_di"] is None else f"{row['haq_di']:.3f}", row["reason"]) for row in rows]


def _globals(records: Sequence[GlobalAssessment]) -> list[str]:
    return [
        ", ".join(
            f"{who} {'missing' if value is None else plain(value)}"
            for who, value in (("patient", one.patient_global), ("physician", one.physician_global))
        )
        for one in records
    ]


def _of_predicted(row: dict[str, Any], name: str) -> str:
    if row["pct"] is None:
        return f"{name} missing: {row['reason']}"
    bounds = "" if row["pct_low"] is None else f" ({row['pct_low']:.1f} to {row['pct_high']:.1f} by birthday)"
    beside = "" if row["device"] is None else f", device {row['device']:g} %"
    sign = ", differs" if row["differs"] else ""
    remark = ", not corrected for haemoglobin" if "not corrected" in row["remark"] else ""
    return f"{name} {row['pct']:.1f} % predicted{bounds}{remark}{beside}{sign}"


def _spirometry(records: Sequence[Spirometry]) -> list[str]:
    forced = spirometry_predicted(records).iter_rows(named=True)
    second = spirometry_predicted(records, measure="FEV1").iter_rows(named=True)
    return [
        "; ".join([_of_predicted(fvc, "FVC"), *([_of_predicted(fev1, "FEV1")] if one.fev1_l is not None else [])])
        for one, fvc, fev1 in zip(records, forced, second, strict=True)
    ]


def _dlco(records: Sequence[DiffusingCapacity]) -> list[str]:
    return [_of_predicted(row, "DLCO") for row in dlco_of_predicted(records).iter_rows(named=True)]


def _ultrasound(records: Sequence[LungUltrasound]) -> list[str]:
    told = []
    for row in b_line_totals(records).iter_rows(named=True):
        number = row["total_low"] if row["total"] is not None else f"{row['total_low']} or more"
        word = ", suggests ILD" if row["suggests_ild"] else ""
        lacks = f" ({row['reason']})" if row["reason"] else ""
        told.append(f"{number} B-lines{word}{lacks}")
    return told


def _hrct(records: Sequence[HrctScan]) -> list[str]:
    told = []
    for one in records:
        ild = "ILD not read" if one.ild is None else "ILD" if one.ild else "no ILD"
        extent = "" if one.extent_pct is None else f"{plain(one.extent_pct)} %"
        parts = [ild, one.get_pattern_display(), extent, one.get_comparison_display().lower()]
        told.append(", ".join(part for part in parts if part))
    return told


def _echo(records: Sequence[Echocardiogram]) -> list[str]:
    told = []
    for one in records:
        if one.spap_mmhg is None:
            lacking = [name for name, value in (("TRV", one.trv_m_s), ("RAP", one.rap_mmhg)) if value is None]
            told.append(f"sPAP missing: no {', '.join(lacking)}")
            continue
        ratio = "missing: no TAPSE" if one.tapse_spap is None else f"{one.tapse_spap:.2f} mm/mmHg"
        told.append(f"sPAP {one.spap_mmhg:.1f} mmHg, TAPSE/sPAP {ratio}")
    return told


def _catheter(records: Sequence[RightHeartCatheter]) -> list[str]:
    return [
        "PVR missing: mean PAP, PAWP and output are needed" if one.pvr_wu is None else f"PVR {one.pvr_wu:.2f} WU"
        for one in records
    ]


def _capillaroscopy(records: Sequence[Capillaroscopy]) -> list[str]:
    return [
        "missing: no pattern"
        if not one.pattern
        else "scleroderma pattern"
        if one.pattern in SCLERODERMA_PATTERNS
        else "no scleroderma pattern"
        for one in records
    ]


def _findings(records: Sequence[DiseaseFindings]) -> list[str]:
    pairs = zip(
        classification(records).iter_rows(named=True), early_disease(records).iter_rows(named=True), strict=True
    )
    return [f"ACR/EULAR {_points(score)}; VEDOSS {_level(early)}" for score, early in pairs]


def _points(row: dict[str, Any]) -> str:
    word = {True: ", SSc", False: ", not SSc", None: ""}[row["classified"]]
    if row["score"] is not None:
        return f"{row['score']}{word}"
    return f"{row['score_low']} to {row['score_high']}{word} ({row['reason']})"


def _level(row: dict[str, Any]) -> str:
    flags = row["red_flags"]
    count = f"{flags} of {len(RED_FLAGS)} red flags" if flags is not None else row["reason"]
    if row["level"] is not None:
        return f"level {row['level']}, {count}"
    return f"level {row['level_low']} to {row['level_high']} ({row['reason']})"


_TOLD: dict[type[Assessment], Callable[[Any], list[str]]] = {
    SkinScore: _skin,
    DigitalUlcerCount: _ulcers,
    HealthQuestionnaire: _questionnaire,
    GlobalAssessment: _globals,
    Spirometry: _spirometry,
    DiffusingCapacity: _dlco,
    LungUltrasound: _ultrasound,
    HrctScan: _hrct,
    Echocardiogram: _echo,
    RightHeartCatheter: _catheter,
    Capillaroscopy: _capillaroscopy,
    DiseaseFindings: _findings,
}
