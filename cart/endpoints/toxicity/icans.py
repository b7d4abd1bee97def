"""Grade of an immune effector cell-associated neurotoxicity syndrome by the ASTCT consensus, and the ICE score."""

import polars as pl

from cart.endpoints.errors import ParameterError
from cart.endpoints.given import check_whole, check_words, missing

DEFINITION = "ASTCT-2019"
# Lowest ICE score of grades 0, 1, 2; below them 3. Lee et al. 2019, table 4.
ICE_GRADES = ((10, 0), (7, 1), (3, 2))
ICE_MOST = 10
# Points of the parts: orientation to year, month, city, hospital; three objects; a command; a sentence; counting.
ICE_PARTS = {"orientation": 4, "naming": 3, "commands": 1, "writing": 1, "attention": 1}
CONSCIOUSNESS = {
    "alert": 0,
    "awakens_spontaneously": 1,
    "to_voice": 2,
    "to_tactile": 3,
    "unarousable_or_vigorous_tactile": 4,
}
SEIZURE = {"none": 0, "brief_or_eeg_resolving": 3, "prolonged_gt5min_or_repetitive": 4}
OEDEMA = {"none": 0, "focal_oedema": 3, "diffuse_oedema_posturing_cn6_papilloedema_cushing": 4}
WEAKNESS = 4
_SCALES = {"consciousness": CONSCIOUSNESS, "seizure": SEIZURE, "icp_oedema": OEDEMA}
_WORDS = {
    "ice_score": "ICE score",
    "consciousness": "consciousness",
    "seizure": "seizure",
    "deep_focal_motor_weakness": "motor findings",
    "icp_oedema": "intracranial pressure",
}


def icans_grades(rows: pl.DataFrame) -> pl.DataFrame:
    """Grade of each assessment.

    Parameters
    ----------
    rows
        ice_score: 0 to 10 (see ``ice_score``); consciousness, seizure, icp_oedema: words of ``CONSCIOUSNESS``,
        ``SEIZURE`` and ``OEDEMA``; deep_focal_motor_weakness: hemiparesis or paraparesis (true, false, null). May have
        died: death of the syndrome.

    Returns
    -------
    Columns low, high (grades 0 to 5 that the assessment can have; null where nothing is known) and reason (why not one
    grade; empty where it is one). Rows keep their order; each is graded by itself.

    Notes
    -----
    Grade = worst of the five. ICE 7-9 is 1, 3-6 is 2, 0-2 is 3; 10 alone is no ICANS. An ICE score of 0 of a subject
    who is awake (global aphasia) is 3, of one who cannot be roused 4: consciousness decides that. Tremor, myoclonus and
    intracranial hemorrhage do not count. A missing finding leaves bounds unless the others decide. Children under 12
    are assessed with the CAPD in place of the ICE score: not graded here.

    Source: Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638 (also PMC8403007, table 4).

    Raises
    ------
    ParameterError
        A word that a scale does not have, or an ICE score that is no whole number from 0 to 10.

    Examples
    --------
    >>> rows = pl.DataFrame({"ice_score": [8, 0, None], "consciousness": ["alert", "alert", "to_tactile"],
    ...     "seizure": ["none"] * 3, "deep_focal_motor_weakness": [False] * 3, "icp_oedema": ["none", "none", None]})
    >>> icans_grades(rows).rows()
    [(1, 1, ''), (3, 3, ''), (3, 4, 'no ICE score, no intracranial pressure')]
    """
    check_whole(rows, "ice_score", high=ICE_MOST, code="[ice-score]")
    for column, scale in _SCALES.items():
        check_words(rows, column, scale, "[icans-component]")
    findings = [(_of_ice(), 3), (pl.col("deep_focal_motor_weakness").cast(pl.Int8) * WEAKNESS, WEAKNESS)]
    findings += [
        (pl.col(column).replace_strict(scale, default=None, return_dtype=pl.Int8), max(scale.values()))
        for column, scale in _SCALES.items()
    ]
    died = pl.col("died").fill_null(value=False) if "died" in rows.columns else pl.lit(value=False)
    unknown = pl.all_horizontal(pl.col(name).is_null() for name in _WORDS) & ~died
    low = pl.max_horizontal(grade.fill_null(0) for grade, _ in findings)
    high = pl.max_horizontal(grade.fill_null(most) for grade, most in findings)
    graded = rows.select(
        *(
            pl.when(unknown).then(None).when(died).then(5).otherwise(grade).cast(pl.Int8).alias(name)
            for name, grade in (("low", low), ("high", high))
        ),
        missing(_WORDS).alias("reason"),
    )
    decided = pl.col("low") == pl.col("high")
    return graded.with_columns(pl.when(decided).then(pl.lit("")).otherwise("reason").alias("reason"))


def ice_score(**points: int | None) -> int | None:
    """Sum of the parts of an ICE score; None where a part was not asked.

    Parameters
    ----------
    **points
        Each part of ``ICE_PARTS``, from 0 to its points there: orientation 4, naming 3, commands, writing, attention 1.

    Raises
    ------
    ParameterError
        Other parts, or points that a part does not have.

    >>> ice_score(orientation=4, naming=3, commands=1, writing=0, attention=1)
    9
    """
    if points.keys() != ICE_PARTS.keys():
        raise ParameterError(
            f"The parts of an ICE score are {', '.join(ICE_PARTS)}; found {', '.join(points)}. [ice-score]"
        )
    for name, most in ICE_PARTS.items():
        found = points[name]
        if found is not None and not 0 <= found <= most:
            raise ParameterError(f"The points of {name} are from 0 to {most}; found {found}. [ice-score]")
    asked = [found for found in points.values() if found is not None]
    return sum(asked) if len(asked) == len(ICE_PARTS) else None


def ice_scores(prefix: str) -> pl.Expr:
    """:func:`ice_score` of columns ``prefix`` + part; null where a part was not asked.

    >>> rows = pl.DataFrame({"ice_orientation": [4, 4], "ice_naming": [3, 3], "ice_commands": [1, 1],
    ...     "ice_writing": [0, None], "ice_attention": [1, 1]})
    >>> rows.select(ice_scores("ice_")).to_series().to_list()
    [9, None]
    """
    return pl.sum_horizontal((pl.col(f"{prefix}{part}") for part in ICE_PARTS), ignore_nulls=False)


def _of_ice() -> pl.Expr:
    grade: pl.Expr = pl.when(pl.col("ice_score").is_not_null()).then(3)
    for score, of_score in reversed(ICE_GRADES):
        grade = pl.when(pl.col("ice_score") >= score).then(of_score).otherwise(grade)
    return grade
