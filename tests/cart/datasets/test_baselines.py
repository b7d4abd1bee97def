"""BASE and CHG of the endpoint table: of results, of measures, and where there is none."""

import polars as pl
import pytest

from cart.datasets.baselines import with_baselines

ROW = {
    "subject_id": pl.Int64, "PARAMCD": pl.String, "SERIES": pl.String, "AVISIT": pl.String, "PROTDY": pl.Int64,
    "AVAL": pl.Float64, "AVALU": pl.String, "baseline_id": pl.Int64,
}  # fmt: skip
RESULT = {"result_id": pl.Int64, "qualifier": pl.String, "value": pl.Float64, "unit": pl.String}


def told(*rows, results=((7, "=", 640.0, "U/mL"), (8, "<", 20.0, "U/mL"))):
    made = [
        (1, code, series, visit, day, value, unit, baseline) for code, series, visit, day, value, unit, baseline in rows
    ]
    frame = pl.DataFrame(made, schema=ROW, orient="row")
    found = with_baselines(frame, pl.DataFrame(list(results), schema=RESULT, orient="row"))
    assert found.select(frame.columns).equals(frame)
    return found.select("BASE", "BASEU", "CHG").rows()


@pytest.mark.parametrize(
    ("code", "value", "unit", "change"),
    [
        ("TITERPCT", -87.5, "%", -560.0),
        ("TITERLG2", -3.0, "log2", -560.0),
        ("TITER50", 87.5, "%", -560.0),
        ("TITER4F", -25.0, "%", 160.0),
        ("IGPCT", 10.0, "%", 64.0),
        ("TITERCNV", 84.0, "d", None),
        ("TITERPCT", None, "%", None),
    ],
)
def test_change_of_a_result_is_in_the_unit_of_its_baseline(code, value, unit, change):
    assert told((code, "ATA L/k", "M3", 84, value, unit, 7)) == [(640.0, "U/mL", change)]


def test_a_baseline_below_the_limit_is_no_number():
    assert told(("TITERPCT", "ATA L/k", "M3", 84, -50.0, "%", 8)) == [(None, "", None)]


def test_a_measure_and_its_change_have_the_same_baseline_at_each_visit():
    rows = [
        ("MRSS", "", "M3", 84, 18.0, "", None), ("MRSSCHG", "", "M3", 84, -16.0, "", None),
        ("MRSSMCID", "", "M3", 84, -16.0, "", None), ("MRSS", "", "M6", 170, 10.0, "", None),
        ("MRSSCHG", "", "M6", 170, -24.0, "", None), ("HAQDI", "", "M3", 84, 1.125, "", None),
        ("HAQDICHG", "", "M3", 84, -0.875, "", None),
    ]  # fmt: skip
    assert told(*rows) == [
        (34.0, "", -16.0), (34.0, "", -16.0), (34.0, "", -16.0), (34.0, "", -24.0), (34.0, "", -24.0),
        (2.0, "", -0.875), (2.0, "", -0.875),
    ]  # fmt: skip


def test_a_relative_change_gives_back_the_baseline():
    base, later = 77.39960263102152, 69.65964236791937
    rows = [("FVCPP", "", "M3", 84, later, "%", None), ("FVCREL", "", "M3", 84, 100 * (later / base - 1), "%", None)]
    for found in told(*rows):
        assert (found[0], found[1], found[2]) == (pytest.approx(base), "%", pytest.approx(later - base))


@pytest.mark.parametrize(
    "other",
    [
        ("MRSSCHG", "", "M6", 84, -16.0, "", None),
        ("MRSSCHG", "", "M3", 85, -16.0, "", None),
        ("MRSSCHG", "", "M3", 84, None, "", None),
        ("HAQDICHG", "", "M3", 84, -1.0, "", None),
    ],
)
def test_a_measure_without_its_change_at_the_same_place_has_no_baseline(other):
    assert told(("MRSS", "", "M3", 84, 18.0, "", None), other)[0] == (None, "", None)


def test_baseline_of_another_subject_is_none():
    rows = [(1, "MRSS", "", "M3", 84, 18.0, "", None), (2, "MRSSCHG", "", "M3", 84, -16.0, "", None)]
    found = with_baselines(pl.DataFrame(rows, schema=ROW, orient="row"), pl.DataFrame(schema=RESULT))
    assert found["BASE"].to_list() == [None, None]
