"""Files as somebody else writes them: other values by other programs, and everything that is no value at all."""

import csv
import math
import random

import pyspiro
import pytest
from lifelines import KaplanMeierFitter
from scipy import stats

from cart.endpoints.proof.installation import SHIPPED
from cart.endpoints.vectors.case_files import CaseFileError, evaluate_file, whole
from cart.endpoints.vectors.catalogue import CASE_RULES, case_rule

# What people, spreadsheets and other programs put where a value belongs.
NO_VALUES = (
    "", "NA", "NaN", "nan", "inf", "-inf", "None", "null", "abc", "-1", "-0", "0", "1", "2.5", "1e400", "1e308",
    "1e-400", "-1e308", "1_000", "1,5", "=1", "+5", "5.", ".5", "0x10", "\u00a012", "\u0663", "9" * 400, "12;", ";",
    "1;2;x", ";;;", "<10", ">5", "<", "1:0", "<1:0", "1:1e400", "TRUE", "true", "31", "99999999999", "0NNN", "99NNN",
    "1NTX", "\n", "'", '"',
)  # fmt: skip


def written(folder, kind, rows, heads=None, **how):
    rule = case_rule(kind)
    path = folder / f"{kind}.csv"
    with path.open("w", newline="", encoding=how.pop("encoding", "utf-8")) as file:
        writer = csv.writer(file, **how)
        writer.writerow(heads or [*rule.given, *rule.expected])
        writer.writerows(rows)
    return path


def shipped(kind):
    with (SHIPPED / f"{kind}.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("kind", sorted(CASE_RULES))
def test_no_value_ends_in_a_traceback_and_the_totals_add_up(tmp_path, kind):
    rule, dice = case_rule(kind), random.Random(kind)
    rows = []
    for _ in range(60):
        row = dict(dice.choice(shipped(kind)))
        for column in dice.sample(rule.given, k=min(len(rule.given), dice.choice((1, 1, 2)))):
            row[column] = dice.choice(NO_VALUES)
        for column in dice.sample(rule.expected, k=1):
            row[column] = dice.choice((row[column], *NO_VALUES))
        rows.append([row[name] for name in (*rule.given, *rule.expected)])
    found = evaluate_file(written(tmp_path, kind, rows), rule)
    assert found.cases == len(rows) == found.agreeing + found.differing
    assert {one.line for one in found.differences} == {
        one.line for one in found.differences if one.column in ("", *rule.expected)
    }
    assert len({one.line for one in found.differences}) == found.differing
    # A refusal is a sentence with its code.
    assert all(one.found.endswith("]") for one in found.differences if not one.column)


@pytest.mark.parametrize("kind", sorted(CASE_RULES))
def test_no_given_value_is_left_unread(tmp_path, kind):
    """A row whose every given cell is nonsense never agrees with a whole expected row."""
    rule = case_rule(kind)
    row = next(one for one in shipped(kind) if all(one[name] not in ("", "NA") for name in rule.expected[:1]))
    nonsense = ["nonsense"] * len(rule.given) + [row[name] for name in rule.expected]
    assert evaluate_file(written(tmp_path, kind, [nonsense]), rule).differing == 1


@pytest.mark.parametrize("kind", sorted(CASE_RULES))
def test_the_way_a_file_is_written_does_not_matter(tmp_path, kind):
    """Columns in another order and unknown ones, a byte order mark, line ends of Windows, quotes, blank lines."""
    rule, rows = case_rule(kind), shipped(kind)
    heads = ["id", *reversed((*rule.given, *rule.expected)), "remark"]
    content = [["7", *(row[name] for name in heads[1:-1]), "a, remark\nof two lines"] for row in rows]
    path = written(
        tmp_path, kind, [*content, [], []], heads, encoding="utf-8-sig", lineterminator="\r\n", quoting=csv.QUOTE_ALL
    )
    found = evaluate_file(path, rule)
    assert (found.cases, found.differences) == (len(rows), ())


HEAD = b"day,half_life_d,fraction_remaining,log2_change"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "case-columns"),
        (b"\xef\xbb\xbf", "case-columns"),
        (b"\n\n", "case-columns"),
        (HEAD.replace(b",", b";") + b"\n7;7;0.5;-1\n", "case-columns"),
        (HEAD + b",day\n7,7,0.5,-1,8\n", "case-columns"),
        (HEAD.upper() + b"\n7,7,0.5,-1\n", "case-columns"),
        (HEAD + b'\n7,7,0.5,"-1\n', "case-file"),
        (HEAD + b'\n7,7,0.5,"-1"x\n', "case-file"),
        (HEAD + b"\n7,7,0.5\n", "case-file"),
        (HEAD + b"\n7,7,0.5,-1,9\n", "case-file"),
        (HEAD + b"\n7,7,0.5," + b"9" * 200_000 + b"\n", "case-file"),
        (HEAD.decode().encode("utf-16"), "case-file"),
        (HEAD + b"\n7,7,0.5,\xe9\n", "case-file"),
        (b"PK\x03\x04\x14\x00\x06\x00", "case-columns"),
    ],
)
def test_a_file_that_is_no_case_file_is_refused_with_its_code(tmp_path, content, code):
    path = tmp_path / "igg_passive_decay.csv"
    path.write_bytes(content)
    with pytest.raises(CaseFileError, match=rf"\[{code}\]"):
        evaluate_file(path, case_rule(path.stem))


def test_a_heading_alone_has_no_cases_and_a_folder_is_no_file(tmp_path):
    path = tmp_path / "igg_passive_decay.csv"
    path.write_bytes(HEAD + b"\n")
    found = evaluate_file(path, case_rule(path.stem))
    assert (found.cases, found.agreeing, found.differing) == (0, 0, 0)
    with pytest.raises(CaseFileError, match=r"\[case-file\]"):
        evaluate_file(tmp_path, case_rule(path.stem))


def test_a_no_break_space_is_no_part_of_a_number(tmp_path):
    plain, strange = [" 7", "7 ", "0.5", "-1"], ["\u00a07", "7", "0.5", "-1"]
    found = evaluate_file(written(tmp_path, "igg_passive_decay", [plain, strange]), case_rule("igg_passive_decay"))
    assert [one.line for one in found.differences] == [3]


def test_a_number_to_count_to_is_whole_and_not_without_end():
    assert whole("12.0", low=1, high=12) == 12
    for text in ("1.5", "13", "0", "1e308", "", "-3"):
        with pytest.raises(ValueError, match=r"\[case-value\]"):
            whole(text, low=1, high=12)


def agree(tmp_path, kind, rows):
    found = evaluate_file(written(tmp_path, kind, rows), case_rule(kind))
    assert (found.cases, found.differences) == (len(rows), ())


def test_proportions_of_scipy_agree(tmp_path):
    rows = []
    for subjects in (1, 3, 9, 18, 50):
        for events in range(0, subjects + 1, max(1, subjects // 5)):
            for confidence in (0.8, 0.9, 0.95, 0.99):
                test = stats.binomtest(events, subjects)
                ends = [
                    end
                    for method in ("exact", "wilson")
                    for end in test.proportion_ci(confidence_level=confidence, method=method)
                ]
                rows.append([events, subjects, confidence, *map(repr, map(float, ends))])
    agree(tmp_path, "proportion_ci", rows)


def test_curves_of_lifelines_agree(tmp_path):
    dice, rows = random.Random(3), []
    for _ in range(12):
        times = [dice.randint(1, 200) for _ in range(9)]
        events = [int(dice.random() < 0.7) for _ in times]
        fitted = KaplanMeierFitter().fit(times, events)
        table, ends = fitted.event_table, fitted.confidence_interval_
        spread = 0.0
        for time in sorted(set(times)):
            at_risk, observed = int(table.loc[time, "at_risk"]), int(table.loc[time, "observed"])
            survival = float(fitted.survival_function_.loc[time].iloc[0])
            spread += observed / (at_risk * (at_risk - observed)) if at_risk > observed else 0.0
            if 0 < survival < 1:
                low, high = (float(end) for end in ends.loc[time])
                numbers = [at_risk, observed, int(table.loc[time, "censored"]), survival, survival * math.sqrt(spread)]
                given = [";".join(map(str, times)), ";".join(map(str, events)), "log-log", time]
                rows.append([*given, *numbers, f"{low:.9f}", f"{high:.9f}"])
    agree(tmp_path, "kaplan_meier", rows)


def test_half_lives_of_scipy_agree(tmp_path):
    dice, rows = random.Random(4), []
    for points in (3, 4, 6, 9):
        for _ in range(5):
            days = sorted(dice.sample(range(0, 300), points))
            values = [round(900 * 2 ** (-day / 30) * dice.uniform(0.95, 1.05), 6) for day in days]
            fit = stats.linregress(days, [math.log(value) for value in values])
            half = stats.t.ppf(0.975, points - 2) * fit.stderr
            low, high = (math.log(2) / (-fit.slope + sign * half) for sign in (1, -1))
            texts = [";".join(map(str, days)), ";".join(map(str, values))]
            life = math.log(2) / -fit.slope
            upper = "Inf" if high < 0 else f"{high:.8f}"
            rows.append([*texts, f"{-fit.slope:.10f}", life, f"{low:.8f}", upper, f"{fit.rvalue**2:.9f}", life / 21])
    agree(tmp_path, "titre_half_life", rows)


def test_posteriors_of_scipy_agree(tmp_path):
    rows = []
    for p0 in (0.2, 0.25, 0.3):
        for subjects in range(1, 19):
            for cutoff in (0.8, 0.9, 0.95):
                tails = [stats.beta.sf(p0, 0.5 + x, 0.5 + subjects - x) for x in range(subjects + 1)]
                stop = next((x for x, tail in enumerate(tails) if tail > cutoff), None)
                found = ["NA", "NA"] if stop is None else [stop, float(tails[stop])]
                rows.append([p0, 0.5, 0.5, subjects, cutoff, *found])
    agree(tmp_path, "bayes_toxicity", rows)


def test_boundaries_of_every_level_agree(tmp_path):
    rows = []
    for subjects, rate in ((4, 0.2), (6, 0.3), (7, 0.25)):
        rule = case_rule("pocock_toxicity")
        found = rule.evaluate({"K": str(subjects), "theta0": str(rate), "phi": "0.1", "n_treated": str(subjects)})
        alpha = found["pointwise_alpha"]
        for treated in range(1, subjects + 1):
            # By every possible course of so many subjects.
            stop = next((b for b in range(treated + 1) if stats.binom.sf(b - 1, treated, rate) <= alpha), "")
            overall = found["overall_stop_prob_at_theta0"]
            rows.append([subjects, rate, 0.1, treated, alpha, overall, stop])
        assert found["overall_stop_prob_at_theta0"] <= 0.1 + 1e-12
    agree(tmp_path, "pocock_toxicity", rows)


def test_reference_values_of_pyspiro_agree_at_quarters_of_a_year(tmp_path):
    oracle, rows = pyspiro.GLI_2017(), []
    for age in (18.25, 33.5, 56.0, 71.75):
        for sex in ("M", "F"):
            for height in (1.55, 1.82):
                body = {"sex": int(sex == "M"), "age": age, "height": round(height * 100)}
                shape, median, spread = map(float, oracle.lms(**body, parameter=1, value=7.0))
                z = ((7.0 / median) ** shape - 1) / (shape * spread)
                limit = median * (1 - 1.645 * shape * spread) ** (1 / shape)
                found = [shape, median, spread, median, limit, 700 / median, z]
                rows.append(["GLI-2017-TLCO(corr2020)-SI", "TLCO", age, height, sex, "", 7.0, *map(repr, found)])
    agree(tmp_path, "gli_lung_function", rows)
