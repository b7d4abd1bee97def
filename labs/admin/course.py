"""The course panel of the subject's page: antibodies, B cells and immunoglobulin over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from cart.admin.panels import register_subject_panel, register_subject_step
from cart.inputs import time_zero
from cart.models import Subject
from cart.scoping import visible_to
from labs.admin.collected import month_name_text
from labs.admin.confounders import confounded_notes, confounder_shades
from labs.admin.titer_plot import Plot, PlotPoint, Shade, render_plot
from labs.models import Result, Specimen

# Analytes drawn, in this order; the second says whether the axis is logarithmic.
DRAWN = (("ATA", True), ("ARA", True), ("CD19_ABS", True), ("IGG", False))
_USABLE = frozenset({Specimen.Condition.GOOD, Specimen.Condition.OTHER})


@dataclass(frozen=True)
class CourseRow:
    """One line of the table beside a plot."""

    day: int | None
    collected: str
    lloq: str
    result: Result
    usable: bool
    note: str


def course_panel(request: HttpRequest, subject: Subject) -> str:
    """Plots with their tables for the user of this request; empty where nothing may be or is shown."""
    codes = [code for code, _ in DRAWN]
    results = list(
        visible_to(request.user, Result.objects.current().of_subject(subject.pk).filter(analyte__code__in=codes))
        .select_related("analyte", "assay", "specimen__laboratory")
        .order_by("specimen__collected", "pk")
    )
    if not results:
        return ""
    zero_on, anchored = _day_zero(subject, results)
    if zero_on is None:
        return ""
    shades, notes = confounder_shades(subject, zero_on), confounded_notes(subject, zero_on, results)
    charts = []
    for code, log_scale in DRAWN:
        own = [result for result in results if result.analyte.code == code]
        if own:
            plot = plot_of(own, zero_on, log_scale=log_scale, shades=shades, anchored=anchored)
            rows = [_row(result, zero_on, notes.get(result.pk, "")) for result in own]
            # The plot escapes every text it takes from the database.
            charts.append({"plot": plot, "svg": mark_safe(render_plot(plot)), "rows": rows})
    return render_to_string("labs/course_panel.html", {"charts": charts, "anchored": anchored}, request=request)


def _day_zero(subject: Subject, results: Sequence[Result]) -> tuple[date | None, bool]:
    """Time zero, or the first collection where there is none yet; and whether it is time zero."""
    rows = time_zero(subject.study_id, [subject.pk]).to_dicts()
    if rows and rows[0]["time_zero_on"] is not None:
        return rows[0]["time_zero_on"], True
    days = [result.specimen.collected_on for result in results if result.specimen.collected_on is not None]
    return (min(days) if days else None), False


def plot_of(
    results: Sequence[Result], zero_on: date, *, log_scale: bool, shades: Sequence[Shade], anchored: bool
) -> Plot:
    """Plot of one analyte; every laboratory and kit is a series of its own."""
    first = results[0]
    points = [
        PlotPoint(
            day=(result.specimen.collected_on - zero_on).days,
            value=float(result.value),
            qualifier=result.qualifier,
            usable=result.specimen.condition in _USABLE,
            text=f"{result.received_text} {result.unit}".strip(),
            series=_series_name(result),
        )
        for result in results
        if result.value is not None and result.specimen.collected_on is not None and not result.missing_reason
    ]
    assays = [result.assay for result in results if result.assay is not None]
    return Plot(
        key=first.analyte.code.lower().replace("_", "-"),
        title=first.analyte.name,
        unit=first.unit,
        points=points,
        log_scale=log_scale,
        lloq=sorted({float(assay.lloq) for assay in assays if assay.lloq is not None}),
        cutoff=sorted({float(assay.cutoff) for assay in assays if assay.cutoff is not None}),
        shades=shades,
        zero_label="Day 0" if anchored else "",
        day_label="Protocol day (Day 0 = time zero)" if anchored else "Days from the first specimen",
    )


def _series_name(result: Result) -> str:
    kit = f" {result.assay.kit}" if result.assay is not None else ""
    return f"{result.specimen.laboratory.code}{kit}"


def _row(result: Result, zero_on: date, confounded: str) -> CourseRow:
    collected_on = result.specimen.collected_on
    usable = result.specimen.condition in _USABLE
    lloq = result.assay.lloq if result.assay is not None else None
    notes = [
        "" if usable else f"not evaluated: {result.specimen.get_condition_display().lower()}",
        result.missing_reason,
        confounded,
        f"version {result.version}: {result.supersession_reason}" if result.version > 1 else "",
    ]
    return CourseRow(
        day=None if collected_on is None else (collected_on - zero_on).days,
        collected=month_name_text(result.specimen.collected),
        lloq="" if lloq is None else f"{lloq:f}".rstrip("0").rstrip("."),
        result=result,
        usable=usable,
        note="; ".join(note for note in notes if note),
    )


register_subject_panel(key="course", title="Course", order=10, render=course_panel)
register_subject_step(title="Specimens", model=Specimen)
