"""Red flags from findings, and the table of subsets: first rule that holds, unknown where it could decide."""

import itertools

import polars as pl
import pytest

from cart.endpoints.disease.early import ANTIBODIES, SUBSET_FINDINGS, SUBSETS, red_flags, subsets
from cart.endpoints.errors import ParameterError


def findings(**given):
    names = {*SUBSET_FINDINGS, *ANTIBODIES, "raynaud"}
    return pl.DataFrame({name: [given.get(name, False)] for name in names}, schema=dict.fromkeys(names, pl.Boolean))


@pytest.mark.parametrize("values", list(itertools.product([True, False, None], repeat=4)))
def test_an_antibody_is_there_where_one_is_and_absent_where_all_are_known_to_be(values):
    expected = True if True in values else None if None in values else False
    found = red_flags(findings(**dict(zip(ANTIBODIES, values, strict=True))))
    assert found["ssc_antibody"][0] is expected


@pytest.mark.parametrize("values", list(itertools.product([True, False, None], repeat=3)))
def test_shipped_subsets_agree_with_a_reading_one_by_one(values):
    topo1_high, topo1, aca = values
    pair = (topo1_high, topo1)
    high = False if False in pair else None if None in pair else True
    expected = (
        None if high is None else "anti-topo I high" if high else None if aca is None else
        "anticentromere" if aca else "neither"
    )  # fmt: skip
    found = subsets(findings(topo1_high=topo1_high, topo1=topo1, aca=aca), rules=SUBSETS).row(0, named=True)
    assert found["subset"] == expected
    assert (found["reason"] == "") == (expected is not None)


def test_a_study_replaces_the_table():
    rules = ["ARA: rnap3", "rest: otherwise"]
    assert subsets(findings(rnap3=True), rules=rules)["subset"][0] == "ARA"
    assert subsets(findings(topo1=True), rules=rules)["subset"][0] == "rest"


@pytest.mark.parametrize(
    "rules",
    [
        [],
        ["a: aca"],
        ["a: otherwise", "b: aca"],
        ["a: unknown", "b: otherwise"],
        ["a: aca", "a: otherwise"],
        ["a: aca", "b: aca", "c: otherwise"],
        ["aca", "c: otherwise"],
        [": otherwise"],
    ],
)
def test_a_table_that_is_none_is_refused(rules):
    with pytest.raises(ParameterError, match="subset-rules"):
        subsets(findings(), rules=rules)
