"""Titers of all subjects of a study in one plot per antibody and unit, with the values as a table."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from cart.admin.day_plot import Plot, PlotPoint, render_plot
from cart.admin.study_page import register_study_panel
from cart.inputs import time_zero
from cart.models import Study, Subject
from cart.scoping import sees_titers
from labs.inputs import observations
from labs.models import Analyte

# Autoantibodies that a subject is followed by, in the order in which they are drawn.
ANTIBODIES = ("ATA", "ARA")


def titers_panel(request: HttpRequest, study: Study, subject_ids: Sequence[int]) -> str:
    """Spaghetti plots, for who may see titers of this study; empty where nothing may be or is shown."""
    if not sees_titers(request.user, study):
        return ""
    values = _values(study, subject_ids)
    names = dict(Analyte.objects.filter(code__in=ANTIBODIES).values_list("code", "name"))
    codes = dict(Subject.objects.filter(pk__in=subject_ids).values_list("pk", "code"))
    charts = []
    for analyte in ANTIBODIES:
        of_analyte = values.filter(pl.col("analyte") == analyte)
        for unit in of_analyte["unit"].unique().sort():
            rows = of_analyte.filter(pl.col("unit") == unit).to_dicts()
            charts.append(_chart(names.get(analyte, analyte), f"{analyte}-{len(charts)}".lower(), unit, rows, codes))
    return render_to_string("labs/study_titers.html", {"charts": charts}, request=request) if charts else ""


def _values(study: Study, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Evaluable values of the antibodies on their protocol day; a subject without time zero has none."""
    zeros = time_zero(study.pk, subject_ids).select("subject_id", "time_zero_on")
    return (
        observations(study.pk, subject_ids)
        .filter(pl.col("analyte").is_in(ANTIBODIES) & pl.col("value").is_not_null() & pl.col("usable"))
        .join(zeros, on="subject_id", how="inner")
        .with_columns(day=(pl.col("collected_on") - pl.col("time_zero_on")).dt.total_days())
        .filter(pl.col("day").is_not_null())
        .sort("subject_id", "series", "day", "result_id")
    )


def _chart(title: str, key: str, unit: str, rows: list[dict[str, Any]], codes: dict[int, str]) -> dict[str, Any]:
    """A line per subject, laboratory and kit: values of two kits are not joined."""
    points = [
        PlotPoint(
            day=row["day"],
            value=row["value"],
            qualifier=row["qualifier"],
            text=f"{codes[row['subject_id']]}, {row['value_text']} {unit}".strip(),
            series=f"{codes[row['subject_id']]} {row['series']}",
        )
        for row in rows
    ]
    plot = Plot(
        key=f"study-{key}",
        title=f"{title}, all subjects",
        unit=unit,
        points=points,
        log_scale=True,
        lloq=sorted({row["lloq"] for row in rows if row["lloq"] is not None}),
        cutoff=sorted({row["cutoff"] for row in rows if row["cutoff"] is not None}),
        zero_label="Day 0",
        day_label="Protocol day (Day 0 = time zero)",
        legend=False,
    )
    # The plot escapes every text it takes from the database.
    return {
        "plot": plot,
        "svg": mark_safe(render_plot(plot)),
        "rows": [{**row, "subject": codes[row["subject_id"]]} for row in rows],
    }


register_study_panel(key="titers", title="Titers", order=10, render=titers_panel)
