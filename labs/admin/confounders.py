"""Therapies that explain an antibody, with the time they go on doing so, on the plot and beside the values."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from cart.endpoints.comparison import EXCHANGE, IVIG, RITUXIMAB
from cart.endpoints.confounders import confounded_samples
from cart.endpoints.registry import in_force
from cart.inputs import therapies
from cart.models import Subject, TherapyClass
from labs.admin.titer_plot import Shade
from labs.models import Result

_PARAMETERS = {
    TherapyClass.IVIG.value: IVIG,
    TherapyClass.PLASMA_EXCHANGE.value: EXCHANGE,
    TherapyClass.RITUXIMAB.value: RITUXIMAB,
}
# The plot cuts a shade off at its edges.
_EVER = 36_500


def window_days(subject: Subject) -> dict[str, int]:
    """Class of therapy to days after it, by the protocol in force, as the antibody endpoints count them."""
    protocol = subject.study.current_protocol()
    values = in_force("*", _PARAMETERS.values(), protocol.parameters if protocol else {})
    return {kind: values[parameter.name] for kind, parameter in _PARAMETERS.items()}


def confounder_shades(subject: Subject, zero_on: date) -> list[Shade]:
    """A span per therapy, and one for the days after it."""
    windows, shades = window_days(subject), []
    for row in therapies(subject.study_id, [subject.pk]).iter_rows(named=True):
        days = windows.get(row["therapy_class"])
        if days is None:
            continue
        name = TherapyClass(row["therapy_class"]).label
        # As the kernel has it: what is not known to the day may have been any day.
        first = -_EVER if row["started_on"] is None else (row["started_on"] - zero_on).days
        last = _last_day(row, zero_on)
        shades.append(Shade(first, last, f"{name}{'' if row['started_on'] else ' (start not known to the day)'}"))
        if last < _EVER:
            shades.append(Shade(last, last + days, f"{name} + {days} d", is_window=True))
    return shades


def _last_day(row: Mapping[str, object], zero_on: date) -> int:
    last_on = row["stopped_on"] or row["started_on"]
    if row["ongoing"] or (last_on is None and not row["prior"]):
        return _EVER
    return (last_on - zero_on).days if isinstance(last_on, date) else 0


def confounded_notes(subject: Subject, zero_on: date, results: Sequence[Result]) -> dict[int, str]:
    """Remark on each result that lies inside a window, by key."""
    windows = window_days(subject)
    samples = pl.DataFrame(
        [
            {"subject_id": subject.pk, "result_id": one.pk, "collected_on": one.specimen.collected_on}
            for one in results
            if one.specimen.collected_on is not None
        ],
        schema={"subject_id": pl.Int64, "result_id": pl.Int64, "collected_on": pl.Date},
    ).with_columns(pl.lit(zero_on, dtype=pl.Date).alias("time_zero_on"))
    found = confounded_samples(samples, therapies(subject.study_id, [subject.pk]), window_days=windows)
    return {
        row["result_id"]: "inside the window of "
        + " and ".join(f"{TherapyClass(kind).label} (+ {windows[kind]} d)" for kind in row["confounder"].split(", "))
        for row in found.iter_rows(named=True)
    }
