"""From findings of the disease to the red flags of VEDOSS, and the subsets of early disease."""

from collections.abc import Sequence

import polars as pl

from cart.endpoints.errors import ParameterError

ANTIBODIES = ("aca", "topo1", "rnap3", "other_ssc_antibody")
OTHERWISE = "otherwise"
SUBSET_FINDINGS = ("topo1_high", "topo1", "aca", "rnap3", "ana", "nailfold", "puffy")
# Own design: three subsets by antibody, the first that holds counts.
SUBSETS = ["anti-topo I high: topo1_high", "anticentromere: aca", f"neither: {OTHERWISE}"]


def red_flags(findings: pl.DataFrame) -> pl.DataFrame:
    """The five red flags as ``vedoss_levels`` reads them.

    Parameters
    ----------
    findings
        Yes-or-no columns raynaud, puffy, ana, nailfold, aca, topo1, rnap3, other_ssc_antibody; null where not assessed.

    Returns
    -------
    Columns raynaud, puffy, ana, nailfold_sd, ssc_antibody. One row per row, in the same order.

    Notes
    -----
    An SSc-specific antibody is there where one of the four is; absent only where all four are known to be.

    >>> names = ("raynaud", "puffy", "ana", "nailfold", *ANTIBODIES)
    >>> rows = pl.DataFrame({name: [False, None] for name in names}, schema=dict.fromkeys(names, pl.Boolean))
    >>> red_flags(rows.with_columns(aca=pl.Series([True, False])))["ssc_antibody"].to_list()
    [True, None]
    """
    antibody = pl.any_horizontal(*ANTIBODIES).alias("ssc_antibody")
    return findings.select("raynaud", "puffy", "ana", pl.col("nailfold").alias("nailfold_sd"), antibody)


def check_subsets(rules: Sequence[str]) -> None:
    """Refuse a table of subsets that is no such table.

    Raises
    ------
    ParameterError
        A rule that is not ``NAME: FINDING``, a finding that is not one of ``SUBSET_FINDINGS``, a last rule that is
        not ``NAME: otherwise``, or two rules of one name or finding.
    """
    pairs = [tuple(part.strip() for part in rule.partition(":")[::2]) for rule in rules]
    once = all(len({pair[place] for pair in pairs}) == len(pairs) for place in (0, 1))
    known = all(name and finding in SUBSET_FINDINGS for name, finding in pairs[:-1])
    if not known or not once or not pairs or not pairs[-1][0] or pairs[-1][1] != OTHERWISE:
        raise ParameterError(
            f"A table of subsets has rules 'NAME: FINDING', names and findings once, with a finding of "
            f"{', '.join(SUBSET_FINDINGS)}, and ends with 'NAME: {OTHERWISE}'; found {list(rules)}. [subset-rules]"
        )


def subsets(findings: pl.DataFrame, *, rules: Sequence[str]) -> pl.DataFrame:
    """Subset of each assessment: the name of the first rule whose finding is there.

    Parameters
    ----------
    findings
        Yes-or-no columns of ``SUBSET_FINDINGS``; null where not assessed.
    rules
        Table of subsets, ``NAME: FINDING``, the last one ``NAME: otherwise``.

    Returns
    -------
    Columns subset (null where a finding that is not known could decide) and reason. One row per row, in the same
    order.

    Notes
    -----
    A high anti-topoisomerase I that is not recorded is no, where the antibody itself is negative.

    Source: the three subsets that ship are our own design; a study replaces them.

    >>> rows = pl.DataFrame({name: [False, False, False] for name in SUBSET_FINDINGS}).with_columns(
    ...     topo1_high=pl.Series([True, None, None]), topo1=pl.Series([True, False, True]), aca=pl.lit(True))
    >>> subsets(rows, rules=SUBSETS).rows()
    [('anti-topo I high', ''), ('anticentromere', ''), (None, 'no answer on topo1_high')]
    """
    check_subsets(rules)
    parts = (rule.partition(":") for rule in rules)
    pairs = {finding.strip(): name.strip() for name, _, finding in parts}
    high = pl.col("topo1_high") & pl.col("topo1")
    taken = findings.select(high.alias("topo1_high"), *SUBSET_FINDINGS[1:])
    name, open_at = pl.lit(pairs[OTHERWISE]), pl.lit("")
    for finding in reversed([one for one in pairs if one != OTHERWISE]):
        met = pl.col(finding)
        name = (
            pl.when(met.is_null()).then(pl.lit(None, pl.String)).when(met).then(pl.lit(pairs[finding])).otherwise(name)
        )
        open_at = (
            pl.when(met.is_null()).then(pl.lit(f"no answer on {finding}")).when(met).then(pl.lit("")).otherwise(open_at)
        )
    return taken.select(name.alias("subset"), open_at.alias("reason"))
