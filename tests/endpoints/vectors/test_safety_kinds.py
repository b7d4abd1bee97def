"""Small files made by hand, of every kind of toxicity, escalation and dosing: right rows agree, wrong ones differ."""

import pytest

from cart.endpoints.vectors import dosing, escalation, toxicity
from cart.endpoints.vectors.case_files import evaluate_file
from cart.endpoints.vectors.catalogue import case_rule

NEVER_LOW = ";".join(["2000"] * 31)
NEVER_HIGH = ";".join(["400"] * 31)
# Kind: rows that are right, rows of which one value is wrong. Columns as in the rule, given ones first.
CASES = {
    "crs_astct": (
        [
            "1,0,no_pressor,none,2",
            "NA,1,multiple_pressors_excl_vasopressin,NA,4",
            "0,1,none,none,grade 1 or resolved: protocol decision",
            "1,0,NA,none,NA",
            "0,0,,,0",
        ],
        ["1,0,no_pressor,none,3", "1,0,none,none,", "1,0,NA,none,1"],
    ),
    "icans_astct": (
        ["9,alert,none,0,none,1", "10,alert,none,0,none,0", "NA,to_tactile,none,0,none,3", ",alert,none,0,none,"],
        ["9,alert,none,0,none,0", "9,asleep,none,0,none,1"],
    ),
    "icaht_early": (
        [
            f"{NEVER_LOW},0,0,0,0,0,0",
            f"{NEVER_HIGH},31,0,4,31,0,4",
            "400;400;NA,2,0,4,2,0,4",
            "2000;NA;2000,0,0,0,0,0,0",
            ",,,,,,",
        ],
        [f"{NEVER_HIGH},31,0,3,31,0,4", f"{NEVER_LOW},0,0,0,0,1,0"],
    ),
    "icaht_late": (["1200;1400,1", "90;2000,0", "1450,1", "90;NA;1500,4", ",", "NA,"], ["1200;1400,2", "1450,0"]),
    "t_icaht_early": (["7,0,2", "20,14,4", "6,NA,", "0,NA,0"], ["7,0,1", "5,6,3"]),
    "car_hematotox": (["100,1000,10,1,100,2,high", "100,NA,10,1,100,NA,"], ["100,1000,10,1,100,2,low"]),
    "three_plus_three": (
        ["1NNN 2NTT,5,FALSE,FALSE,1,FALSE", "1TTT,5,TRUE,TRUE,NA,FALSE", ",5,FALSE,TRUE,1,TRUE"],
        ["1NNN 2NTT,5,TRUE,FALSE,1,FALSE", "1NNN 1N,5,FALSE,TRUE,1,TRUE"],
    ),
    "boin_path": (["1NNN 2NTT,5,0.3,1,true", "1TTT,5,0.3,NA,false"], ["1TTT,5,0.3,1,true", "1TTT,5,x,1,true"]),
    "boin_lambda": (["0.3,0.18,0.42,0.236491,0.358519", "0.3,,NA,0.236491,0.358519"], ["0.3,0.18,0.42,0.24,0.36"]),
    "boin_boundaries": (["0.3,0.95,6,1,3,4,4", "0.3,0.95,2,0,1,NA,NA"], ["0.3,0.95,6,1,3,4,5", "0.3,0.95,2.5,0,1,,"]),
    "pocock_toxicity": (
        ["2,0.3,0.1,2,0.09,0.09,2", "2,0.3,0.1,1,0.09,0.09,"],
        ["2,0.3,0.1,1,0.09,0.09,1", "2,0.3,0.1,3,0.09,0.09,"],
    ),
    "bayes_toxicity": (["0.3,1,1,3,0.95,3,0.9919", "0.5,1,1,2,0.95,NA,NA"], ["0.3,1,1,3,0.95,2,0.9919"]),
    "bsa": (["180,80,2,1.9964,2.0066", "180,NA,,,"], ["180,80,2,2,2"]),
    "renal_function": (
        ["1,68,M,72,72,81.98055", "1,17,M,72,NA,NA", "1,68,M,NA,NA,81.98055"],
        ["1,68,F,72,72,81.98055"],
    ),
    "renal_function_published": (
        ["CKD-EPI,1.09,mg/dL,55,M,NA,0,80", "CRCL,1.09,mg/dL,55,M,90,0,97", "CRCL,1.09,mg/dL,55,M,NA,0,NA"],
        ["CKD-EPI,1.09,mg/dL,55,F,NA,0,80", "MDRD,1.09,mg/dL,55,M,90,0,70"],
    ),
    "fludarabine_renal": (["79.9,1.5,20,30,0.8", "29,1.5,,,", "60,NA,20,NA,0.8"], ["79.9,1.5,25,37.5,1"]),
    "cart_dose": (
        ["20,1e7,0.9,0.8,0.5,72,2e8,1.8e8,7.2e7,1e6", "20,1e7,0.9,NA,0.5,72,2e8,1.8e8,NA,NA"],
        ["20,1e7,0.9,0.8,0.5,72,2e8,1.8e8,9e7,1.25e6", "20,1e7,90,0.8,0.5,72,2e8,1.8e8,7.2e7,1e6"],
    ),
    "cart_dual_ratio": (["1.5e6,1e6,2.5e6,1.5", "1e6,0,1e6,"], ["1.5e6,1e6,2.5e6,1.4"]),
}


def outcome(tmp_path, kind, rows):
    rule = case_rule(kind)
    path = tmp_path / f"{kind}.csv"
    path.write_text("\n".join([",".join((*rule.given, *rule.expected)), *rows]) + "\n")
    return evaluate_file(path, rule)


def test_every_kind_has_cases():
    assert set(CASES) == {rule.name for module in (toxicity, escalation, dosing) for rule in module.RULES}


@pytest.mark.parametrize("kind", sorted(CASES))
def test_right_rows_agree(tmp_path, kind):
    assert outcome(tmp_path, kind, CASES[kind][0]).differences == ()


@pytest.mark.parametrize("kind", sorted(CASES))
def test_wrong_rows_differ(tmp_path, kind):
    wrong = CASES[kind][1]
    found = outcome(tmp_path, kind, wrong)
    assert (found.cases, found.differing) == (len(wrong), len(wrong))
