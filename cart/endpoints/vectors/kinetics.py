"""Cases of non-compartmental analysis."""

from collections.abc import Mapping

import polars as pl

from cart.endpoints.kinetics.profiles import POINTS, nca_profiles
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, numbers

_METHODS = {"linear": "linear", "lin_up_log_down": "lin-up-log-down", "lin_log": "lin-log"}
_AREAS = {
    "auclast": "auc_last",
    "aucall": "auc_all",
    "aucint_last_0_28": "to_horizon_last",
    "aucint_all_0_28": "to_horizon_all",
}
_TERMINAL = {
    "lambda_z": "lambda_z",
    "half_life": "half_life",
    "r_squared": "r2",
    "adj_r_squared": "adjusted_r2",
    "lambda_z_n_points": "points",
    "lambda_z_time_first": "from_time",
    "lambda_z_time_last": "to_time",
    "clast_pred": "clast_predicted",
    "span_ratio": "span_ratio",
}
_PEAKS = {"cmax": "cmax", "tmax_first": "tmax", "tmax_last": "tmax_last", "tlast": "tlast", "clast_obs": "clast"}
_INFINITE = {
    "aucinf_obs_lin_up_log_down": "auc_inf",
    "aucint_inf_obs_0_28": "to_horizon_inf",
    "pct_extrap": "extrapolated_percent",
}
_WITH_PEAK = {name: f"{name}_tmaxin" for name in _TERMINAL}
HORIZON = 28.0


def profile(row: Row) -> Mapping[str, Found]:
    """A profile through every method of areas, without and with the peak among the terminal points."""
    times, concs = numbers(row["time"]), numbers(row["conc"])
    if len(times) != len(concs) or None in times:
        raise ValueError(f"Each sample has a time; found {len(times)} times and {len(concs)} values. [case-value]")
    points = pl.DataFrame({"profile": [1] * len(times), "time": times, "conc": concs}, schema=POINTS)
    found: dict[str, Found] = {}
    for name, method in _METHODS.items():
        answer = _answer(points, method=method)
        found |= {f"{column}_{name}": answer[field] for column, field in _AREAS.items()}
        if method == "lin-up-log-down":
            found |= {column: answer[field] for column, field in (_PEAKS | _TERMINAL | _INFINITE).items()}
    with_peak = _answer(points, with_peak=True)
    return found | {_WITH_PEAK[column]: with_peak[field] for column, field in _TERMINAL.items()}


def _answer(points: pl.DataFrame, *, method: str = "lin-up-log-down", with_peak: bool = False) -> dict[str, Found]:
    found = nca_profiles(points, horizon=HORIZON, method=method, with_peak=with_peak)
    if not found.height:
        return dict.fromkeys(found.columns)
    answer = found.row(0, named=True)
    if answer["tlast"] is None:
        # Where nothing is quantifiable PKNCA calls the last quantifiable concentration 0, and extrapolates nothing.
        return answer | {"clast": 0.0, "to_horizon_inf": None}
    inside = points.filter(pl.col("conc").is_not_null() & (pl.col("time") <= HORIZON)).sort("time").tail(1)
    if inside.height and inside["conc"][0] == 0 and inside["time"][0] < HORIZON:
        # PKNCA, which computed the cases, joins the last 0 and the 0 at the horizon by a logarithm: 0/0, no number.
        answer |= dict.fromkeys(("to_horizon_last", "to_horizon_all"))
    return answer


RULES = (
    CaseRule(
        "nca_profiles",
        "cart.endpoints.kinetics.profiles.nca_profiles",
        ("time", "conc"),
        (
            *_PEAKS,
            *(f"{column}_{name}" for name in _METHODS for column in _AREAS),
            *_TERMINAL,
            *_INFINITE,
            *_WITH_PEAK.values(),
        ),
        profile,
    ),
)
