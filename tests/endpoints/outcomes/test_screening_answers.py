"""DETECT as an endpoint: forms and laboratory values of a visit, what counts from before, units, what is missing."""

import math

import pytest

from tests.endpoints.cases import answers, frames, observation, on
from tests.endpoints.outcomes.forms import at, dlco, findings, fvc

# Of the woman of forms.py: 100 % predicted are 3.359190372584585 L and 7.0971665729883116 mmol/min/kPa.
LITRES, CAPACITY = 3.359190372584585, 7.0971665729883116 / 2
ECHO = {"assessed_on": on(84), "trv_m_s": 2.6, "ra_area_cm2": 14.0, "right_axis_deviation": False}
FIRST = 56.8 + 65 + 50 + (27.5 + 11.3 * math.log10(125)) + 54 + 50


def laboratory(bnp="125", urate="5", bnp_unit="ng/L", urate_unit="mg/dL", day=84):
    rows = [observation(7, day, bnp, "NTPROBNP", unit=bnp_unit)] if bnp else []
    return rows + ([observation(8, day, urate, "URATE", unit=urate_unit)] if urate else [])


def screened(rows=None, **changes):
    given = {
        "spirometry": [fvc(84, LITRES)],
        "diffusing_capacity": [dlco(84, CAPACITY)],
        "findings": [findings(84, telangiectasia=True)],
        "echocardiograms": [ECHO],
    }
    return frames(laboratory() if rows is None else rows, **{**given, **changes})


def told(row):
    return row["value"], row["text"], row["status"]


def test_both_steps_by_hand():
    # FVC 100 % / DLCO 50 %: 28 + 14.4 * 2 = 56.8; telangiectasia 65; no anticentromere 50; urate 5 mg/dL 54; axis 50.
    first, second = at(screened(), "DETECT1", "M3"), at(screened(), "DETECT2", "M3")
    assert told(first) == (pytest.approx(FIRST), "refer", "evaluable")
    # 10 + 0.357 * (step 1 - 300); 4 + 0.375 * 14 = 9.25; 2.6 m/s is a fifth of the way from 10 to 15: 11.
    assert told(second) == (pytest.approx(10 + 0.357 * (FIRST - 300) + 9.25 + 11), "refer", "evaluable")
    assert second["evidence"] == [7, 8]
    assert set(second["record_evidence"]) == {
        "spirometry:1", "diffusing_capacity:1", "findings:1", "echocardiograms:1",
    }  # fmt: skip
    assert at(screened(), "DETECT1")["value"] == first["value"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (laboratory(urate="297.424", urate_unit="umol/L"), FIRST),
        (laboratory(urate="0.297424", urate_unit="mmol/L"), FIRST),
        (laboratory(bnp_unit="pg/mL"), FIRST),
    ],
)
def test_units_are_converted(rows, expected):
    # 5 mg/dL of 168.11 g/mol are 297.4 umol/L.
    assert at(screened(rows), "DETECT1", "M3")["value"] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (laboratory(bnp=None), "no NT-proBNP"),
        (laboratory(bnp="<50"), "no NT-proBNP"),
        (laboratory(bnp_unit="pmol/L"), "no NT-proBNP"),
        (laboratory(day=300), "no NT-proBNP, urate"),
    ],
)
def test_without_the_hormone_there_is_no_total_and_the_reason_is_named(rows, reason):
    row = at(screened(rows), "DETECT1", "M3")
    assert (*told(row), row["reason"]) == (None, None, "not-evaluable", reason)


def test_a_missing_finding_leaves_bounds_and_the_text_where_they_agree():
    without = {**ECHO, "right_axis_deviation": None}
    row = at(screened(echocardiograms=[without]), "DETECT1", "M3")
    assert (row["low"], row["high"]) == (pytest.approx(FIRST), pytest.approx(FIRST + 23))
    assert (row["text"], row["status"], row["reason"]) == ("refer", "bounded", "no answer on right axis deviation")
    second = at(screened(echocardiograms=[without]), "DETECT2", "M3")
    assert told(second) == (None, None, "not-evaluable")


def test_telangiectasia_and_antibody_count_from_before_and_the_last_echo_stands():
    before = [findings(-6, telangiectasia=True, aca=True), findings(84)]
    older = {**ECHO, "assessed_on": on(-10), "trv_m_s": 4.0}
    row = at(screened(findings=before, echocardiograms=[older, ECHO]), "DETECT2", "M3")
    assert row["value"] == pytest.approx(10 + 0.357 * (FIRST + 9 - 300) + 9.25 + 11)
    later = {**ECHO, "assessed_on": on(120), "trv_m_s": 4.0}
    assert (
        at(screened(echocardiograms=[ECHO, later]), "DETECT2", "M3")["value"]
        == at(screened(), "DETECT2", "M3")["value"]
    )


def test_cuts_are_the_studys_and_exactly_the_cut_is_no_referral():
    assert at(screened(), "DETECT1", "M3", echo_above=400.0)["text"] == "no referral"
    total = at(screened(), "DETECT1", "M3")["value"]
    assert at(screened(), "DETECT1", "M3", echo_above=total)["text"] == "no referral"
    assert at(screened(), "DETECT2", "M3", catheter_above=60.0)["text"] == "no referral"


def test_codes_of_the_laboratory_are_parameters():
    rows = [observation(7, 84, "125", "BNPN", unit="ng/L"), *laboratory(bnp=None)]
    assert at(screened(rows), "DETECT1", "M3")["value"] is None
    assert at(screened(rows), "DETECT1", "M3", bnp_analytes=["BNPN"])["value"] == pytest.approx(FIRST)


def test_without_lung_function_or_time_zero_it_says_so():
    assert at(frames(laboratory()), "DETECT1")["reason"] == "no FVC and DLCO at a planned visit"
    assert at(screened(zeros=[]), "DETECT2")["reason"].startswith("no time zero")


def test_order_of_the_rows_and_other_subjects_do_not_matter():
    both = screened(
        subjects=[1, 2],
        spirometry=[fvc(84, LITRES / 2, subject_id=2), fvc(84, LITRES)],
        echocardiograms=[{**ECHO, "subject_id": 2, "trv_m_s": 5.0}, ECHO],
    )
    rows = [row for row in answers(both, "DETECT2") if (row["subject_id"], row["timepoint"]) == (1, "M3")]
    assert [row["value"] for row in rows] == [at(screened(), "DETECT2", "M3")["value"]]
