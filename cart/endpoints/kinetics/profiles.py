"""Non-compartmental analysis of concentration profiles, whole columns at once."""

import polars as pl

from cart.endpoints.errors import ParameterError
from cart.endpoints.kinetics.areas import METHODS, cleaned, horizon_areas, peaks, whole_areas
from cart.endpoints.kinetics.terminal import terminal_phases

POINTS = {"profile": pl.Int64, "time": pl.Float64, "conc": pl.Float64}


def nca_profiles(
    points: pl.DataFrame,
    *,
    horizon: float = 28.0,
    method: str = "lin-up-log-down",
    min_points: int = 3,
    factor: float = 1e-4,
    with_peak: bool = False,
) -> pl.DataFrame:
    """Peak, last quantifiable sample, areas and terminal phase of many profiles.

    Parameters
    ----------
    points
        profile (any whole number), time (from 0, each once in a profile; days, say), conc (0 below the limit of
        quantification, null where missing). In any order.
    horizon
        End of the area from 0, in the unit of time.
    method
        ``lin-up-log-down``: logarithmic trapezoids only where 0 < c2 < c1; ``linear``; ``lin-log``: logarithmic after
        Tmax, where two equal values leave no area (null).
    min_points, factor, with_peak
        Of :func:`cart.endpoints.kinetics.terminal.terminal_phases`.

    Returns
    -------
    polars.DataFrame
        One row per profile with a sample, in their order: profile, samples, first_time, last_time, cmax, tmax (first
        of ties), tmax_last, tlast, clast, auc_last, auc_all, to_horizon_last, to_horizon_all, to_horizon_inf,
        lambda_z and the other fields of the terminal phase, auc_inf, extrapolated_percent. Null where it cannot be
        computed.

    Notes
    -----
    Samples below the limit: the first ones count as 0, those in the middle are left out, the last ones count as 0.
    Missing samples are left out. auc_inf = auc_last + clast / lambda_z; extrapolated_percent = 100 (1 - auc_last /
    auc_inf).

    Source: R package PKNCA 0.12 (Denney WS); Gabrielsson J, Weiner D, Pharmacokinetic and Pharmacodynamic Data
    Analysis, 4th ed 2000, sections 2.8.1 to 2.8.4.

    Raises
    ------
    ParameterError
        A time below 0 or twice in a profile, a negative or infinite concentration, an unknown method.

    >>> days, copies = [0.0, 7, 10, 14, 21, 28], [0.0, 48000, 61000, 33000, 9800, 0]
    >>> points = pl.DataFrame({"profile": [1] * 6, "time": days, "conc": copies})
    >>> found = nca_profiles(points).row(0, named=True)
    >>> found["cmax"], found["tmax"], found["tlast"], round(found["auc_last"])
    (61000.0, 10.0, 21.0, 647561)
    """
    if method not in METHODS:
        raise ParameterError(f"Areas are made by one of {', '.join(METHODS)}; found {method!r}. [area-method]")
    _check(points)
    clean = cleaned(points.select(list(POINTS)).sort("profile", "time"))
    tops = peaks(clean)
    terminal = terminal_phases(clean, tops, min_points=min_points, factor=factor, with_peak=with_peak)
    whole = tops
    for part in (
        whole_areas(clean, tops, method=method),
        horizon_areas(clean, tops, terminal, method=method, horizon=float(horizon)),
        terminal,
    ):
        whole = whole.join(part, on="profile", how="left", maintain_order="left")
    infinite = pl.col("auc_last") + pl.col("clast") / pl.col("lambda_z")
    return whole.with_columns(
        infinite.alias("auc_inf"), (100 * (1 - pl.col("auc_last") / infinite)).alias("extrapolated_percent")
    )


def _check(points: pl.DataFrame) -> None:
    for name, dtype in POINTS.items():
        if points.schema.get(name) != dtype:
            raise ParameterError(
                f"Profiles have the column {name} ({dtype}); found {points.schema.get(name)}. [profile-columns]"
            )
    wrong = points.filter(~((pl.col("time") >= 0) & pl.col("time").is_finite()).fill_null(value=False))
    if wrong.height:
        raise ParameterError(f"The time of a sample is from 0 on; found {wrong['time'][0]}. [profile-times]")
    twice = points.filter(pl.struct("profile", "time").is_duplicated())
    if twice.height:
        raise ParameterError(
            f"A profile has one sample at a time; profile {twice['profile'][0]} has two at {twice['time'][0]:g}. "
            "[profile-times]"
        )
    low = points.filter(~((pl.col("conc") >= 0) & pl.col("conc").is_finite()).fill_null(value=True))
    if low.height:
        raise ParameterError(f"A concentration is a number from 0 on; found {low['conc'][0]:g}. [profile-values]")
