"""Skin and lung of a subject over time: mRSS, FVC and DLCO in % of predicted."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from cart.admin.assessed import computed_texts, records_of
from cart.admin.charts import Chart, ChartRow, Origin, origin_of, register_charts
from cart.admin.confounders import confounder_shades
from cart.admin.day_plot import Plot, PlotPoint, Shade
from cart.admin.schedule import day_text
from cart.endpoints.disease.predicted import UNUSABLE_GRADES
from cart.endpoints.registry import in_force
from cart.inputs.assessed import dlco_of_predicted, skin_totals, spirometry_predicted
from cart.models import DiffusingCapacity, SkinScore, Spirometry, Subject

HEADS = ("Day", "Assessed", "Computed", "Quality", "Remark")
NOTE = (
    "As the kernels compute them from what is recorded. Grey crosses are tests whose quality grade is not usable; "
    "shaded spans are IVIG, plasma exchange and rituximab. DLCO that is not corrected for haemoglobin is a line of its "
    "own."
)


def skin_lung_charts(request: HttpRequest, subject: Subject) -> list[Chart]:
    """Charts of what was assessed, for the user of this request."""
    found: list[tuple[str, str, str, list[Any]]] = [
        ("mrss", "mRSS", "", records_of(request.user, subject, SkinScore)),
        ("fvc", "FVC", "% predicted", records_of(request.user, subject, Spirometry)),
        ("dlco", "DLCO", "% predicted", records_of(request.user, subject, DiffusingCapacity)),
    ]
    origin = origin_of(subject, [one.assessed_on for *_, records in found for one in records])
    if origin is None or not any(records for *_, records in found):
        return []
    # The days after a therapy are counted for antibodies only.
    shades = [shade for shade in confounder_shades(subject, origin.on) if not shade.is_window]
    protocol = subject.study.current_protocol()
    unusable = in_force("*", [UNUSABLE_GRADES], protocol.parameters if protocol else {})[UNUSABLE_GRADES.name]
    return [
        _chart(key, title, unit, records, origin, shades, unusable) for key, title, unit, records in found if records
    ]


def _values(key: str, records: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Value of each record that was done, with a series name; None where it is missing."""
    if not records:
        return []
    if key == "mrss":
        return [{"value": row["total"], "series": ""} for row in skin_totals(records).iter_rows(named=True)]
    rows = (spirometry_predicted(records) if key == "fvc" else dlco_of_predicted(records)).iter_rows(named=True)
    return [
        {"value": row["pct"], "series": "not corrected for haemoglobin" if "not corrected" in row["remark"] else ""}
        for row in rows
    ]


def _chart(
    key: str,
    title: str,
    unit: str,
    records: Sequence[Any],
    origin: Origin,
    shades: Sequence[Shade],
    unusable: Sequence[str],
) -> Chart:
    done = [record for record in records if not record.not_done_reason]
    points = [
        PlotPoint(
            day=origin.day(record.assessed_on),
            value=found["value"],
            usable=getattr(record, "quality", "") not in unusable,
            text=f"{found['value']:.4g} {unit}".strip(),
            series=found["series"] or title,
        )
        for record, found in zip(done, _values(key, done), strict=True)
        if found["value"] is not None
    ]
    options = origin.plot_options
    plot = Plot(key=key, title=title, unit=unit, points=points, shades=shades, **options)  # type: ignore[arg-type]
    page = reverse(f"admin:cart_{records[0]._meta.model_name}_change", args=[0])
    return Chart(
        plot=plot,
        heads=HEADS,
        rows=[
            ChartRow(_cells(record, text, origin, unusable), page.replace("/0/", f"/{record.pk}/"))
            for record, text in zip(records, computed_texts(records), strict=True)
        ],
    )


def _cells(record: Any, text: str, origin: Origin, unusable: Sequence[str]) -> list[str]:
    quality = getattr(record, "quality", "")
    return [
        str(origin.day(record.assessed_on)) if origin.is_time_zero else "",
        day_text(record.assessed_on),
        text,
        quality,
        f"quality grade {quality}: not usable" if quality in unusable else "",
    ]


register_charts(key="skin-lung", title="Skin and lung", order=11, note=NOTE, charts_of=skin_lung_charts)
