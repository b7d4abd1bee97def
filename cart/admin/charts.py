"""Charts of one subject: a plot with its table, and the sections of the page and of its export that hold them."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from cart.admin.day_plot import Plot, render_plot
from cart.admin.panels import register_subject_panel
from cart.inputs import time_zero
from cart.models import Subject


@dataclass(frozen=True)
class ChartRow:
    """One line of the table beside a plot; ``url`` is the page of its record."""

    cells: Sequence[str]
    url: str = ""


@dataclass(frozen=True)
class Chart:
    """A plot, every value of it as a table, and what a reader of the plot has to know."""

    plot: Plot
    heads: Sequence[str]
    rows: Sequence[ChartRow]
    # Which cell leads to the record.
    linked: int = 2
    remarks: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Origin:
    """From when the days of a plot count; without time zero they are dates."""

    on: dt.date
    is_time_zero: bool

    def day(self, on: dt.date) -> int:
        """Day of a date."""
        return (on - self.on).days

    @property
    def plot_options(self) -> dict[str, str | dt.date | None]:
        """Axis of a plot: protocol days, or dates."""
        if self.is_time_zero:
            return {"zero_label": "Day 0", "day_label": "Protocol day (Day 0 = time zero)"}
        return {"zero_label": "", "day_label": "Date (no infusion and no dose yet)", "dated_from": self.on}


# Unit separator of ASCII.
_BETWEEN = "\x1f"
ChartsOf = Callable[[HttpRequest, Subject], list[Chart]]


@dataclass(frozen=True)
class Section:
    """Charts under one title; ``note`` explains their marks."""

    order: int
    title: str
    note: str
    charts_of: ChartsOf


_sections: dict[str, Section] = {}


def register_charts(*, key: str, title: str, order: int, note: str, charts_of: ChartsOf) -> None:
    """Add charts to the subject's page and to its export; no charts, no section."""
    section = Section(order, title, note, charts_of)
    _sections[key] = section

    def render(request: HttpRequest, subject: Subject) -> str:
        return section_html(request, subject, section)

    register_subject_panel(key=key, title=title, order=order, render=render)


def chart_sections() -> list[Section]:
    """Every section, in the order of the page."""
    return sorted(_sections.values(), key=lambda section: section.order)


def section_html(request: HttpRequest, subject: Subject, section: Section, *, exported: bool = False) -> str:
    """Charts of a section; empty without any. An export holds the tables open and leads nowhere."""
    charts = section.charts_of(request, subject)
    if not charts:
        return ""
    shown = [
        {
            "plot": chart.plot,
            # The plot escapes every text it takes from the database.
            "svg": mark_safe(render_plot(chart.plot)),
            "table": table_html(chart, linked=not exported),
            "remarks": [*chart.remarks, *_left_out(chart.plot)],
        }
        for chart in charts
    ]
    context = {"charts": shown, "note": section.note, "exported": exported}
    return render_to_string("cart/charts_panel.html", context, request=request)


def table_html(chart: Chart, *, linked: bool) -> SafeString:
    """Table of a chart. Neither by a template nor by its lazy escape: there are thousands of cells."""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in chart.heads)
    lines = []
    for row in chart.rows:
        # One call a row; the sign between them is in no text that is stored.
        cells = escape(_BETWEEN.join(row.cells)).split(_BETWEEN)
        if linked and row.url:
            cells[chart.linked] = f'<a class="ts-link" href="{escape(row.url)}">{cells[chart.linked]}</a>'
        lines.append(f"<tr><td>{'</td><td>'.join(cells)}</td></tr>")
    # Every cell is escaped above.
    return mark_safe(f'<table class="ts-table"><thead><tr>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table>')


def origin_of(subject: Subject, days: Iterable[dt.date | None]) -> Origin | None:
    """Time zero, or the first of these days where there is none yet; None without either."""
    rows = time_zero(subject.study_id, [subject.pk]).to_dicts()
    if rows and rows[0]["time_zero_on"] is not None:
        return Origin(rows[0]["time_zero_on"], is_time_zero=True)
    known = [day for day in days if day is not None]
    return Origin(min(known), is_time_zero=False) if known else None


def _left_out(plot: Plot) -> list[str]:
    lacking = len(plot.points) - len(plot.drawn())
    if not lacking:
        return []
    count = "1 value of zero has" if lacking == 1 else f"{lacking} values of zero have"
    return [f"{count} no place on the logarithmic axis: in the table only."]
