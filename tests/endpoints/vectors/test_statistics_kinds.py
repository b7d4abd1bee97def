"""Right rows agree and wrong rows differ, for each kind of case of the statistics."""

import pytest

from cart.endpoints.vectors import statistics
from cart.endpoints.vectors.case_files import evaluate_file
from cart.endpoints.vectors.catalogue import case_rule
from tests.endpoints.vectors.folder import FOLDER, needs_folder

# Kind -> rows that agree, rows that differ; columns as the rule, given ones first.
CASES = {
    "proportion_ci": (
        ["0,3,0.95,0,0.707598226178713,0,0.561497031755045", "0,0,0.95,NA,NA,NA,NA"],
        ["0,3,0.95,0,0.7,0,0.561497031755045", "1.5,3,0.95,0,0.7,0,0.5", "4,3,0.95,0,1,0,1"],
    ),
    "gmt_hl": (
        [
            "GMT_post,120;85,4;1,2,0.000299282442130997,13365.3012569618,2.6651441426902,127.045811242",
            "GMR_paired_post_over_base,2;8;NA,4;4;1,1,0.000149641221065498,6682.65062848088,2.6651441426902,",
            "mean_log2_fold_change,2;8,4;4,0,-12.7062047362,12.7062047362,,",
            "HL_one_sample_walsh_median(post-base),120;85;240,60;20;10,-105,-230,-60,,",
            # With ties R's interval is near, not at, a Walsh average.
            "HL_one_sample_walsh_median(sleep),,-1.2;-2.4;-1.3;-1.3;0;-1;-1.8;-0.8;-4.6;-1.4,-1.3,-2.949921,-1.050018,,",
        ],
        [
            "GMT_post,120;85,4;1,2,0.0003,13366.1,2.6651441426902,127.018671",
            "HL_one_sample_walsh_median(post-base),120;85,60;20;10,-105,-230,-60,,",
            "mode,120;85,60;20,1,1,1,,",
            "GMT_post,,4;0,0,0,0,0,0",
        ],
    ),
    "kaplan_meier": (
        [
            "1;2;3,1;0;1,log-log,1,3,1,0,0.666666666667,0.272165526976,0.0540734267865167,0.945206387272047",
            "1;2;3,1;0;1,plain,3,1,1,0,0,NA,NA,NA",
            "1;2;3,0;0;1,log-log,2,2,0,1,1,0,NA,NA",
        ],
        ["1;2;3,1;0;1,log-log,1,3,1,0,0.5,0.2722,0.0541,0.9452", "1;2;3,1;0;1,log-log,9,3,1,0,0.5,0.2722,0.0541,0.9"],
    ),
    "kaplan_meier_median": (
        ["1;2;5;6,1;1;1;1,log-log,3.5,1,NA,4,4", "1;2;3,0;0;0,log-log,NA,NA,NA,3,0"],
        ["1;2;5;6,1;1;1;1,log-log,2,1,NA,4,4", "1;2;5;6,1;1;1,log-log,3.5,1,NA,4,4"],
    ),
}


def outcome(tmp_path, kind, rows):
    rule = case_rule(kind)
    path = tmp_path / f"{kind}.csv"
    path.write_text("\n".join([",".join((*rule.given, *rule.expected)), *rows]) + "\n")
    return evaluate_file(path, rule)


def test_every_kind_has_cases():
    assert set(CASES) == {rule.name for rule in statistics.RULES}


@pytest.mark.parametrize("kind", sorted(CASES))
def test_right_rows_agree(tmp_path, kind):
    assert outcome(tmp_path, kind, CASES[kind][0]).differences == ()


@pytest.mark.parametrize("kind", sorted(CASES))
def test_wrong_rows_differ(tmp_path, kind):
    wrong = CASES[kind][1]
    assert outcome(tmp_path, kind, wrong).differing == len(wrong)


@needs_folder
@pytest.mark.parametrize("kind", sorted(CASES))
def test_cases_with_their_source_agree(kind):
    found = evaluate_file(FOLDER / f"{kind}.csv", case_rule(kind))
    assert (found.differences, found.cases > 0) == ((), True)
