"""Progression of ILD: borders of each definition, what is missing, how the definitions disagree."""

import itertools

import polars as pl
import pytest

from cart.endpoints.disease.ild_progression import DEFINITIONS, ild_progression
from cart.endpoints.errors import FrameError, ParameterError

STABLE = {
    "fvc_pct_base": 80.0,
    "fvc_pct_fu": 80.0,
    "dlco_pct_base": 60.0,
    "dlco_pct_fu": 60.0,
    "symptoms_worse": False,
    "hrct_worse": False,
}


def rows(*changes):
    schema = {name: pl.Boolean if name.endswith("worse") else pl.Float64 for name in STABLE}
    return pl.DataFrame([STABLE | change for change in changes], schema=schema)


def progression(definition="omeract-2015", **changes):
    return ild_progression(rows(changes), definition=definition).row(0, named=True)


@pytest.mark.parametrize(
    ("changes", "progressed", "way"),
    [
        ({}, False, ""),
        ({"fvc_pct_fu": 72.0}, True, "FVC>=10"),
        ({"fvc_pct_fu": 72.1}, False, ""),
        ({"fvc_pct_fu": 76.0, "dlco_pct_fu": 51.0}, True, "FVC5-10+DLCO>=15"),
        ({"fvc_pct_fu": 76.1, "dlco_pct_fu": 51.0}, False, ""),
        ({"fvc_pct_fu": 76.0, "dlco_pct_fu": 51.1}, False, ""),
        ({"fvc_pct_fu": 80.0, "dlco_pct_fu": 20.0}, False, ""),
        ({"fvc_pct_fu": 72.0, "dlco_pct_fu": None}, True, "FVC>=10"),
        ({"fvc_pct_fu": 79.0, "dlco_pct_base": None}, False, ""),
        ({"fvc_pct_fu": 76.0, "dlco_pct_fu": None}, None, ""),
        ({"fvc_pct_fu": None}, None, ""),
        ({"fvc_pct_fu": 90.0, "dlco_pct_fu": 80.0}, False, ""),
    ],
)
def test_omeract(changes, progressed, way):
    found = progression(**changes)
    assert (found["progression"], found["way"]) == (progressed, way)
    assert (found["reason"] == "") is (progressed is not None)


def test_declines_are_positive_falls():
    found = progression(fvc_pct_fu=72.0, dlco_pct_fu=66.0)
    names = ("rel_fvc_decline", "abs_fvc_decline", "rel_dlco_decline", "abs_dlco_decline")
    assert [found[name] for name in names] == pytest.approx([10, 8, -10, -6])


def test_decimals_on_the_border_count():
    for base in range(40, 121):
        assert progression(fvc_pct_base=float(base), fvc_pct_fu=round(base * 0.9, 1))["progression"] is True


def test_reasons_name_what_the_definition_reads():
    assert progression(fvc_pct_fu=76.0, dlco_pct_fu=None)["reason"] == "no DLCO"
    assert progression("inbuild-2019", fvc_pct_fu=76.0, dlco_pct_fu=None, hrct_worse=None)["reason"] == "no HRCT"


@pytest.mark.parametrize(
    ("definition", "changes", "progressed"),
    [
        ("inbuild-2019", {"fvc_pct_fu": 76.0, "symptoms_worse": True}, True),
        ("inbuild-2019", {"fvc_pct_fu": 76.1, "symptoms_worse": True}, False),
        ("inbuild-2019", {"symptoms_worse": True, "hrct_worse": True}, True),
        ("inbuild-2019", {"fvc_pct_fu": 76.0, "dlco_pct_fu": 30.0}, False),
        ("george-2020", {"fvc_pct_fu": 76.0, "dlco_pct_fu": 51.0}, True),
        ("cottin-2018", {"dlco_pct_fu": 51.0}, True),
        ("cottin-2018", {"symptoms_worse": True, "hrct_worse": True}, False),
        ("ats-ers-2022", {"fvc_pct_fu": 60.0, "dlco_pct_fu": 30.0}, False),
        ("ats-ers-2022", {"fvc_pct_fu": 75.0, "symptoms_worse": True}, True),
        ("ats-ers-2022", {"fvc_pct_fu": 75.1, "symptoms_worse": True}, False),
        ("ats-ers-2022", {"dlco_pct_fu": 50.0, "hrct_worse": True}, True),
        ("ats-ers-2022", {"dlco_pct_fu": 50.1, "hrct_worse": True}, False),
        ("ats-ers-2022", {"symptoms_worse": True, "hrct_worse": None}, None),
        ("ats-ers-2022", {"symptoms_worse": False, "hrct_worse": None}, False),
    ],
)
def test_other_definitions(definition, changes, progressed):
    assert progression(definition, **changes)["progression"] is progressed


def test_the_definitions_disagree_on_one_subject():
    said = {one: progression(one, dlco_pct_fu=51.0)["progression"] for one in DEFINITIONS}
    assert said == {
        "omeract-2015": False,
        "inbuild-2019": False,
        "george-2020": False,
        "cottin-2018": True,
        "ats-ers-2022": False,
    }


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_a_missing_input_never_decides_against_what_it_could_be(definition):
    choices = [(95.0, 75.0, 71.0), (60.0, 50.0), (False, True), (False, True)]
    names = ("fvc_pct_fu", "dlco_pct_fu", "symptoms_worse", "hrct_worse")
    for missing, options in zip(names, choices, strict=True):
        others = [name for name in names if name != missing]
        for rest in itertools.product(*(choices[names.index(name)] for name in others)):
            known = dict(zip(others, rest, strict=True))
            could_be = {progression(definition, **known, **{missing: option})["progression"] for option in options}
            found = progression(definition, **known, **{missing: None})["progression"]
            assert found is None or could_be == {found}


def test_window_of_the_definition():
    frame = (
        rows({"fvc_pct_fu": 60.0})
        .select(pl.all().repeat_by(3).explode())
        .with_columns(months=pl.Series([12.0, 12.1, None]))
    )
    found = ild_progression(frame, definition="omeract-2015")
    assert found["progression"].to_list() == [True, None, None]
    assert found["reason"].to_list() == ["", "more than 12 months from baseline", "no time between"]


def test_row_order_does_not_matter():
    changes = [{"fvc_pct_fu": fvc, "dlco_pct_fu": dlco} for fvc in (70.0, 76.0, None) for dlco in (50.0, 60.0, None)]
    found = ild_progression(rows(*changes), definition="omeract-2015")
    assert ild_progression(rows(*reversed(changes)), definition="omeract-2015").equals(found.reverse())


def test_what_there_is_none_of_is_refused():
    with pytest.raises(ParameterError, match=r"omeract-2015.*\[ild-definition\]"):
        progression("ours")
    with pytest.raises(ParameterError, match=r"\[disease-value\]"):
        progression(fvc_pct_base=0.0)
    with pytest.raises(FrameError, match=r"hrct_worse.*\[frame-column\]"):
        ild_progression(rows({}).drop("hrct_worse"), definition="ats-ers-2022")
