"""Plot of one quantity over days, as an SVG string: titers, cells, skin, lung. Pure: rows in, text out."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from cart.admin.plot_axes import LETTER, Axis, day_axis, tick_text, value_axis

WIDTH, HEIGHT = 760, 300
# The right margin holds the names of the limits, clear of the values.
LEFT, RIGHT, TOP, BOTTOM = 64, 116, 34, 46
# Colours of desk.css; a fifth series would repeat the first.
PALETTE = 4


@dataclass(frozen=True)
class PlotPoint:
    """One value: ``qualifier`` is ``=``, ``<`` or ``>``; an unusable one (haemolysed) is drawn grey."""

    day: float
    value: float
    qualifier: str = "="
    usable: bool = True
    text: str = ""
    series: str = ""


@dataclass(frozen=True)
class Shade:
    """A period that confounds the values, in days; ``label`` names the therapy. ``is_window``: the days after it."""

    first_day: float
    last_day: float
    label: str
    is_window: bool = False


@dataclass(frozen=True)
class Band:
    """What is normal, in the unit of the plot; without days on the whole width, without a limit to the edge."""

    low: float | None
    high: float | None
    label: str
    first_day: float | None = None
    last_day: float | None = None


@dataclass(frozen=True)
class Plot:
    """What is drawn: values, limits of the assays, what is normal, time zero where it is known, confounders."""

    key: str
    title: str
    unit: str
    points: Sequence[PlotPoint]
    log_scale: bool = False
    lloq: Sequence[float] = ()
    cutoff: Sequence[float] = ()
    shades: Sequence[Shade] = ()
    bands: Sequence[Band] = ()
    zero_label: str = "Infusion (Day 0)"
    day_label: str = "Protocol day"
    series: Sequence[str] = field(default_factory=tuple)
    # Lines of a whole study are named by their points: a legend of every subject would cover the plot.
    legend: bool = True
    # Without time zero the axis is one of dates: the date of its day 0.
    dated_from: dt.date | None = None

    def drawn(self) -> list[PlotPoint]:
        """Points that have a place: on a logarithmic axis zero and less have none."""
        return [point for point in self.points if not self.log_scale or point.value > 0]


def render_plot(plot: Plot) -> str:
    """SVG of a plot, empty text where it has no points.

    Values below a limit are open triangles that point down at the limit, values above one point up; unusable
    values are grey crosses outside the line. A logarithmic axis leaves out values of zero and less.

    >>> svg = render_plot(Plot("ata", "Anti-topo I", "CU", [PlotPoint(0, 120), PlotPoint(28, 10, "<")], lloq=[10]))
    >>> svg.count('class="limit"'), svg.count("<title>")
    (1, 3)
    """
    points = plot.drawn()
    if not points:
        return ""
    limits = [value for value in (*plot.lloq, *plot.cutoff) if not plot.log_scale or value > 0]
    edges = [edge for band in plot.bands for edge in (band.low, band.high) if edge is not None]
    edges = [edge for edge in edges if not plot.log_scale or edge > 0]
    # A date needs the room of two numbers.
    wanted = 8 if plot.dated_from is None else 4
    axis_x = day_axis(
        [point.day for point in points], start=LEFT, end=WIDTH - RIGHT, with_zero=plot.zero_label != "", wanted=wanted
    )
    axis_y = value_axis(
        [*(point.value for point in points), *limits, *edges], start=HEIGHT - BOTTOM, end=TOP, log_scale=plot.log_scale
    )
    parts = [
        *_heading(plot, points),
        *_bands(plot, axis_x, axis_y),
        *_shades(plot, axis_x),
        *_grid(plot, axis_x, axis_y),
        *_limits(plot, limits, axis_y),
        *_series(plot, points, axis_x, axis_y),
        "</svg>",
    ]
    return "\n".join(parts)


def _heading(plot: Plot, points: Sequence[PlotPoint]) -> list[str]:
    title, label = f"plot-{plot.key}-title", f"plot-{plot.key}-desc"
    unit = f" ({plot.unit})" if plot.unit else ""
    first, last = points[0], points[-1]
    description = (
        f"{len(points)} values from {_when(plot, first)} ({first.text or f'{first.value:g}'}) to {_when(plot, last)} "
        f"({last.text or f'{last.value:g}'}). The table below holds every value."
    )
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ts-plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f" aria-labelledby={quoteattr(title + ' ' + label)}>",
        f'<title id="{title}">{escape(plot.title + unit)}</title>',
        f'<desc id="{label}">{escape(description)}</desc>',
    ]


def _when(plot: Plot, point: PlotPoint) -> str:
    return ("" if plot.dated_from else "day ") + tick_text(point.day, plot.dated_from)


def _bands(plot: Plot, axis_x: Axis, axis_y: Axis) -> list[str]:
    drawn = []
    for band in plot.bands:
        first = axis_x.low if band.first_day is None else band.first_day
        last = axis_x.high if band.last_day is None else band.last_day
        lower = axis_y.low if band.low is None else band.low
        upper = axis_y.high if band.high is None else band.high
        left, top = axis_x.inside(first), axis_y.inside(upper)
        # The range of a single result would be a hair line.
        width = max(axis_x.inside(last) - left, 6)
        drawn.append(
            f'<rect class="band" x="{left}" y="{top}" width="{width:.1f}" height="{axis_y.inside(lower) - top:.1f}">'
            f"<title>{escape(band.label)}</title></rect>"
        )
        if band.first_day is None:
            drawn.append(
                f'<text class="band-text" x="{WIDTH - RIGHT + 6}" y="{top + 12:.1f}">{escape(band.label)}</text>'
            )
    return drawn


def _shades(plot: Plot, axis: Axis) -> list[str]:
    drawn: list[str] = []
    taken = {True: 0.0, False: 0.0}
    for shade in plot.shades:
        first, last = max(shade.first_day, axis.low), min(shade.last_day, axis.high)
        if last < axis.low or first > axis.high:
            continue
        # A single day would be a hair line: six pixels can be seen.
        width = max(axis.at(last) - axis.at(first), 6)
        kind = "shade window" if shade.is_window else "shade"
        drawn.append(
            f'<rect class="{kind}" x="{axis.at(first)}" y="{TOP}" width="{width:.1f}" height="{HEIGHT - TOP - BOTTOM}">'
            f"<title>{escape(shade.label)}</title></rect>"
        )
        # The name of a window stands below that of its therapy, which may be a single day. Where the next name would
        # cover the one before, its span still says it when pointed at.
        x, line = axis.at(first) + 2, 26 if shade.is_window else 12
        if x >= taken[shade.is_window]:
            drawn.append(f'<text class="name" x="{x:.1f}" y="{TOP + line}">{escape(shade.label)}</text>')
            taken[shade.is_window] = x + LETTER * len(shade.label)
    return drawn


def _grid(plot: Plot, axis_x: Axis, axis_y: Axis) -> list[str]:
    drawn = []
    for tick in axis_y.ticks:
        y = axis_y.at(tick)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tick:,g}</text>')
    floor = HEIGHT - BOTTOM
    drawn.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>')
    for tick in axis_x.ticks:
        x = axis_x.at(tick)
        drawn.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{floor}" y2="{floor + 5}"/>')
        drawn.append(f'<text x="{x}" y="{floor + 19}" text-anchor="middle">{tick_text(tick, plot.dated_from)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    drawn.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(plot.day_label)}</text>')
    if plot.unit:
        drawn.append(f'<text x="8" y="{TOP - 6}">{escape(plot.unit)}</text>')
    if plot.zero_label:
        x = axis_x.at(0)
        drawn.append(f'<line class="zero" x1="{x}" x2="{x}" y1="{TOP}" y2="{floor}"/>')
        drawn.append(f'<text x="{x + 5}" y="{TOP - 6}">{escape(plot.zero_label)}</text>')
    return drawn


def _limits(plot: Plot, limits: Sequence[float], axis: Axis) -> list[str]:
    drawn = []
    for kind, name, values in (("limit", "LLOQ", plot.lloq), ("cutoff", "positive from", plot.cutoff)):
        for value in sorted(set(values)):
            if value not in limits:
                continue
            y = axis.at(value)
            drawn.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
            drawn.append(f'<text x="{WIDTH - RIGHT + 6}" y="{y + 4}">{name} {value:g}</text>')
    return drawn


def _series(plot: Plot, points: Sequence[PlotPoint], axis_x: Axis, axis_y: Axis) -> list[str]:
    names = list(plot.series) or list(dict.fromkeys(point.series for point in points))
    by_name: dict[str, list[PlotPoint]] = {}
    for point in points:
        by_name.setdefault(point.series, []).append(point)
    drawn = []
    for index, name in enumerate(names):
        colour = index % PALETTE
        own = sorted(by_name.get(name, []), key=lambda point: point.day)
        line = [f"{axis_x.at(point.day)},{axis_y.at(point.value)}" for point in own if point.usable]
        if len(line) > 1:
            drawn.append(f'<polyline class="series c{colour}" points="{" ".join(line)}"/>')
        drawn.extend(
            _mark(point, _when(plot, point), axis_x.at(point.day), axis_y.at(point.value), colour) for point in own
        )
        if plot.legend and len(names) > 1:
            x = LEFT + 180 * (index % 4)
            drawn.append(f'<circle class="f{colour}" cx="{x}" cy="10" r="4"/>')
            drawn.append(f'<text x="{x + 8}" y="14">{escape(name)}</text>')
    return drawn


def _mark(point: PlotPoint, when: str, x: float, y: float, colour: int) -> str:
    when = when[:1].upper() + when[1:]
    title = f"<title>{when}: {escape(point.text or f'{point.value:g}')}</title>"
    if not point.usable:
        cross = f"M{x - 4},{y - 4}L{x + 4},{y + 4}M{x - 4},{y + 4}L{x + 4},{y - 4}"
        return f'<path class="unusable" d="{cross}">{title}</path>'
    if point.qualifier == "<":
        return f'<path class="open c{colour}" d="M{x - 5},{y - 4}L{x + 5},{y - 4}L{x},{y + 5}Z">{title}</path>'
    if point.qualifier == ">":
        return f'<path class="open c{colour}" d="M{x - 5},{y + 4}L{x + 5},{y + 4}L{x},{y - 5}Z">{title}</path>'
    return f'<circle class="f{colour}" cx="{x}" cy="{y}" r="3.5">{title}</circle>'
