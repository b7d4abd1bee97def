"""The endpoint table of the demo on a terminal: a line per subject, reasons below."""

from collections.abc import Iterable
from dataclasses import dataclass

from cart.models import EndpointResult

COLUMNS = (
    ("BCDEPL", "depleted"),
    ("BCNADIR", "nadir/uL"),
    ("BCRECOV", "recovery"),
    ("BCNAIVE", "naive %"),
    ("TITER50", "antibody fall"),
    ("TITERHL", "half-life d"),
    ("TITERCNV", "conversion"),
    ("CARCMAX.CAR_CD19", "CD19 Cmax/ug"),
    ("CARTMAX.CAR_CD19", "Tmax"),
    ("CARCMAX.CAR_BCMA", "BCMA Cmax/ug"),
    ("CARTMAX.CAR_BCMA", "Tmax"),
    ("RESET", "reset"),
)


@dataclass(frozen=True)
class Table:
    """Lines of the table and the sentences below it."""

    lines: list[str]
    reasons: list[str]


def endpoint_table(results: Iterable[EndpointResult]) -> Table:
    """Table of answers; ``-`` where there is none, with the reason below."""
    cells: dict[str, dict[str, str]] = {}
    reasons: list[str] = []
    for result in results:
        subject, code = result.subject.code, result.definition.code
        if code.startswith("CAR"):
            # Each construct has a column of its own.
            code = f"{code}.{result.series.partition(' ')[0]}"
        row = cells.setdefault(subject, {})
        if code not in dict(COLUMNS) or result.timepoint:
            continue
        shown = _shown(result)
        # Several series: the first answer that is one stands in the table.
        if row.get(code, "-") == "-":
            row[code] = shown
        if result.status == EndpointResult.Status.NOT_EVALUABLE or (code == "RESET" and result.text == "not met"):
            reasons.append(f"  {subject} {dict(COLUMNS)[code]}: {result.reason}")
    header = ["subject", *[title for _, title in COLUMNS]]
    rows = [[subject, *[row.get(code, "-") for code, _ in COLUMNS]] for subject, row in sorted(cells.items())]
    widths = [max(len(line[place]) for line in [header, *rows]) for place in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [header, *rows]
    ]
    return Table([lines[0], "-" * max(map(len, lines)), *lines[1:]], sorted(reasons))


def _shown(result: EndpointResult) -> str:
    status, code = result.status, result.definition.code
    if status == EndpointResult.Status.NOT_EVALUABLE:
        return "-"
    if code == "BCDEPL":
        return f"D{result.day}" if result.text == "yes" else "no"
    if code == "BCNADIR":
        return f"{result.value:.1f}" if result.value is not None else f"<{result.high:g}"
    if code == "BCRECOV":
        return f"D{result.day}" if status == EndpointResult.Status.EVALUABLE else "not yet"
    if code == "BCNAIVE":
        return f"{result.value:.0f} {result.text}"
    if code == "TITER50":
        fall = f"{result.value:.0f} %" if result.value is not None else f">{result.low:.0f} %"
        return f"{fall} {result.text}"
    if code == "TITERHL":
        return f"{result.value:.0f} ({result.low:.0f}-{result.high:.0f})"
    if code == "CARCMAX":
        bound = f"<{result.high:,.0f}" if result.low == 0 else f">{result.low:,.0f}"
        return f"{result.value:,.0f}" if result.value is not None else bound
    if code == "CARTMAX":
        return f"D{result.low:.0f}" if result.low == result.high else f"D{result.low:.0f}-{result.high:.0f}"
    if code == "TITERCNV" and status == EndpointResult.Status.ONGOING:
        return "not yet"
    if code == "TITERCNV":
        return f"D{result.day}" if result.text == "yes" else result.text
    return result.text
