"""Progression of interstitial lung disease by published definitions that disagree: each has its id.

A definition is a list of ways to progress; a way is a list of conditions that all have to hold. An unknown
condition decides only where the rest leaves it to decide.
"""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.disease.items import HAIR, Item, checked, missing
from cart.endpoints.errors import ParameterError

SYMPTOMS, HRCT = "symptoms_worse", "hrct_worse"
ITEMS = (
    Item("fvc_pct_base", "FVC at baseline", 1, 250),
    Item("fvc_pct_fu", "FVC", 0, 250),
    Item("dlco_pct_base", "DLCO at baseline", 1, 250),
    Item("dlco_pct_fu", "DLCO", 0, 250),
)
FINDINGS = (Item(SYMPTOMS, "answer on symptoms"), Item(HRCT, "HRCT"))
_MONTHS = Item("months", "time between", 0, 1200)
_READS = {"fvc": ITEMS[:2], "dlco": ITEMS[2:], SYMPTOMS: FINDINGS[:1], HRCT: FINDINGS[1:]}


@dataclass(frozen=True)
class Fall:
    """A fall of FVC or DLCO in % predicted by ``at_least``: relative (per cent of baseline) or absolute (points)."""

    of: str
    at_least: float
    relative: bool = True


Condition = Fall | str


@dataclass(frozen=True)
class Definition:
    """Ways to progress, each with the name that the answer has, within ``months`` of the baseline."""

    id: str
    ways: tuple[tuple[str, tuple[Condition, ...]], ...]
    months: float
    source: str


_TEN, _FIVE = Fall("fvc", 10), Fall("fvc", 5)
_DLCO = Fall("dlco", 15)
DEFINITIONS = {
    one.id: one
    for one in (
        Definition(
            "omeract-2015",
            (("FVC>=10", (_TEN,)), ("FVC5-10+DLCO>=15", (_FIVE, _DLCO))),
            12,
            "Khanna D et al. J Rheumatol 2015;42:2168-71; as read in PMC9489046 and Eur Respir Rev 2021;30:200340. "
            "Relative change and the months are usage, not read",
        ),
        Definition(
            "inbuild-2019",
            (
                ("FVC>=10", (_TEN,)),
                ("FVC5-10+symptoms", (_FIVE, SYMPTOMS)),
                ("FVC5-10+HRCT", (_FIVE, HRCT)),
                ("symptoms+HRCT", (SYMPTOMS, HRCT)),
            ),
            24,
            "Flaherty KR et al. N Engl J Med 2019;381:1718-27; as read in the table of the European Respiratory Review",
        ),
        Definition(
            "george-2020",
            (
                ("FVC>=10", (_TEN,)),
                ("FVC5-10+DLCO>=15", (_FIVE, _DLCO)),
                ("FVC5-10+HRCT", (_FIVE, HRCT)),
                ("FVC5-10+symptoms", (_FIVE, SYMPTOMS)),
                ("symptoms+HRCT", (SYMPTOMS, HRCT)),
            ),
            24,
            "George PM et al. Lancet Respir Med 2020;8:925-34; as read in PMC8782547, table 2",
        ),
        Definition(
            "cottin-2018",
            (
                ("FVC>=10", (_TEN,)),
                ("DLCO>=15", (_DLCO,)),
                ("FVC5-10+symptoms", (_FIVE, SYMPTOMS)),
                ("FVC5-10+HRCT", (_FIVE, HRCT)),
            ),
            24,
            "Cottin V et al. Eur Respir Rev 2018;27:180076; as read in PMC8782547, table 2",
        ),
        Definition(
            "ats-ers-2022",
            (
                ("symptoms+FVC>=5", (SYMPTOMS, Fall("fvc", 5, relative=False))),
                ("symptoms+DLCO>=10", (SYMPTOMS, Fall("dlco", 10, relative=False))),
                ("HRCT+FVC>=5", (HRCT, Fall("fvc", 5, relative=False))),
                ("HRCT+DLCO>=10", (HRCT, Fall("dlco", 10, relative=False))),
                ("symptoms+HRCT", (SYMPTOMS, HRCT)),
            ),
            12,
            "Raghu G et al. Am J Respir Crit Care Med 2022;205:e18-47; as read in the table of Breathe",
        ),
    )
}


def ild_definition(id: str) -> Definition:
    """Definition of an id.

    Raises
    ------
    ParameterError
        There is none; names those that there are.
    """
    found = DEFINITIONS.get(id)
    if found is None:
        raise ParameterError(
            f"A definition of progression is one of {', '.join(DEFINITIONS)}; found {id!r}. [ild-definition]"
        )
    return found


def ild_progression(rows: pl.DataFrame, *, definition: str) -> pl.DataFrame:
    """Progression from baseline to each follow-up.

    Parameters
    ----------
    rows
        Columns fvc_pct_base, fvc_pct_fu, dlco_pct_base, dlco_pct_fu (% predicted, DLCO corrected for haemoglobin
        where the definition says so); symptoms_worse and hrct_worse (more fibrosis), yes or no, where the definition
        reads them. May have months (from baseline to follow-up): behind the definition's window nothing is said.
    definition
        Id of the definition; stored with the answer, since the definitions disagree.

    Returns
    -------
    Columns rel_fvc_decline, rel_dlco_decline (per cent of baseline, falls are positive), abs_fvc_decline,
    abs_dlco_decline (points of % predicted), progression (yes, no, or null where what is missing decides), way (the
    first one that is met; empty where none is) and reason. One row per row, in the same order.

    Notes
    -----
    A threshold itself counts. ``FVC5-10`` names a fall from 5 to below 10 %; from 10 % the first way is met.

    Source: with each definition in ``DEFINITIONS``.

    >>> rows = pl.DataFrame({"fvc_pct_base": [80, 100, 70, 80], "fvc_pct_fu": [72.0, 90.5, 66.5, 79],
    ...     "dlco_pct_base": [60, 70, None, None], "dlco_pct_fu": [60.0, 59.5, None, None]})
    >>> ild_progression(rows, definition="omeract-2015").select("progression", "way", "reason").rows()
    ... # doctest: +NORMALIZE_WHITESPACE
    [(True, 'FVC>=10', ''), (True, 'FVC5-10+DLCO>=15', ''), (None, '', 'no DLCO at baseline, DLCO'), (False, '', '')]
    """
    chosen = ild_definition(definition)
    conditions = [one for _, way in chosen.ways for one in way]
    read = {one if isinstance(one, str) else one.of: None for one in conditions}
    items = [*ITEMS, *(finding for finding in FINDINGS if finding.name in read)]
    needed = [item for name in read for item in _READS[name]]
    windowed = "months" in rows.columns
    taken = checked(rows, [*items, _MONTHS] if windowed else items).with_columns(_falls())
    ways = {name: pl.all_horizontal(_holds(one) for one in way) for name, way in chosen.ways}
    way = pl.coalesce(*(pl.when(met).then(pl.lit(name)) for name, met in ways.items()), pl.lit(""))
    progression = pl.any_horizontal(*ways.values())
    too_late = pl.col("months") > chosen.months if windowed else pl.lit(value=False)
    no_time = pl.col("months").is_null() if windowed else pl.lit(value=False)
    told = ~(too_late | no_time).fill_null(value=True)
    reason = (
        pl.when(no_time)
        .then(pl.lit(f"no {_MONTHS.label}"))
        .when(too_late)
        .then(pl.lit(f"more than {chosen.months:g} months from baseline"))
        .when(pl.col("progression").is_null())
        .then(missing(needed))
        .otherwise(pl.lit(""))
    )
    return taken.with_columns(
        pl.when(told).then(progression).alias("progression"), pl.when(told).then(way).otherwise(pl.lit("")).alias("way")
    ).select(
        "rel_fvc_decline",
        "rel_dlco_decline",
        "abs_fvc_decline",
        "abs_dlco_decline",
        "progression",
        "way",
        reason.alias("reason"),
    )


def _falls() -> list[pl.Expr]:
    """Falls of both measures, relative and absolute."""
    falls = []
    for name in ("fvc", "dlco"):
        base, later = pl.col(f"{name}_pct_base"), pl.col(f"{name}_pct_fu")
        falls += [
            ((base - later) / base * 100).alias(f"rel_{name}_decline"),
            (base - later).alias(f"abs_{name}_decline"),
        ]
    return falls


def _holds(condition: Condition) -> pl.Expr:
    """Whether a condition holds; null where its value is missing."""
    if isinstance(condition, str):
        return pl.col(condition)
    kind = "rel" if condition.relative else "abs"
    return pl.col(f"{kind}_{condition.of}_decline") >= condition.at_least - HAIR
