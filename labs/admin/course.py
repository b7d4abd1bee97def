"""The laboratory's part of the subject's page: antibodies, B cells, CAR copies and immunoglobulin over time."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from cart.admin.charts import Chart, ChartRow, Origin, origin_of, register_charts
from cart.admin.confounders import confounder_shades
from cart.admin.day_plot import Band, Plot, PlotPoint, Shade
from cart.admin.panels import register_subject_step
from cart.endpoints.kinetics.courses import CONSTRUCTS
from cart.endpoints.reference_ranges import with_ranges
from cart.endpoints.registry import in_force
from cart.models import Subject
from cart.models.fields import plain
from cart.scoping import visible_of
from labs.admin.collected import month_name_text
from labs.admin.confounders import confounded_notes
from labs.inputs import approved_ranges
from labs.models import Result, Specimen

# Analytes drawn, CAR copies after the B cells; on a logarithmic axis but for immunoglobulin.
CELLS, ANTIBODIES, LINEAR = ("CD19_ABS",), ("ATA", "ARA"), ("IGG",)
# Whatever a study calls them: a transgene is counted in copies.
_COPIES = "{copies}"
_USABLE = frozenset({Specimen.Condition.GOOD, Specimen.Condition.OTHER})
_CONDITIONS = {condition.value: condition.label.lower() for condition in Specimen.Condition}
HEADS = (
    "Day",
    "Collected (site time)",
    "Result as received",
    "Unit",
    "Laboratory and kit",
    "LLOQ",
    "Normal",
    "Remark",
)
NOTE = (
    "Current values only; every kit is a line of its own. Open triangles are values beyond a limit, grey crosses are "
    "specimens that are not evaluated (haemolysed, insufficient), the green band is the approved reference range. The "
    "shaded spans are therapies that confound, the lighter ones the days after them in which antibody endpoints do not "
    "count a value, or flag it."
)
_COLUMNS = (
    "pk",
    "value",
    "qualifier",
    "unit",
    "received_text",
    "missing_reason",
    "supersession_reason",
    "version",
    "analyte__code",
    "analyte__name",
    "assay__kit",
    "assay__lloq",
    "assay__cutoff",
    "specimen__collected",
    "specimen__collected_on",
    "specimen__condition",
    "specimen__laboratory__code",
)
_RANGED = {
    "pk": pl.Int64,
    **dict.fromkeys(["laboratory", "analyte", "kit", "unit", "sex"], pl.String),
    "year_of_birth": pl.Int64,
    "collected_on": pl.Date,
}
Row = dict[str, Any]


def course_charts(request: HttpRequest, subject: Subject) -> list[Chart]:
    """A chart per analyte and unit for the user of this request; none where nothing may be or is shown."""
    constructs = _constructs(subject)
    wanted = Q(analyte__code__in=[*CELLS, *constructs, *ANTIBODIES, *LINEAR]) | Q(unit__startswith=_COPIES)
    results = list(
        # Columns, not instances: a subject has thousands of results.
        visible_of(request.user, subject, Result.objects.current().of_subject(subject.pk).filter(wanted))
        .order_by("specimen__collected", "pk")
        .values(*_COLUMNS)
    )
    origin = origin_of(subject, [row["specimen__collected_on"] for row in results]) if results else None
    if origin is None:
        return []
    collected = [(row["pk"], row["specimen__collected_on"]) for row in results]
    notes, ranges = confounded_notes(subject, origin.on, collected), _ranges(subject, results)
    shades = confounder_shades(subject, origin.on)
    copies = {row["analyte__code"] for row in results} - {*CELLS, *constructs, *ANTIBODIES, *LINEAR}
    order = [*CELLS, *constructs, *sorted(copies), *ANTIBODIES, *LINEAR]
    by_plot: dict[tuple[int, str], list[Row]] = {}
    for row in results:
        by_plot.setdefault((order.index(row["analyte__code"]), row["unit"]), []).append(row)
    return [_chart(own, origin, shades, notes, ranges) for _, own in sorted(by_plot.items(), key=lambda item: item[0])]


def _constructs(subject: Subject) -> list[str]:
    """Codes of the analytes that count the constructs, by the protocol in force."""
    protocol = subject.study.current_protocol()
    values = in_force("*", [CONSTRUCTS], protocol.parameters if protocol else {})
    return list(values[CONSTRUCTS.name])


def _ranges(subject: Subject, results: Sequence[Row]) -> dict[int, tuple[float | None, float | None]]:
    """Approved reference range of each result that has one, by key."""
    rows = [
        (
            row["pk"],
            row["specimen__laboratory__code"],
            row["analyte__code"],
            row["assay__kit"] or "",
            row["unit"],
            subject.sex,
            subject.year_of_birth,
            row["specimen__collected_on"],
        )
        for row in results
    ]
    found = with_ranges(pl.DataFrame(rows, schema=_RANGED, orient="row"), approved_ranges())
    held = found.filter(pl.col("range_id").is_not_null()).select("pk", "lln", "uln")
    return {key: (low, high) for key, low, high in held.iter_rows()}


def _chart(
    rows: Sequence[Row],
    origin: Origin,
    shades: Sequence[Shade],
    notes: dict[int, str],
    ranges: dict[int, tuple[float | None, float | None]],
) -> Chart:
    """Chart of one analyte in one unit; every laboratory and kit is a series of its own."""
    code, unit = rows[0]["analyte__code"], rows[0]["unit"]
    plot = Plot(
        key=f"{code}-{unit}".lower().translate(_AS_KEY),
        title=rows[0]["analyte__name"],
        unit=unit,
        points=[_point(row, origin) for row in rows if _has_place(row)],
        log_scale=code not in LINEAR,
        lloq=_limits(rows, "assay__lloq"),
        cutoff=_limits(rows, "assay__cutoff"),
        shades=shades,
        bands=_bands(rows, ranges, origin),
        **origin.plot_options,  # type: ignore[arg-type]
    )
    page = reverse("admin:labs_result_change", args=[0])
    return Chart(
        plot=plot,
        heads=HEADS,
        rows=[ChartRow(_cells(row, origin, notes, ranges), page.replace("/0/", f"/{row['pk']}/")) for row in rows],
        remarks=_undated(rows),
    )


# An id of the page holds no braces and no slash.
_AS_KEY = {ord(sign): "-" for sign in "_{}/*[]% .\"'<>&()"}


def _has_place(row: Row) -> bool:
    return row["value"] is not None and row["specimen__collected_on"] is not None and not row["missing_reason"]


def _point(row: Row, origin: Origin) -> PlotPoint:
    return PlotPoint(
        day=origin.day(row["specimen__collected_on"]),
        value=float(row["value"]),
        qualifier=row["qualifier"],
        usable=row["specimen__condition"] in _USABLE,
        text=f"{row['received_text']} {row['unit']}".strip(),
        series=_series_name(row),
    )


def _limits(rows: Sequence[Row], name: str) -> list[float]:
    return sorted({float(row[name]) for row in rows if row[name] is not None})


def _bands(rows: Sequence[Row], ranges: dict[int, tuple[float | None, float | None]], origin: Origin) -> list[Band]:
    """One band where one range holds throughout; else one for each stretch of results with the same range."""
    dated = [row for row in rows if row["specimen__collected_on"] is not None]
    stretches: list[tuple[Any, date, date]] = []
    for row in sorted(dated, key=lambda one: one["specimen__collected_on"]):
        limits, on = ranges.get(row["pk"]), row["specimen__collected_on"]
        if stretches and stretches[-1][0] == limits:
            stretches[-1] = (limits, stretches[-1][1], on)
        else:
            stretches.append((limits, on, on))
    whole = len(stretches) == 1
    return [
        Band(*limits, _range_text(limits, "normal "), *((None, None) if whole else (origin.day(a), origin.day(b))))
        for limits, a, b in stretches
        if limits is not None
    ]


def _range_text(limits: tuple[float | None, float | None] | None, before: str = "") -> str:
    if limits is None:
        return ""
    low, high = limits
    if low is None or high is None:
        return f"{before}to {high:g}" if low is None else f"{before}from {low:g}"
    return f"{before}{low:g} to {high:g}"


def _undated(rows: Sequence[Row]) -> list[str]:
    lacking = sum(row["specimen__collected_on"] is None for row in rows)
    if not lacking:
        return []
    count = "1 result of which" if lacking == 1 else f"{lacking} results of which"
    return [f"{count} the day of collection is not known: in the table only."]


def _series_name(row: Row) -> str:
    return f"{row['specimen__laboratory__code']} {row['assay__kit'] or ''}".strip()


def _cells(
    row: Row, origin: Origin, notes: dict[int, str], ranges: dict[int, tuple[float | None, float | None]]
) -> list[str]:
    on, condition = row["specimen__collected_on"], row["specimen__condition"]
    remarks = [
        "" if condition in _USABLE else f"not evaluated: {_CONDITIONS[condition]}",
        row["missing_reason"],
        notes.get(row["pk"], ""),
        f"version {row['version']}: {row['supersession_reason']}" if row["version"] > 1 else "",
    ]
    return [
        str(origin.day(on)) if on is not None and origin.is_time_zero else "",
        month_name_text(row["specimen__collected"]),
        row["received_text"] or "not done",
        row["unit"],
        _series_name(row),
        "" if row["assay__lloq"] is None else plain(row["assay__lloq"]),
        _range_text(ranges.get(row["pk"])),
        "; ".join(remark for remark in remarks if remark),
    ]


register_charts(key="course", title="Laboratory course", order=10, note=NOTE, charts_of=course_charts)
register_subject_step(title="Specimens", model=Specimen)
