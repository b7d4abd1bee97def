"""Plot of one analyte over protocol days, as an SVG string. Pure: rows in, text out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

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
class Plot:
    """What is drawn: values, limits of the assays, time zero where it is known, confounders."""

    key: str
    title: str
    unit: str
    points: Sequence[PlotPoint]
    log_scale: bool = False
    lloq: Sequence[float] = ()
    cutoff: Sequence[float] = ()
    shades: Sequence[Shade] = ()
    zero_label: str = "Infusion (Day 0)"
    day_label: str = "Protocol day"
    series: Sequence[str] = field(default_factory=tuple)
    # Lines of a whole study are named by their points: a legend of every subject would cover the plot.
    legend: bool = True


def render_plot(plot: Plot) -> str:
    """SVG of a plot, empty text where it has no points.

    Values below a limit are open triangles that point down at the limit, values above one point up; unusable
    values are grey crosses outside the line. A logarithmic axis leaves out values of zero and less.

    >>> svg = render_plot(Plot("ata", "Anti-topo I", "CU", [PlotPoint(0, 120), PlotPoint(28, 10, "<")], lloq=[10]))
    >>> svg.count('class="limit"'), svg.count("<title>")
    (1, 3)
    """
    points = [point for point in plot.points if not plot.log_scale or point.value > 0]
    if not points:
        return ""
    limits = [value for value in (*plot.lloq, *plot.cutoff) if not plot.log_scale or value > 0]
    axis_x = _day_axis([point.day for point in points], plot.zero_label != "")
    axis_y = _value_axis([*(point.value for point in points), *limits], log_scale=plot.log_scale)
    parts = [
        *_heading(plot, points),
        *_shades(plot, axis_x),
        *_grid(plot, axis_x, axis_y),
        *_limits(plot, limits, axis_y),
        *_series(plot, points, axis_x, axis_y),
        "</svg>",
    ]
    return "\n".join(parts)


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    start: float
    end: float
    ticks: Sequence[float]
    log_scale: bool = False

    def at(self, value: float) -> float:
        """Pixel of a value."""
        scale = math.log10 if self.log_scale else float
        share = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return round(self.start + share * (self.end - self.start), 1)


def _nice_step(span: float, wanted: int) -> float:
    raw = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 5, 10):
        if raw <= factor * power:
            return factor * power
    return 10 * power


def _linear_ticks(low: float, high: float, wanted: int) -> list[float]:
    step = _nice_step(high - low, wanted)
    first = math.floor(low / step)
    return [round(step * index, 10) for index in range(first, math.ceil(high / step) + 1)]


def _day_axis(days: Sequence[float], with_zero: bool) -> _Axis:
    low, high = min(days), max(days)
    if with_zero:
        low, high = min(low, 0), max(high, 0)
    margin = max((high - low) * 0.04, 1)
    low, high = low - margin, high + margin
    ticks = [tick for tick in _linear_ticks(low, high, 8) if low <= tick <= high]
    return _Axis(low, high, LEFT, WIDTH - RIGHT, ticks)


def _value_axis(values: Sequence[float], *, log_scale: bool) -> _Axis:
    low, high = min(values), max(values)
    if log_scale:
        # Room below: a limit that lies on the axis would not be seen.
        low, high = low / 1.6, high * 1.3
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [10.0**power for power in decades if low <= 10.0**power <= high]
        if len(ticks) < 3:
            finer = [factor * 10.0**power for power in decades for factor in (1, 2, 5)]
            ticks = [tick for tick in finer if low <= tick <= high]
        return _Axis(low, high, HEIGHT - BOTTOM, TOP, ticks, log_scale=True)
    low = min(low, 0)
    ticks = _linear_ticks(low, high if high > low else low + 1, 5)
    return _Axis(ticks[0], ticks[-1], HEIGHT - BOTTOM, TOP, ticks)


def _heading(plot: Plot, points: Sequence[PlotPoint]) -> list[str]:
    title, label = f"plot-{plot.key}-title", f"plot-{plot.key}-desc"
    unit = f" ({plot.unit})" if plot.unit else ""
    first, last = points[0], points[-1]
    description = (
        f"{len(points)} values from day {first.day:g} ({first.text or f'{first.value:g}'}) to day {last.day:g} "
        f"({last.text or f'{last.value:g}'}). The table below holds every value."
    )
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ts-plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f" aria-labelledby={quoteattr(title + ' ' + label)}>",
        f'<title id="{title}">{escape(plot.title + unit)}</title>',
        f'<desc id="{label}">{escape(description)}</desc>',
    ]


def _shades(plot: Plot, axis: _Axis) -> list[str]:
    drawn = []
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
        # The name of a window stands below that of its therapy, which may be a single day.
        line = 26 if shade.is_window else 12
        drawn.append(f'<text x="{axis.at(first) + 2:.1f}" y="{TOP + line}">{escape(shade.label)}</text>')
    return drawn


def _grid(plot: Plot, axis_x: _Axis, axis_y: _Axis) -> list[str]:
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
        drawn.append(f'<text x="{x}" y="{floor + 19}" text-anchor="middle">{tick:g}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    drawn.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(plot.day_label)}</text>')
    if plot.unit:
        drawn.append(f'<text x="8" y="{TOP - 16}">{escape(plot.unit)}</text>')
    if plot.zero_label:
        x = axis_x.at(0)
        drawn.append(f'<line class="zero" x1="{x}" x2="{x}" y1="{TOP}" y2="{floor}"/>')
        drawn.append(f'<text x="{x + 5}" y="{TOP - 6}">{escape(plot.zero_label)}</text>')
    return drawn


def _limits(plot: Plot, limits: Sequence[float], axis: _Axis) -> list[str]:
    drawn = []
    for kind, name, values in (("limit", "LLOQ", plot.lloq), ("cutoff", "positive from", plot.cutoff)):
        for value in sorted(set(values)):
            if value not in limits:
                continue
            y = axis.at(value)
            drawn.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
            drawn.append(f'<text x="{WIDTH - RIGHT + 6}" y="{y + 4}">{name} {value:g}</text>')
    return drawn


def _series(plot: Plot, points: Sequence[PlotPoint], axis_x: _Axis, axis_y: _Axis) -> list[str]:
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
        drawn.extend(_mark(point, axis_x.at(point.day), axis_y.at(point.value), colour) for point in own)
        if plot.legend and len(names) > 1:
            x = LEFT + 180 * (index % 4)
            drawn.append(f'<circle class="f{colour}" cx="{x}" cy="10" r="4"/>')
            drawn.append(f'<text x="{x + 8}" y="14">{escape(name)}</text>')
    return drawn


def _mark(point: PlotPoint, x: float, y: float, colour: int) -> str:
    title = f"<title>Day {point.day:g}: {escape(point.text or f'{point.value:g}')}</title>"
    if not point.usable:
        cross = f"M{x - 4},{y - 4}L{x + 4},{y + 4}M{x - 4},{y + 4}L{x + 4},{y - 4}"
        return f'<path class="unusable" d="{cross}">{title}</path>'
    if point.qualifier == "<":
        return f'<path class="open c{colour}" d="M{x - 5},{y - 4}L{x + 5},{y - 4}L{x},{y + 5}Z">{title}</path>'
    if point.qualifier == ">":
        return f'<path class="open c{colour}" d="M{x - 5},{y + 4}L{x + 5},{y + 4}L{x},{y - 5}Z">{title}</path>'
    return f'<circle class="f{colour}" cx="{x}" cy="{y}" r="3.5">{title}</circle>'
