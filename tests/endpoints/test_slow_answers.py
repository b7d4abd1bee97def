"""Answers of many subjects against a slow reading of each rule, one subject and one number at a time."""

import itertools
import math
import random

import pytest

from cart.endpoints.catalogue import evaluate
from tests.endpoints.cases import frames, on, treatment
from tests.endpoints.outcomes.forms import dlco, findings, fvc, haq, judged, skin

SUBJECTS = range(1, 41)
EQUIVALENT = {"Dexamethasone": 0.75, "Methylprednisolone": 4.0, "Prednisone": 5.0, "Hydrocortisone": 20.0}


def by_subject(inputs, code, timepoint=""):
    answers = evaluate(inputs).to_dicts()
    return {row["subject_id"]: row for row in answers if (row["code"], row["timepoint"]) == (code, timepoint)}


@pytest.fixture(scope="module")
def course():
    """Forms of every subject at baseline and month 3, and the numbers they were made of."""
    dice = random.Random(5)
    made, rows = {}, {name: [] for name in ("skin", "haq", "globals", "fvc", "dlco", "findings", "echo", "scan")}
    for subject in SUBJECTS:
        one = {
            "mrss": (dice.randint(1, 51), dice.randint(0, 51)),
            "haq": (dice.randint(1, 3), dice.randint(0, 3)),
            "patient": (dice.randint(1, 10), dice.randint(0, 10)),
            "physician": (dice.randint(1, 10), dice.randint(0, 10)),
            # Above 85 % of the first: no event of step 1.
            "fvc": (base := dice.uniform(2, 4), base * dice.uniform(0.86, 1.2)),
            "dlco": (dice.uniform(4, 7), dice.uniform(4, 7)),
        }
        made[subject] = one
        for place, day in enumerate((-6, 84)):
            own = {"subject_id": subject}
            rows["skin"].append(skin(day, one["mrss"][place], **own))
            rows["haq"].append(haq(day, one["haq"][place], **own))
            rows["globals"].append(judged(day, one["patient"][place], one["physician"][place], **own))
            rows["fvc"].append(fvc(day, one["fvc"][place], **own))
            rows["dlco"].append(dlco(day, one["dlco"][place], **own))
            rows["findings"].append(findings(day, **own))
        rows["echo"].append({"assessed_on": on(80), "lvef_pct": 60.0, "subject_id": subject})
        rows["scan"].append({"assessed_on": on(-10), "ild": True, "comparison": "first", "subject_id": subject})
    for name in ("skin", "haq", "globals", "fvc", "dlco", "findings"):
        dice.shuffle(rows[name])
    inputs = frames(
        subjects=SUBJECTS,
        skin_scores=rows["skin"],
        questionnaires=rows["haq"],
        global_assessments=rows["globals"],
        spirometry=rows["fvc"],
        diffusing_capacity=rows["dlco"],
        findings=rows["findings"],
        echocardiograms=rows["echo"],
        hrct_scans=rows["scan"],
    )
    return made, inputs


def test_skin_changes_agree_with_a_reading_of_the_rule(course):
    made, inputs = course
    changes, differences = by_subject(inputs, "MRSSCHG", "M3"), by_subject(inputs, "MRSSMCID", "M3")
    words = set()
    for subject, one in made.items():
        base, later = one["mrss"]
        size = abs(later - base)
        large = size > 5 and 4 * size >= base
        word = "stable" if not large else "improvement" if later < base else "progression"
        assert (changes[subject]["value"], changes[subject]["text"]) == (later - base, word)
        assert differences[subject]["text"] == ("yes" if base - later >= 5 else "no")
        words.add(word)
    assert words == {"stable", "improvement", "progression"}


def test_haq_changes_agree_with_a_subtraction(course):
    made, inputs = course
    found = by_subject(inputs, "HAQDICHG", "M3")
    assert {subject: row["value"] for subject, row in found.items()} == {
        subject: one["haq"][1] - one["haq"][0] for subject, one in made.items()
    }


def test_probabilities_agree_with_the_published_formula(course):
    made, inputs = course
    found, percent = by_subject(inputs, "CRISS", "M3"), by_subject(inputs, "FVCPP", "M3")
    before = {row["subject_id"]: row["value"] for row in evaluate(inputs).to_dicts() if row["code"] == "FVCREL"}
    for subject, one in made.items():
        later = percent[subject]["value"]
        base = later / (1 + before[subject] / 100)
        changes = {name: pair[1] - pair[0] for name, pair in one.items()}
        x = -5.54 - 0.81 * changes["mrss"] + 0.21 * (later - base)
        x += -0.40 * changes["patient"] - 0.44 * changes["physician"] - 3.41 * changes["haq"]
        assert found[subject]["value"] == pytest.approx(1 / (1 + math.exp(-x)), rel=1e-9)
        assert found[subject]["text"] == ("improved" if 1 / (1 + math.exp(-x)) >= 0.6 else "not improved")


def test_improved_items_agree_with_a_count(course):
    made, inputs = course
    found = by_subject(inputs, "CRISSREV", "M3")
    for subject, one in made.items():
        lower = [pair for name, pair in one.items() if name in ("mrss", "haq", "patient", "physician")]
        count = sum(5 * (base - later) >= base for base, later in lower)
        count += one["fvc"][1] >= 1.05 * one["fvc"][0]
        assert (found[subject]["value"], found[subject]["text"]) == (count, "yes" if count >= 3 else "no")


def test_serial_declines_agree_with_the_thresholds(course):
    made, inputs = course
    found, words = by_subject(inputs, "DECLINE"), set()
    for subject, one in made.items():
        lost = {name: 1 - one[name][1] / one[name][0] for name in ("fvc", "dlco")}
        word = "yes" if lost["fvc"] >= 0.10 or (lost["fvc"] >= 0.05 and lost["dlco"] >= 0.15) else "no"
        assert found[subject]["text"] == word
        words.add(word)
    assert words == {"yes", "no"}


ANTIBODIES = ("topo1", "topo1_high", "aca")


def test_subsets_are_those_of_every_completion():
    states = list(itertools.product((True, False, None), repeat=3))
    rows = [
        findings(0, subject_id=subject, **dict(zip(ANTIBODIES, state, strict=True)))
        for subject, state in enumerate(states, start=1)
    ]
    found = by_subject(frames(findings=rows, subjects=range(1, 28), zeros=[]), "VEDOSSUB")
    for subject, state in enumerate(states, start=1):
        # A high titer of an antibody that is not there is none.
        possible = {
            "anti-topo I high" if topo1 and high else "anticentromere" if aca else "neither"
            for topo1, high, aca in itertools.product(*((True, False) if one is None else (one,) for one in state))
        }
        assert found[subject]["text"] == (possible.pop() if len(possible) == 1 else None)


SCORED = {
    "sclerodactyly": 4, "puffy": 2, "tip_ulcer": 2, "pitting": 3, "telangiectasia": 2, "nailfold": 2, "raynaud": 3,
}  # fmt: skip


def points(yes):
    """ACR/EULAR points of the findings above, the heavier of fingers and of tips."""
    found = {name: weight for name, weight in SCORED.items() if name in yes}
    fingers = max(found.pop("sclerodactyly", 0), found.pop("puffy", 0))
    tips = max(found.pop("tip_ulcer", 0), found.pop("pitting", 0))
    return fingers + tips + sum(found.values())


def test_progressions_are_those_of_a_walk_over_the_assessments():
    dice = random.Random(7)
    rows, made = [], {}
    for subject in SUBJECTS:
        days = sorted(dice.sample(range(400), dice.randint(1, 5)))
        made[subject] = [(day, {name for name in SCORED if dice.random() < 0.35}) for day in days]
        rows += [findings(day, subject_id=subject, **dict.fromkeys(yes, True)) for day, yes in made[subject]]
    dice.shuffle(rows)
    found = by_subject(frames(findings=rows, subjects=SUBJECTS, zeros=[]), "VEDOSPRG")
    ends = set()
    for subject, walk in made.items():
        reached = next((day for day, yes in walk if points(yes) >= 9), None)
        row, first = found[subject], walk[0][0]
        if points(walk[0][1]) >= 9 or len(walk) == 1:
            assert row["status"] == "not-evaluable"
        elif reached is None:
            assert (row["status"], row["low"]) == ("ongoing", walk[-1][0] - first)
        else:
            below = max(day for day, _ in walk if day < reached)
            assert (row["value"], row["low"]) == (reached - first, below - first)
        ends.add(row["status"])
    assert ends == {"evaluable", "ongoing", "not-evaluable"}


def test_cumulative_doses_are_sums():
    dice = random.Random(9)
    rows, tocilizumab, steroid = [], dict.fromkeys(SUBJECTS, 0.0), dict.fromkeys(SUBJECTS, 0.0)
    for number in range(1, 400):
        subject, day = dice.choice(SUBJECTS), dice.randint(-10, 40)
        drug = dice.choice(("Tocilizumab", *EQUIVALENT))
        doses, mg = dice.randint(1, 3), dice.randint(1, 800)
        rows.append(treatment(number, drug, given=day, doses=doses, dose_mg=float(mg), subject_id=subject))
        if day >= 0 and drug == "Tocilizumab":
            tocilizumab[subject] += doses * mg
        elif day >= 0:
            steroid[subject] += doses * mg * 0.75 / EQUIVALENT[drug]
    weights = {subject: dice.uniform(45, 110) for subject in SUBJECTS}
    inputs = frames(
        subjects=SUBJECTS,
        treatments=rows,
        weights=[{"subject_id": subject, "weight_kg": kg} for subject, kg in weights.items()],
    )
    per_kg = {subject: mg / weights[subject] for subject, mg in tocilizumab.items()}
    for code, sums in (("TOCIMG", tocilizumab), ("TOCIMGKG", per_kg), ("STERDEX", steroid)):
        found = by_subject(inputs, code)
        assert {subject: row["value"] for subject, row in found.items()} == pytest.approx(sums, rel=1e-12)
