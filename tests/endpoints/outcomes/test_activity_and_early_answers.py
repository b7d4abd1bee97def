"""EUSTAR activity with the laboratory's CRP; ACR/EULAR points, VEDOSS level, subset and progression."""

import math

import pytest

from cart.endpoints.errors import ParameterError
from tests.endpoints.cases import answers, frames, observation, on
from tests.endpoints.outcomes.forms import at, dlco, findings, judged, skin, told


def crp(day, value, unit="mg/L"):
    return observation(7, day, value, "CRP", unit=unit, lloq=None)


def active(*, crp_row=None, total=19, **changes):
    given = {
        "skin_scores": [skin(84, total)],
        "global_assessments": [judged(84, 3, 2)],
        "diffusing_capacity": [dlco(84, 6.0)],
        "findings": [findings(84)],
        "ulcer_counts": [{"assessed_on": on(84), "active": 0}],
    }
    rows = [crp_row] if crp_row else [crp(84, "5")]
    return frames(rows, **{**given, **changes})


def test_points_add_up_and_rest_on_forms_and_the_laboratory():
    row = at(active(), "EUSTAR", "M3")
    assert told(row) == (1.5, "not active", "evaluable")
    assert row["evidence"] == [7]
    assert "skin_scores:1" in row["record_evidence"]
    whole = active(ulcer_counts=[{"assessed_on": on(84), "active": 2}])
    assert told(at(whole, "EUSTAR", "M3")) == (3.0, "active", "evaluable")


@pytest.mark.parametrize(
    ("result", "unit", "score"),
    [
        ("10", "mg/L", 1.5),
        ("10.1", "mg/L", 3.75),
        ("1.1", "mg/dL", 3.75),
        ("<5", "mg/L", 1.5),
        (">10", "mg/L", 3.75),
        ("<20", "mg/L", None),
        (">5", "mg/L", None),
        ("10", "nmol/L", None),
        ("99999999", "mg/L", None),
    ],
)
def test_crp_counts_above_one_mg_dl_and_only_where_it_is_known(result, unit, score):
    row = at(active(crp_row=crp(84, result, unit)), "EUSTAR", "M3")
    assert row["value"] == score
    if score is None:
        assert (row["low"], row["high"], row["reason"]) == (1.5, 3.75, "no CRP")


def test_missing_items_leave_bounds_and_words_where_they_agree():
    row = at(active(total=30, findings=[findings(84, tendon_friction_rubs=True)], ulcer_counts=[]), "EUSTAR", "M3")
    assert (row["low"], row["high"], row["text"], row["status"]) == (3.75, 5.25, "active", "bounded")
    assert row["reason"] == "no digital ulcers"


def test_acr_eular_points_at_visits_and_last():
    inputs = frames(
        findings=[findings(-6, raynaud=True, nailfold=None), findings(84, raynaud=True, skin_prox_mcp=True)]
    )
    assert told(at(inputs, "ACREULAR")) == (12.0, "SSc", "evaluable")
    first = frames(findings=[findings(84, raynaud=True, nailfold=None)])
    row = at(first, "ACREULAR", "M3")
    assert (row["low"], row["high"], row["text"], row["reason"]) == (3.0, 5.0, "not SSc", "no nailfold capillaroscopy")


def test_vedoss_level_and_subset_are_those_of_the_first_assessment():
    inputs = frames(
        findings=[
            findings(0, raynaud=True, puffy=True, ana=True, topo1=True, topo1_high=True),
            findings(84, raynaud=True),
        ],
        zeros=[],
    )
    assert told(at(inputs, "VEDOSSLV")) == (2.0, None, "evaluable")
    assert at(inputs, "VEDOSSUB")["text"] == "anti-topo I high"
    assert at(inputs, "VEDOSSUB", subset_rules=["centromere: aca", "others: otherwise"])["text"] == "others"


def test_a_table_of_subsets_that_is_none_is_refused():
    with pytest.raises(ParameterError, match="subset-rules"):
        answers(frames(), "VEDOSSUB", subset_rules=["all"])


BELOW = {"raynaud": True, "puffy": True}
REACHED = {**BELOW, "skin_prox_mcp": True}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, BELOW), (100, BELOW), (200, REACHED), (300, BELOW)], (200.0, 100.0, 200.0, "yes", "evaluable")),
        ([(0, BELOW), (100, BELOW)], (None, 100.0, math.inf, "no", "ongoing")),
        ([(0, BELOW), (100, {**BELOW, "skin_prox_mcp": None})], (None, 0.0, math.inf, "no", "ongoing")),
        ([(0, REACHED), (100, BELOW)], (None, None, None, None, "not-evaluable")),
        ([(0, {**BELOW, "skin_prox_mcp": None}), (9, REACHED)], (None, None, None, None, "not-evaluable")),
        ([(0, BELOW)], (None, None, None, None, "not-evaluable")),
    ],
)
def test_progression_is_the_first_assessment_with_nine_points(rows, expected):
    row = at(frames(findings=[findings(day, **yes) for day, yes in rows], zeros=[]), "VEDOSPRG")
    assert (row["value"], row["low"], row["high"], row["text"], row["status"]) == expected


def test_findings_that_were_not_assessed_are_no_findings():
    empty = {name: None for name in findings(0) if name != "assessed_on"}
    refused = {"assessed_on": on(0), **empty, "not_done": "refused"}
    assert at(frames(findings=[refused]), "ACREULAR")["reason"] == "no findings of the disease"
