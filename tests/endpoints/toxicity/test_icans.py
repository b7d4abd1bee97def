"""ICANS by the ASTCT: borders of the ICE score, every combination against the table, missing findings."""

import itertools

import polars as pl
import pytest

from cart.endpoints.errors import ParameterError
from cart.endpoints.toxicity.icans import CONSCIOUSNESS, ICE_PARTS, OEDEMA, SEIZURE, icans_grades, ice_score

TYPES = {
    "ice_score": pl.Int64,
    "consciousness": pl.String,
    "seizure": pl.String,
    "deep_focal_motor_weakness": pl.Boolean,
    "icp_oedema": pl.String,
}
WELL = (10, "alert", "none", False, "none")
COMPLETE = list(itertools.product(range(11), CONSCIOUSNESS, SEIZURE, (True, False), OEDEMA))


def graded(rows):
    return icans_grades(pl.DataFrame(rows, schema=TYPES, orient="row")).rows()


def read_in_the_table(ice, consciousness, seizure, weakness, oedema):
    if "unarousable" in consciousness or "prolonged" in seizure or weakness or "diffuse" in oedema:
        return 4
    if ice <= 2 or consciousness == "to_tactile" or "brief" in seizure or "focal" in oedema:
        return 3
    if ice <= 6 or consciousness == "to_voice":
        return 2
    return 1 if ice <= 9 or consciousness == "awakens_spontaneously" else 0


def test_every_complete_assessment_has_the_grade_of_the_table():
    for given, found in zip(COMPLETE, graded(COMPLETE), strict=True):
        grade = read_in_the_table(*given)
        assert found == (grade, grade, ""), given


@pytest.mark.parametrize(("ice", "grade"), [(10, 0), (9, 1), (7, 1), (6, 2), (3, 2), (2, 3), (0, 3), (1, 3)])
def test_borders_of_the_ice_score(ice, grade):
    assert graded([(ice, *WELL[1:])]) == [(grade, grade, "")]


@pytest.mark.parametrize("place", range(5))
def test_one_missing_finding_has_the_bounds_of_what_it_can_be(place):
    holed = [(*given[:place], None, *given[place + 1 :]) for given in COMPLETE]
    possible = {}
    for given, hole in zip(COMPLETE, holed, strict=True):
        possible.setdefault(hole, set()).add(read_in_the_table(*given))
    rows = list(possible)
    for hole, (low, high, reason) in zip(rows, graded(rows), strict=True):
        assert (low, high) == (min(possible[hole]), max(possible[hole]))
        assert (reason == "") == (low == high)


def test_a_subject_that_cannot_be_roused_needs_no_ice_score():
    assert graded([(None, "unarousable_or_vigorous_tactile", "none", False, "none")]) == [(4, 4, "")]
    assert graded([(None, "to_voice", None, False, "none")]) == [(2, 4, "no ICE score, no seizure")]
    assert graded([(None,) * 5])[0][:2] == (None, None)


def test_death_of_the_syndrome_is_grade_5():
    rows = pl.DataFrame([WELL, (None,) * 5], schema=TYPES, orient="row").with_columns(died=pl.lit(value=True))
    assert icans_grades(rows).rows() == [(5, 5, "")] * 2


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ((11, *WELL[1:]), "ice-score"),
        ((-1, *WELL[1:]), "ice-score"),
        ((10, "drowsy", "none", False, "none"), "icans-component"),
        ((10, "alert", "tremor", False, "none"), "icans-component"),
        ((10, "alert", "none", False, "haemorrhage"), "icans-component"),
    ],
)
def test_what_the_scales_do_not_have_is_refused(row, code):
    with pytest.raises(ParameterError, match=rf"\[{code}\]"):
        graded([row])


def test_half_a_point_is_refused():
    rows = pl.DataFrame([(7.5, *WELL[1:])], schema=TYPES | {"ice_score": pl.Float64}, orient="row")
    with pytest.raises(ParameterError, match=r"a whole number from 0 to 10; found 7\.5.*\[ice-score\]"):
        icans_grades(rows)


def test_an_ice_score_is_the_sum_of_its_parts_or_nothing():
    assert ice_score(**ICE_PARTS) == 10
    assert ice_score(**dict.fromkeys(ICE_PARTS, 0)) == 0
    assert ice_score(**(ICE_PARTS | {"writing": None})) is None


@pytest.mark.parametrize("points", [{"naming": 4}, {"orientation": -1}, {"smell": 1}])
def test_points_that_a_part_does_not_have_are_refused(points):
    with pytest.raises(ParameterError, match=r"\[ice-score\]"):
        ice_score(**(ICE_PARTS | points))
    with pytest.raises(ParameterError, match=r"\[ice-score\]"):
        ice_score(orientation=4)
