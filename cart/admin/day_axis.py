"""The course of one subject on one axis of days, as an SVG string. Pure: spans in, text out."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

from cart.admin.plot_axes import LETTER, Axis, day_axis, tick_text

WIDTH, LEFT, RIGHT, TOP, BOTTOM, ROW = 760, 140, 16, 26, 40, 20
# Longer names are cut: the table has them whole.
_LONGEST, _FEWEST = 34, 8
# Single days that would need more rows than these for their names stand in one row without: the table names them.
_MOST_ROWS_OF_DAYS = 4
_GAP = 8
Between = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class Span:
    """Something that lasted, or happened: ``starts`` and ``ends`` are the first and the last day each can have been.

    ``starts`` is None for what began at an unknown time, ``ends`` for what goes on. ``is_point``: it has one day, and
    ``ends`` is ``starts``. ``colour`` is one of the plots'.
    """

    lane: str
    label: str
    starts: Between | None
    ends: Between | None
    is_point: bool = False
    colour: int = 0


def render_axis(
    spans: Sequence[Span],
    lanes: Sequence[str],
    *,
    key: str,
    title: str,
    zero_on: dt.date | None,
    window: tuple[int, int] | None = None,
) -> str:
    """SVG with a lane per kind; empty where nothing has a day. ``window`` shows only these days around time zero.

    What is certain is drawn full, what may have been dashed: a date known to the month is the month. What goes on
    ends in an arrow at the edge.

    >>> import datetime as dt
    >>> day = dt.date(2024, 3, 12)
    >>> month = (dt.date(2024, 4, 1), dt.date(2024, 4, 30))
    >>> spans = [Span("Infusion", "CD19", (day, day), (day, day), is_point=True), Span("AE", "Cough", month, None)]
    >>> svg = render_axis(spans, ["Infusion", "AE"], key="days", title="Course", zero_on=day)
    >>> svg.count('class="may'), svg.count('class="on')
    (1, 1)
    """
    known = [day for span in spans for pair in (span.starts, span.ends) if pair for day in pair]
    if not known:
        return ""
    origin = zero_on or min(known)
    days = list(window) if window else [(day - origin).days for day in known]
    # A date needs the room of two numbers.
    wanted = 10 if zero_on else 5
    axis = day_axis(days, start=LEFT, end=WIDTH - RIGHT, with_zero=zero_on is not None, wanted=wanted)
    placed = [_Placed.of(span, origin, axis) for span in spans]
    rows: list[list[_Placed]] = []
    names: list[tuple[int, str]] = []
    for lane in lanes:
        own = [one for one in placed if one is not None and one.span.lane == lane]
        if own:
            names.append((len(rows), lane))
            rows.extend(_rows_of(own))
    floor = TOP + ROW * len(rows)
    drawn = _opening(key, title, floor + BOTTOM, sum(len(row) for row in rows))
    drawn += _frame(axis, floor, names, zero_on, origin)
    for number, row in enumerate(rows):
        for one in row:
            drawn += one.drawn(TOP + ROW * number + ROW / 2)
    return "\n".join([*drawn, "</svg>"])


@dataclass(frozen=True)
class _Placed:
    """A span in pixels: ``may`` from the first to the last possible day, ``sure`` the days it certainly has."""

    span: Span
    may: tuple[float, float]
    sure: tuple[float, float] | None
    goes_on: bool
    text: str
    title: str
    edge: float

    @classmethod
    def of(cls, span: Span, origin: dt.date, axis: Axis) -> "_Placed | None":
        """Where a span lies; None outside the axis."""
        low = axis.low if span.starts is None else (span.starts[0] - origin).days
        high = axis.high if span.ends is None else (span.ends[1] - origin).days
        if high < axis.low or low > axis.high:
            return None
        surely_from = axis.low if span.starts is None else (span.starts[1] - origin).days
        surely_to = axis.high if span.ends is None else (span.ends[0] - origin).days
        exact = low == high
        certain = exact or (not span.is_point and span.starts is not None and surely_from <= surely_to)
        sure = (axis.inside(surely_from), axis.inside(surely_to)) if certain else None
        goes_on = high > axis.high or span.ends is None
        placed = cls(span, (axis.inside(low), axis.inside(high)), sure, goes_on, "", span.label, axis.end)
        return replace(placed, text=_cut(span.label, placed.room))

    @property
    def mark(self) -> tuple[float, float]:
        """First and last pixel of what is drawn without its name."""
        return self.may[0] - 5, max(self.may[1], self.may[0] + 4) + 5

    @property
    def room(self) -> int:
        """Letters that have a place beside the mark."""
        left, right = self.mark
        return int(max(self.edge - right, left - LEFT) / LETTER)

    @property
    def name_at(self) -> tuple[float, str]:
        """Where the name stands: right of the mark, before it where there is no room, else on it."""
        length = LETTER * len(self.text)
        left, right = self.mark
        if right + length <= self.edge:
            return right + 2, "start"
        if left - length >= LEFT:
            return left - 2, "end"
        return max(self.may[0] + 4, LEFT + 4), "start"

    @property
    def taken(self) -> tuple[float, float]:
        """First and last pixel with the name."""
        x, anchor = self.name_at
        length = LETTER * len(self.text)
        first, last = (x, x + length) if anchor == "start" else (x - length, x)
        return min(first, self.mark[0]), max(last, self.mark[1])

    def drawn(self, y: float) -> list[str]:
        """Mark and name."""
        colour, title = self.span.colour, f"<title>{escape(self.title)}</title>"
        parts = []
        # Only what is uncertain is dashed: before the first certain day and after the last.
        uncertain = [self.may] if self.sure is None else [(self.may[0], self.sure[0]), (self.sure[1], self.may[1])]
        for first, last in uncertain:
            if self.sure is not None and first == last:
                continue
            parts.append(
                f'<rect class="may c{colour}" x="{first}" y="{y - 5}" width="{max(last - first, 4):.1f}" height="10">'
                f"{title}</rect>"
            )
        if self.sure is not None and self.span.is_point:
            x = self.sure[0]
            parts.append(
                f'<path class="f{colour}" d="M{x},{y - 6}L{x + 5},{y}L{x},{y + 6}L{x - 5},{y}Z">{title}</path>'
            )
        elif self.sure is not None:
            width = max(self.sure[1] - self.sure[0], 4)
            parts.append(
                f'<rect class="f{colour}" x="{self.sure[0]}" y="{y - 5}" width="{width:.1f}" height="10" rx="2">'
                f"{title}</rect>"
            )
        if self.goes_on:
            x = self.may[1]
            parts.append(f'<path class="on f{colour}" d="M{x},{y - 7}L{x + 9},{y}L{x},{y + 7}Z">{title}</path>')
        if self.text:
            x, anchor = self.name_at
            text = escape(self.text)
            parts.append(f'<text class="name" x="{x:.1f}" y="{y + 4}" text-anchor="{anchor}">{text}</text>')
        return parts


def _cut(label: str, room: int) -> str:
    # Where not even a few letters fit beside it, the name stands on the bar.
    most = min(room, _LONGEST) if room >= _FEWEST else _LONGEST
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _rows_of(spans: Sequence[_Placed]) -> list[list[_Placed]]:
    rows = _packed(spans)
    if len(rows) > _MOST_ROWS_OF_DAYS and all(one.span.is_point for one in spans):
        return [[replace(one, text="") for one in spans]]
    return rows


def _packed(spans: Iterable[_Placed]) -> list[list[_Placed]]:
    """Rows of spans that do not cover each other, the earliest first."""
    rows: list[list[_Placed]] = []
    ends: list[float] = []
    for one in sorted(spans, key=lambda placed: placed.taken):
        first, last = one.taken
        free = next((number for number, end in enumerate(ends) if end + _GAP <= first), None)
        if free is None:
            rows.append([one])
            ends.append(last)
        else:
            rows[free].append(one)
            ends[free] = last
    return rows


def _opening(key: str, title: str, height: float, count: int) -> list[str]:
    named = quoteattr(f"axis-{key}-title axis-{key}-desc")
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ts-plot ts-axis" viewBox="0 0 {WIDTH} {height}" role="img"'
        f" aria-labelledby={named}>",
        f'<title id="axis-{key}-title">{escape(title)}</title>',
        f'<desc id="axis-{key}-desc">{count} entries. The table below holds every one.</desc>',
    ]


def _frame(
    axis: Axis, floor: float, names: Sequence[tuple[int, str]], zero_on: dt.date | None, origin: dt.date
) -> list[str]:
    drawn = []
    for row, name in names:
        y = TOP + ROW * row
        drawn.append(f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<text class="lane-name" x="0" y="{y + 14}">{escape(name)}</text>')
    drawn.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>')
    for tick in axis.ticks:
        x = axis.at(tick)
        drawn.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{floor}"/>')
        text = tick_text(tick, None if zero_on else origin)
        drawn.append(f'<text x="{x}" y="{floor + 16}" text-anchor="middle">{text}</text>')
    label = "Protocol day (Day 0 = time zero)" if zero_on else "Date (no infusion and no dose yet)"
    drawn.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{floor + 34}" text-anchor="middle">{label}</text>')
    if zero_on:
        x = axis.at(0)
        drawn.append(f'<line class="zero" x1="{x}" x2="{x}" y1="{TOP}" y2="{floor}"/>')
        drawn.append(f'<text x="{x}" y="{TOP - 8}" text-anchor="middle">Day 0</text>')
    return drawn
