"""Therapies that explain a value, as shaded spans, with the days after them in which they go on doing so."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from cart.admin.day_plot import Shade
from cart.endpoints.comparison import EXCHANGE, IVIG, NEW_DRUG, NEW_DRUGS, RITUXIMAB
from cart.endpoints.registry import in_force
from cart.inputs import therapies
from cart.models import Subject, TherapyClass

_PARAMETERS = {
    TherapyClass.IVIG.value: IVIG,
    TherapyClass.PLASMA_EXCHANGE.value: EXCHANGE,
    TherapyClass.RITUXIMAB.value: RITUXIMAB,
    **dict.fromkeys(NEW_DRUGS, NEW_DRUG),
}
CONFOUNDING = tuple(_PARAMETERS)
# The plot cuts a shade off at its edges.
_EVER = 36_500


def window_days(subject: Subject) -> dict[str, int]:
    """Class of therapy to days after it, by the protocol in force, as the antibody endpoints count them."""
    protocol = subject.study.current_protocol()
    values = in_force("*", _PARAMETERS.values(), protocol.parameters if protocol else {})
    return {kind: values[parameter.name] for kind, parameter in _PARAMETERS.items()}


def confounding_therapies(subject: Subject, zero_on: date) -> pl.DataFrame:
    """Therapies of the subject without immunosuppressants of its background: of those only new ones explain a value."""
    new = (pl.col("started_on") > zero_on).fill_null(~pl.col("prior"))
    return therapies(subject.study_id, [subject.pk]).filter(~pl.col("therapy_class").is_in(NEW_DRUGS) | new)


def confounder_shades(subject: Subject, zero_on: date) -> list[Shade]:
    """A span per therapy, and one for the days after it."""
    windows, shades = window_days(subject), []
    for row in confounding_therapies(subject, zero_on).iter_rows(named=True):
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
