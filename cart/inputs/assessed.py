"""What follows from stored assessments, as the kernels compute it: for the pages, and for what is asked about them."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
from django.db.models import F, Max

from cart.endpoints.clinical_frames import FINDING_COLUMNS, ITEMS_OF
from cart.endpoints.disease.classification import acr_eular_classification
from cart.endpoints.disease.disability import CATEGORIES, haq_di
from cart.endpoints.disease.early import red_flags
from cart.endpoints.disease.predicted import (
    DEVICE_LIMIT,
    SPIROMETRY_EQUATION,
    device_disagrees,
    dlco_predicted,
    predicted,
)
from cart.endpoints.disease.skin import SITES, mrss_total
from cart.endpoints.disease.ultrasound import ZONES, b_lines
from cart.endpoints.disease.vedoss import vedoss_levels
from cart.endpoints.outcomes.ultrasound import ILD_FROM_LINES, ULTRASOUND
from cart.endpoints.registry import Parameter, in_force
from cart.models import (
    DiffusingCapacity,
    DiseaseFindings,
    HealthQuestionnaire,
    LungUltrasound,
    ProtocolVersion,
    SkinScore,
    Spirometry,
)

FVC, DLCO = "FVCPP", "DLCOPP"
_OF_LUNG = (SPIROMETRY_EQUATION, DEVICE_LIMIT)
_BODY: dict[str, Any] = {
    "assessed_on": pl.Date,
    "year_of_birth": pl.Int64,
    "age_years": pl.Float64,
    "height_cm": pl.Float64,
    "sex": pl.String,
}
_SPIROMETRY: dict[str, Any] = {
    **_BODY,
    "gli_group": pl.Int64,
    **dict.fromkeys(["fvc_l", "fev1_l", "device_fvc_pct", "device_fev1_pct"], pl.Float64),
}
_DLCO: dict[str, Any] = {
    **_BODY,
    "gli_group": pl.Int64,
    "dlco": pl.Float64,
    "unit": pl.String,
    "haemoglobin_g_dl": pl.Float64,
    "device_pct": pl.Float64,
    "device_corrected": pl.Boolean,
}


def skin_totals(records: Sequence[SkinScore]) -> pl.DataFrame:
    """Answers of ``mrss_total``, in order."""
    names = [site.name for site in SITES]
    return mrss_total(_frame(records, dict.fromkeys(names, pl.Int64)))


def disability(records: Sequence[HealthQuestionnaire]) -> pl.DataFrame:
    """Answers of ``haq_di``, in order: the highest answer of each category with its aids."""
    items = [item for name in CATEGORIES for item in ITEMS_OF[name]]
    schema = {**dict.fromkeys(items, pl.Int64), **{f"{name}_aid": pl.Boolean for name in CATEGORIES}}
    answers = _frame(records, schema).with_columns(pl.max_horizontal(ITEMS_OF[name]).alias(name) for name in CATEGORIES)
    return haq_di(answers)


def classification(records: Sequence[DiseaseFindings]) -> pl.DataFrame:
    """Answers of ``acr_eular_classification``, in order."""
    return acr_eular_classification(_frame(records, dict.fromkeys(FINDING_COLUMNS, pl.Boolean)))


def early_disease(records: Sequence[DiseaseFindings]) -> pl.DataFrame:
    """Answers of ``vedoss_levels``, in order."""
    return vedoss_levels(red_flags(_frame(records, dict.fromkeys(FINDING_COLUMNS, pl.Boolean))))


def spirometry_predicted(records: Sequence[Spirometry], *, measure: str = "FVC") -> pl.DataFrame:
    """Answers of ``predicted`` in order, with ``equation`` and, beside each other, ``compared`` and ``device``.

    ``differs``: the device's own % predicted is further away than the study allows.
    """

    def of_study(part: pl.DataFrame, values: dict[str, Any]) -> pl.DataFrame:
        column = measure.lower()
        equation = values[SPIROMETRY_EQUATION.name]
        found = predicted(part, equation=equation, measure=measure, measured=f"{column}_l")
        return _beside_device(found, part[f"device_{column}_pct"], equation, values)

    return _by_study(records, _SPIROMETRY, FVC, _OF_LUNG, of_study)


def dlco_of_predicted(records: Sequence[DiffusingCapacity]) -> pl.DataFrame:
    """Answers of ``dlco_predicted`` in order, with the columns that ``spirometry_predicted`` adds.

    The device's own is compared with the corrected value where the form says that it is corrected.
    """

    def of_study(part: pl.DataFrame, values: dict[str, Any]) -> pl.DataFrame:
        whole = part.with_columns(pl.col("device_corrected").fill_null(value=False).alias("as_corrected"))
        found, plain = dlco_predicted(whole), dlco_predicted(whole, corrected=False)
        pair = pl.concat([found, plain.rename(lambda name: f"plain_{name}"), whole], how="horizontal")
        like_device = pair.select(
            pl.when("as_corrected").then(name).otherwise(f"plain_{name}").alias(name)
            for name in ("pct", "pct_low", "pct_high")
        )
        beside = _beside_device(like_device, part["device_pct"], "GLI-2017", values)
        columns = beside.select("compared", "equation", "device", "differs")
        return pl.concat([found, columns], how="horizontal")

    return _by_study(records, _DLCO, DLCO, _OF_LUNG, of_study)


def b_line_totals(records: Sequence[LungUltrasound]) -> pl.DataFrame:
    """Answers of ``b_lines``, in order, by the limit of each record's study."""

    def of_study(part: pl.DataFrame, values: dict[str, Any]) -> pl.DataFrame:
        return b_lines(part, ild_from=values[ILD_FROM_LINES.name])

    schema = dict.fromkeys((zone.name for zone in ZONES), pl.Int64)
    return _by_study(records, schema, ULTRASOUND.code, (ILD_FROM_LINES,), of_study)


def _beside_device(found: pl.DataFrame, device: pl.Series, equation: str, values: dict[str, Any]) -> pl.DataFrame:
    differs = device_disagrees(found, device, limit_points=values[DEVICE_LIMIT.name])
    return found.with_columns(
        pl.col("pct").alias("compared"),
        pl.lit(equation).alias("equation"),
        device.alias("device"),
        differs.alias("differs"),
    )


def _by_study(
    records: Sequence[Any],
    schema: dict[str, Any],
    code: str,
    parameters: Sequence[Parameter],
    compute: Callable[[pl.DataFrame, dict[str, Any]], pl.DataFrame],
) -> pl.DataFrame:
    """Rows computed with the parameters of their own study, back in their order."""
    studies = [record.subject.study_id for record in records]
    overrides = _parameters_of(set(studies))
    rows = _frame(records, schema).with_columns(pl.Series("_study", studies, dtype=pl.Int64)).with_row_index("_order")
    parts = []
    for (study,), part in rows.group_by("_study"):
        found = compute(part, in_force(code, parameters, overrides.get(int(str(study)), {})))
        parts.append(pl.concat([part.select("_order"), found], how="horizontal"))
    return pl.concat(parts).sort("_order").drop("_order") if parts else compute(rows, in_force(code, parameters, {}))


def _parameters_of(study_ids: set[int]) -> dict[int, Any]:
    """Endpoint parameters of the protocol in force of each study."""
    rows = (
        ProtocolVersion.objects.filter(study__in=study_ids)
        .alias(newest=Max("study__protocol_versions__number"))
        .filter(number=F("newest"))
        .order_by()
    )
    return dict(rows.values_list("study", "parameters"))


def _frame(records: Sequence[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """Columns of records; year of birth and sex are the subject's."""

    def value(record: Any, name: str) -> Any:
        holder = record.subject if name in ("year_of_birth", "sex") else record
        found = getattr(holder, name, None)
        return float(found) if schema[name] == pl.Float64 and found is not None else found

    columns = {name: [value(record, name) for record in records] for name in schema}
    return pl.DataFrame(columns, schema=schema)
