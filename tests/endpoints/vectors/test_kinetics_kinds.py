"""Right rows agree and wrong rows differ, for cases of non-compartmental analysis."""

import csv

import pytest

from cart.endpoints.vectors.case_files import evaluate_file
from cart.endpoints.vectors.catalogue import case_rule
from cart.endpoints.vectors.kinetics import RULES
from tests.endpoints.vectors.folder import FOLDER, needs_folder

(RULE,) = RULES


@needs_folder
def test_cases_with_their_source_agree():
    found = evaluate_file(FOLDER / "nca_profiles.csv", case_rule("nca_profiles"))
    assert (found.differences, found.cases > 0) == ((), True)


@needs_folder
@pytest.mark.parametrize("column", RULE.expected)
def test_a_wrong_number_in_any_column_differs(tmp_path, column):
    with (FOLDER / "nca_profiles.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    row = next(row for row in rows if row[column] not in ("NA", "0"))
    row[column] = str(float(row[column]) * 1.001 + 1e-3)
    path = tmp_path / "nca_profiles.csv"
    with path.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, row)
        writer.writeheader()
        writer.writerow(row)
    assert [one.column for one in evaluate_file(path, RULE).differences] == [column]


def test_a_sample_without_a_time_counts_as_differing():
    with pytest.raises(ValueError, match=r"\[case-value\]"):
        RULE.evaluate({"time": "0;NA", "conc": "0;1"})


def test_where_pknca_has_no_number_there_is_none():
    found = RULE.evaluate({"time": "0;7;14;21", "conc": "0;800;400;0"})
    assert found["aucint_last_0_28_linear"] is None
    assert found["aucint_inf_obs_0_28"] is not None
    assert RULE.evaluate({"time": "0;7", "conc": "0;0"})["clast_obs"] == 0
    assert RULE.evaluate({"time": "0;7", "conc": "NA;NA"})["cmax"] is None
