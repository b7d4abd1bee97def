"""Ask about values of an assessment that differ from what is computed from its own entries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import transaction

from cart.inputs.assessed import disability, dlco_of_predicted, skin_totals, spirometry_predicted
from cart.models import (
    Assessment,
    DataQuery,
    DiffusingCapacity,
    Echocardiogram,
    HealthQuestionnaire,
    SkinScore,
    Spirometry,
)
from trialsite.audit.context import acting

# A report says its index with two decimals, its pressure in whole mmHg.
INDEX_ROUNDING, PRESSURE_ROUNDING_MMHG = 0.0051, 1.0


@dataclass(frozen=True)
class Difference:
    """A field of a record whose value is not the computed one, and what is asked about it."""

    field: str
    text: str


def differences(record: Assessment) -> list[Difference]:
    """Values of the record that its own entries contradict."""
    compare = _COMPARED.get(type(record))
    return compare(record) if compare is not None else []


@transaction.atomic
def ask_about_differences(*, record: Assessment, actor: str, reason: str) -> list[DataQuery]:
    """Open a data query for each difference that was not asked about in the same words before.

    Returns
    -------
    The queries that were opened. A query that is closed is not asked again until a value changes.
    """
    with acting(actor=actor, reason=reason):
        table = record._meta.db_table
        about = DataQuery.objects.filter(target_table=table, target_id=record.pk, origin=DataQuery.Origin.COMPUTED)
        opened = []
        for found in differences(record):
            of_field = about.filter(target_field=found.field)
            # An open one is answered for the record as it is now; its text stays as it was asked.
            if of_field.exclude(status=DataQuery.Status.CLOSED).exists() or of_field.filter(text=found.text).exists():
                continue
            opened.append(
                DataQuery.objects.create(
                    subject=record.subject,
                    target_table=table,
                    target_id=record.pk,
                    target_field=found.field,
                    text=found.text,
                    origin=DataQuery.Origin.COMPUTED,
                )
            )
        return opened


def _skin(record: SkinScore) -> list[Difference]:
    computed, given = skin_totals([record])["total"][0], record.total_in_source
    if computed is None or given is None or computed == given:
        return []
    return [
        Difference("total_in_source", f"mRSS: the source says {given}, the 17 sites add up to {computed}. Which holds?")
    ]


def _questionnaire(record: HealthQuestionnaire) -> list[Difference]:
    computed, given = disability([record])["haq_di"][0], record.index_in_source
    if computed is None or given is None or abs(computed - float(given)) <= INDEX_ROUNDING:
        return []
    text = f"HAQ-DI: the source says {given:g}, the answers give {computed:.3f}. Which holds?"
    return [Difference("index_in_source", text)]


def _echo(record: Echocardiogram) -> list[Difference]:
    # Of the entries: the database's column is that of the row as it was read.
    if record.trv_m_s is None or record.rap_mmhg is None or record.spap_in_report is None:
        return []
    computed = 4 * record.trv_m_s**2 + record.rap_mmhg
    if abs(float(computed - record.spap_in_report)) <= PRESSURE_ROUNDING_MMHG:
        return []
    text = (
        f"sPAP: the report says {record.spap_in_report:g} mmHg, TRV and RAP give {computed:.1f} mmHg (4 TRV² + RAP). "
        "Which holds?"
    )
    return [Difference("spap_in_report", text)]


def _spirometry(record: Spirometry) -> list[Difference]:
    found = []
    for measure in ("FVC", "FEV1"):
        computed = spirometry_predicted([record], measure=measure)
        found += _device(f"device_{measure.lower()}_pct", measure, computed)
    return found


def _dlco(record: DiffusingCapacity) -> list[Difference]:
    return _device("device_pct", "DLCO", dlco_of_predicted([record]))


def _device(field: str, measure: str, computed: pl.DataFrame) -> list[Difference]:
    row = computed.row(0, named=True)
    if not row["differs"]:
        return []
    text = (
        f"{measure}: the device says {row['device']:.1f} % predicted, computed are {row['compared']:.1f} % "
        f"({row['equation']}). Check value, height, age and sex, or say which equations the device has."
    )
    return [Difference(field, text)]


_COMPARED: dict[type[Assessment], Callable[[Any], list[Difference]]] = {
    SkinScore: _skin,
    HealthQuestionnaire: _questionnaire,
    Echocardiogram: _echo,
    Spirometry: _spirometry,
    DiffusingCapacity: _dlco,
}
