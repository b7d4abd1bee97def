"""Plots of a whole study as SVG strings: enrolment curve and swimmer plot. Pure: rows in, text out."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760, 110, 24, 34, 44
CURVE_HEIGHT, LANE = 280, 18


@dataclass(frozen=True)
class Swimmer:
    """One subject: days from time zero (from the first consent where there is none), ``ended`` in words or empty."""

    subject: str
    first_day: int
    last_day: int
    marks: Sequence[tuple[int, str]]
    ended: str
    anchored: bool


def enrolment_curve(series: Sequence[tuple[str, Sequence[dt.date]]]) -> str:
    """Cumulative numbers of subjects by day, one step line per series; empty where there is no day.

    >>> svg = enrolment_curve([("Consented", [dt.date(2024, 1, 1), dt.date(2024, 3, 1)]), ("Infused", [])])
    >>> svg.count("<polyline"), "2 consented" in svg
    (1, True)
    """
    days = [day for _, found in series for day in found]
    if not days:
        return ""
    first, last = min(days), max(days)
    span, most = max((last - first).days, 1), max(len(found) for _, found in series)
    floor = CURVE_HEIGHT - BOTTOM

    def x(day: dt.date) -> float:
        return round(LEFT + (day - first).days / span * (WIDTH - LEFT - RIGHT), 1)

    def y(count: int) -> float:
        return round(floor - count / most * (floor - TOP), 1)

    words = ", ".join(f"{len(found)} {name.lower()}" for name, found in series)
    drawn = _opening("enrolment", CURVE_HEIGHT, "Enrolment", f"{words}, from {_day(first)} to {_day(last)}.")
    for tick in sorted({0, most // 2, most}):
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick)}" y2="{y(tick)}"/>')
        drawn.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4}" text-anchor="end">{tick}</text>')
    for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        day = first + dt.timedelta(days=round(span * share))
        drawn.append(f'<text x="{x(day)}" y="{floor + 20}" text-anchor="{anchor}">{_day(day)}</text>')
    for place, (name, found) in enumerate(series):
        if not found:
            continue
        points, count = [f"{x(first)},{y(0)}"], 0
        for day in sorted(found):
            points.append(f"{x(day)},{y(count)}")
            count += 1
            points.append(f"{x(day)},{y(count)}")
        points.append(f"{x(last)},{y(count)}")
        drawn.append(f'<polyline class="series c{place}" points="{" ".join(points)}"/>')
        drawn.append(f'<circle class="f{place}" cx="{LEFT + 180 * place}" cy="10" r="4"/>')
        drawn.append(f'<text x="{LEFT + 180 * place + 8}" y="14">{escape(name)}</text>')
    return "\n".join([*drawn, "</svg>"])


def swimmer_plot(swimmers: Sequence[Swimmer]) -> str:
    """One lane per subject over days from time zero; an arrow where the subject goes on, a bar where it ended.

    >>> svg = swimmer_plot([Swimmer("KUL-001", -50, 120, [(0, "Infusion")], "", True)])
    >>> svg.count('class="lane'), svg.count("Infusion")
    (1, 1)
    """
    if not swimmers:
        return ""
    low = min(min(one.first_day for one in swimmers), 0)
    high = max(max(one.last_day for one in swimmers), low + 1)
    height = TOP + LANE * len(swimmers) + BOTTOM

    def x(day: int) -> float:
        return round(LEFT + (day - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    words = f"{len(swimmers)} subjects from day {low} to day {high}. The table below holds every day."
    drawn = _opening("swimmers", height, "Time in the study", words)
    zero = x(0)
    drawn.append(f'<line class="zero" x1="{zero}" x2="{zero}" y1="{TOP}" y2="{height - BOTTOM}"/>')
    drawn.append(f'<text x="{zero + 5}" y="{TOP - 8}">Day 0</text>')
    for lane, one in enumerate(swimmers):
        y = TOP + LANE * lane + LANE / 2
        drawn.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(one.subject)}</text>')
        kind = "lane" if one.anchored else "lane waiting"
        drawn.append(f'<line class="{kind}" x1="{x(one.first_day)}" x2="{x(one.last_day)}" y1="{y}" y2="{y}"/>')
        drawn.extend(
            f'<circle class="f1" cx="{x(day)}" cy="{y}" r="3.5"><title>Day {day}: {escape(what)}</title></circle>'
            for day, what in one.marks
        )
        end = x(one.last_day)
        if one.ended:
            path = f"M{end},{y - 6}L{end},{y + 6}"
            drawn.append(f'<path class="end" d="{path}"><title>{escape(one.ended)}</title></path>')
        else:
            drawn.append(f'<path class="f0" d="M{end},{y - 4}L{end + 8},{y}L{end},{y + 4}Z"/>')
    floor = height - BOTTOM
    for day in sorted({low, 0, high}):
        drawn.append(f'<text x="{x(day)}" y="{floor + 18}" text-anchor="middle">{day}</text>')
    drawn.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{height - 8}" text-anchor="middle">Protocol day</text>')
    return "\n".join([*drawn, "</svg>"])


def _opening(key: str, height: int, title: str, description: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ts-plot" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-labelledby="plot-{key}-title plot-{key}-desc">',
        f'<title id="plot-{key}-title">{escape(title)}</title>',
        f'<desc id="plot-{key}-desc">{escape(description)}</desc>',
    ]


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
