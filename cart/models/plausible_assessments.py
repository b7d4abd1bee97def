"""Soft limits of assessments: a day far from its visit, a value that is seldom, a jump since the one before.

Limits are own design for data entry, not from a source: they ask, they refuse nothing.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from cart.models.assessment import Assessment
from cart.models.disability import GlobalAssessment, HealthQuestionnaire
from cart.models.heart import Echocardiogram, RightHeartCatheter
from cart.models.lung import ZONES, DiffusingCapacity, HrctScan, LungFunctionTest, LungUltrasound, Spirometry
from cart.models.plausible import Check, SoftWarning, outside, register_check
from cart.models.skin import SITE_NAMES, DigitalUlcerCount, SkinScore
from cart.models.vedoss import Capillaroscopy, DiseaseFindings

DAYS_FROM_VISIT = 14
# Between two scores of one subject.
MRSS_STEP = 10
# Between two tests of one subject.
FVC_CHANGE_PERCENT, DLCO_CHANGE_PERCENT, HEIGHT_CHANGE_CM = Decimal(25), Decimal(35), Decimal(3)
FVC_L, DEVICE_PERCENT = (Decimal("0.7"), Decimal(7)), (Decimal(15), Decimal(150))
# What 100 % of predicted would be, from litres and the device's per cent: one of the two is mistyped beyond it.
PREDICTED_FVC_L = (Decimal("1.5"), Decimal(7))
FEV1_OF_FVC = (Decimal("0.5"), Decimal(1))
HAEMOGLOBIN_G_DL = (Decimal(7), Decimal(18))
LVEF_PERCENT = (Decimal(30), Decimal(80))
TRV_M_S = (Decimal("1.5"), Decimal(5))
MEAN_PAP_MMHG = (Decimal(8), Decimal(80))
CARDIAC_OUTPUT_L_MIN = (Decimal(2), Decimal(10))
RAP_MMHG, TAPSE_MM, RA_AREA_CM2 = (Decimal(2), Decimal(20)), (Decimal(8), Decimal(35)), (Decimal(8), Decimal(40))
ACTIVE_ULCERS = (Decimal(0), Decimal(20))
# Between two assessments of one subject.
B_LINES_STEP, HRCT_EXTENT_STEP_PERCENT, GLOBAL_STEP = 40, Decimal(20), Decimal(5)
CAPILLARIES_PER_MM = (Decimal(2), Decimal(14))
# Findings that, once there, were there: the form asks "now or in the past", or the disease does not lose them.
LASTING = ("raynaud", "tip_ulcer")


def _day(record: Assessment) -> Iterator[SoftWarning]:
    """A day and a visit that are weeks apart: one of them is seldom the right one."""
    on = record.visit.occurred_on if record.visit is not None else None
    if on is None or record.assessed_on is None or record.not_done_reason:
        return
    days = abs((record.assessed_on - on).days)
    if days > DAYS_FROM_VISIT:
        yield SoftWarning(
            "assessed_on",
            "off-visit",
            f"Usually within {DAYS_FROM_VISIT} days of the visit, which was on {on}; found {days} days. [off-visit]",
        )


def _before(record: Any, name: str, **alike: Any) -> Any:
    """The value of the latest earlier record of this kind that has one; None without."""
    if record.assessed_on is None:
        return None
    earlier = type(record).objects.filter(subject=record.subject_id, assessed_on__lt=record.assessed_on, **alike)
    found = earlier.exclude(pk=record.pk).filter(**{f"{name}__isnull": False}).order_by("-assessed_on")
    return found.values_list(name, flat=True).first()


def _changed(
    record: Any, name: str, most: Decimal, measure: str, how: Callable[[Any, Any], Any], **alike: Any
) -> Iterator[SoftWarning]:
    """The warning of a value that is further from the one before than ``most``; ``alike``: of which records."""
    now = getattr(record, name)
    before = _before(record, name, **alike) if now is not None else None
    if before is not None and how(now, before) > most:
        yield SoftWarning(
            name,
            "unusual-change",
            f"Usually within {most} {measure} of the one before, which was {before:g}; found {now:g}. [unusual-change]",
        )


def _apart(now: Any, before: Any) -> Any:
    return abs(now - before)


def _percent(now: Any, before: Any) -> Any:
    return abs(now - before) / before * 100


def _skin(record: SkinScore) -> Iterator[SoftWarning]:
    scores = [getattr(record, name) for name in SITE_NAMES]
    before = _before(record, "total") if None not in scores else None
    if before is not None and abs(sum(scores) - before) > MRSS_STEP:
        yield SoftWarning(
            SITE_NAMES[0],
            "unusual-change",
            f"The total is usually within {MRSS_STEP} of the one before, which was {before}; found {sum(scores)}. "
            "[unusual-change]",
        )


def _test(record: LungFunctionTest) -> Iterator[SoftWarning]:
    yield from _changed(record, "height_cm", HEIGHT_CHANGE_CM, "cm", _apart)


def _spirometry(record: Spirometry) -> Iterator[SoftWarning]:
    yield from _changed(record, "fvc_l", FVC_CHANGE_PERCENT, "%", _percent)
    yield from outside("fvc_l", record.fvc_l, FVC_L, "L")
    yield from outside("device_fvc_pct", record.device_fvc_pct, DEVICE_PERCENT, "% of predicted")
    if record.fvc_l and record.device_fvc_pct:
        predicted = round(record.fvc_l / record.device_fvc_pct * 100, 1)
        if not PREDICTED_FVC_L[0] <= predicted <= PREDICTED_FVC_L[1]:
            yield SoftWarning(
                "device_fvc_pct",
                "computed-differs",
                f"{record.fvc_l} L and {record.device_fvc_pct} % of predicted make {predicted} L the predicted volume, "
                f"usually {PREDICTED_FVC_L[0]} to {PREDICTED_FVC_L[1]} L. [computed-differs]",
            )
    if record.fvc_l and record.fev1_l:
        ratio = round(record.fev1_l / record.fvc_l, 2)
        yield from outside("fev1_l", ratio, FEV1_OF_FVC, "of FVC")


def _dlco(record: DiffusingCapacity) -> Iterator[SoftWarning]:
    # In another unit the number before was another one.
    yield from _changed(record, "dlco", DLCO_CHANGE_PERCENT, "%", _percent, unit=record.unit)
    yield from outside("device_pct", record.device_pct, DEVICE_PERCENT, "% of predicted")
    yield from outside("haemoglobin_g_dl", record.haemoglobin_g_dl, HAEMOGLOBIN_G_DL, "g/dL")


def _echo(record: Echocardiogram) -> Iterator[SoftWarning]:
    yield from outside("lvef_pct", record.lvef_pct, LVEF_PERCENT, "%")
    yield from outside("trv_m_s", record.trv_m_s, TRV_M_S, "m/s")
    yield from outside("rap_mmhg", record.rap_mmhg, RAP_MMHG, "mmHg")
    yield from outside("tapse_mm", record.tapse_mm, TAPSE_MM, "mm")
    yield from outside("ra_area_cm2", record.ra_area_cm2, RA_AREA_CM2, "cm²")


def _catheter(record: RightHeartCatheter) -> Iterator[SoftWarning]:
    yield from outside("mpap_mmhg", record.mpap_mmhg, MEAN_PAP_MMHG, "mmHg")
    yield from outside("cardiac_output_l_min", record.cardiac_output_l_min, CARDIAC_OUTPUT_L_MIN, "L/min")


def _ulcers(record: DigitalUlcerCount) -> Iterator[SoftWarning]:
    active = None if record.active is None else Decimal(record.active)
    yield from outside("active", active, ACTIVE_ULCERS, "ulcers")


def _ultrasound(record: LungUltrasound) -> Iterator[SoftWarning]:
    zones = [getattr(record, name) for name in ZONES]
    before = _before(record, "b_lines") if None not in zones else None
    if before is not None and abs(sum(zones) - before) > B_LINES_STEP:
        yield SoftWarning(
            ZONES[0],
            "unusual-change",
            f"The total is usually within {B_LINES_STEP} B-lines of the one before, which was {before}; found "
            f"{sum(zones)}. [unusual-change]",
        )


def _hrct(record: HrctScan) -> Iterator[SoftWarning]:
    yield from _changed(record, "extent_pct", HRCT_EXTENT_STEP_PERCENT, "% of the lung", _apart)


def _globals(record: GlobalAssessment) -> Iterator[SoftWarning]:
    for name in ("patient_global", "physician_global"):
        yield from _changed(record, name, GLOBAL_STEP, "points", _apart)


def _capillaries(record: Capillaroscopy) -> Iterator[SoftWarning]:
    yield from outside("capillaries_per_mm", record.capillaries_per_mm, CAPILLARIES_PER_MM, "per mm")
    if record.pattern == Capillaroscopy.Pattern.NORMAL and record.giant_capillaries:
        yield SoftWarning(
            "giant_capillaries",
            "unusual-value",
            f"A normal pattern has no giant capillaries; found {record.giant_capillaries}. [unusual-value]",
        )


def _findings(record: DiseaseFindings) -> Iterator[SoftWarning]:
    for name in LASTING:
        if getattr(record, name) is False and _before(record, name):
            label = record._meta.get_field(name).verbose_name
            yield SoftWarning(
                name,
                "unusual-change",
                f"Once there, {label} stays recorded; the findings before said yes, found no. [unusual-change]",
            )


KINDS: tuple[tuple[type[Assessment], tuple[Check, ...]], ...] = (
    (SkinScore, (_skin,)),
    (DigitalUlcerCount, (_ulcers,)),
    (HealthQuestionnaire, ()),
    (GlobalAssessment, (_globals,)),
    (Spirometry, (_test, _spirometry)),
    (DiffusingCapacity, (_test, _dlco)),
    (LungUltrasound, (_ultrasound,)),
    (HrctScan, (_hrct,)),
    (Echocardiogram, (_echo,)),
    (RightHeartCatheter, (_catheter,)),
    (Capillaroscopy, (_capillaries,)),
    (DiseaseFindings, (_findings,)),
)
for _kind, _own in KINDS:
    for _check in (_day, *_own):
        register_check(_kind, _check)
