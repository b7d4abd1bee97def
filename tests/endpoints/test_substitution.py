"""IVIG after the infusion: days, grams, and the days on which IgG is not the subject's own."""

import random

import pytest

from cart.endpoints.substitution import NO_IVIG
from tests.endpoints.cases import answer, answers, frames, therapy, treatment

WEIGHT = [{"subject_id": 1, "weight_kg": 60.0}]


def ivig(number=1, **more):
    return treatment(number, "Privigen", **{"therapy_class": "ivig", **more})


def asked(code, *rows, weights=WEIGHT, zeros=None, **parameters):
    found = answer(frames(treatments=rows, weights=weights, zeros=zeros), code, **parameters)
    return tuple(found[name] for name in ("value", "low", "high", "text", "status", "reason"))


def dose(day, mg=30000.0, number=1, **more):
    return ivig(number, given=day, doses=1, dose_mg=mg, **more)


def test_days_and_grams_of_dose_rows_by_hand():
    rows = [dose(20), dose(48), dose(48, 5000.0, 2), dose(-1), dose(366)]
    assert asked("IVIGDAYS", *rows) == (2.0, None, None, None, "evaluable", None)
    assert asked("IVIGG", *rows)[:4] == (65.0, None, None, "3 doses")
    assert answer(frames(treatments=rows), "IVIGG")["therapy_evidence"] == [1, 2]


def test_both_ends_of_the_window_count_and_its_length_is_a_parameter():
    rows = [dose(0), dose(365)]
    assert (asked("IVIGDAYS", *rows)[0], asked("IVIGG", *rows)[0]) == (2.0, 60.0)
    assert asked("IVIGDAYS", *rows, ivig_to_day=364)[0] == 1.0
    assert asked("IVIGG", *rows, ivig_to_day=364)[0] == 30.0


@pytest.mark.parametrize(
    ("record", "grams"),
    [
        ({"dose": 0.4, "dose_unit": "g/kg"}, 24.0),
        ({"dose": 25.0, "dose_unit": "g"}, 25.0),
        ({"dose": 400.0, "dose_unit": "mg/kg"}, 24.0),
        ({"dose": 0.4, "dose_unit": " G/kg"}, 24.0),
        ({"daily_dose_mg": 20000.0}, 20.0),
    ],
)
def test_a_record_of_one_day_is_one_dose(record, grams):
    row = ivig(start=20, stop=20, **record)
    assert asked("IVIGG", row)[0] == pytest.approx(grams)
    assert asked("IVIGDAYS", row)[0] == 1.0


@pytest.mark.parametrize(
    ("record", "weights"),
    [
        ({"dose": 0.4, "dose_unit": "g/kg"}, []),
        ({"dose": 2.0, "dose_unit": "bottles"}, WEIGHT),
        ({}, WEIGHT),
    ],
)
def test_a_dose_that_cannot_be_counted_leaves_a_lower_bound_and_a_day(record, weights):
    rows = [dose(48, number=2), ivig(start=20, stop=20, **record)]
    value, low, high, _, status, reason = asked("IVIGG", *rows, weights=weights)
    assert (value, low, high, status) == (None, 30.0, float("inf"), "bounded")
    assert reason.startswith("not counted: Privigen")
    assert asked("IVIGDAYS", *rows, weights=weights)[0] == 2.0


def test_several_days_without_dose_rows_are_one_to_all_of_them():
    rows = [ivig(start=20, stop=24, dose=0.4, dose_unit="g/kg")]
    assert asked("IVIGDAYS", *rows) == (None, 1.0, 5.0, None, "bounded", "days of Privigen not known")
    assert asked("IVIGG", *rows)[:3] == (None, 0.0, float("inf"))
    daily = [ivig(start=20, stop=24, daily_dose_mg=24000.0)]
    assert asked("IVIGDAYS", *daily)[0] == 5.0
    assert asked("IVIGG", *daily)[0] == pytest.approx(120.0)
    # The part behind the window does not count.
    assert asked("IVIGDAYS", *daily, ivig_to_day=22)[0] == 3.0
    assert asked("IVIGG", *daily, ivig_to_day=22)[0] == pytest.approx(72.0)


def test_ongoing_ivig_without_doses_is_open_to_the_end_of_the_window():
    rows = [ivig(start=100, ongoing=True)]
    assert asked("IVIGDAYS", *rows)[:3] == (None, 1.0, 266.0)
    assert asked("IVIGG", *rows)[4] == "bounded"


def test_no_ivig_is_zero_with_a_remark_and_without_time_zero_no_answer():
    other = treatment(1, "Prednisone", therapy_class="steroid", given=3, doses=1, dose_mg=5.0)
    for code in ("IVIGDAYS", "IVIGWIN"):
        assert asked(code, other) == (0.0, None, None, None, "evaluable", NO_IVIG)
        assert asked(code, zeros=[])[4] == "not-evaluable"
    assert asked("IVIGG", other)[0] == 0.0


def window(*therapies, **parameters):
    found = answer(frames(therapies=therapies), "IVIGWIN", **parameters)
    return found["value"], found["text"], found["therapy_evidence"]


def test_window_of_igg_by_hand():
    # Days 20 to 50 and 80 to 111, both ends included.
    two = [therapy(1, "ivig", start=20, stop=20), therapy(2, "ivig", start=80, stop=81)]
    assert window(*two) == (63.0, "days 20 to 50; days 80 to 111", [1, 2])
    assert window(*two, ivig_days=10)[1] == "days 20 to 30; days 80 to 91"
    assert window(therapy(1, "ivig", start=-10, stop=-10)) == (21.0, "days 0 to 20", [1])
    assert window(therapy(1, "ivig", start=-40, stop=-40)) == (0.0, None, [])
    assert window(therapy(1, "ivig", start=350, ongoing=True)) == (16.0, "days 350 to 365", [1])
    assert window(therapy(1, "ivig", prior=True)) == (31.0, "days 0 to 30", [1])
    assert window(therapy(1, "ivig"))[0] == 366.0


def test_samples_that_are_not_native_lie_in_the_window():
    """The window is that of the endpoints of IgG: a sample inside it has no change, one outside has."""
    for day, native in ((19, True), (20, False), (50, False), (51, True)):
        rows = [treatment(1, "x", start=20, stop=20)]
        found = answer(frames(therapies=[therapy(1, "ivig", start=20, stop=20)], treatments=rows), "IVIGWIN")
        first, last = (int(part) for part in found["text"].removeprefix("days ").split(" to "))
        assert (first <= day <= last) != native


def test_many_subjects_agree_with_a_calendar_whatever_the_order():
    dice, subjects = random.Random(6), range(1, 60)
    treatments, therapies = [], []
    days = {subject: set() for subject in subjects}
    grams = dict.fromkeys(subjects, 0.0)
    hidden = {subject: set() for subject in subjects}
    for number in range(1, 150):
        subject, start = dice.choice(subjects), dice.randint(-60, 420)
        mg = dice.randint(5000, 60000)
        treatments.append(ivig(number, given=start, doses=1, dose_mg=float(mg), subject_id=subject))
        therapies.append(therapy(number, "ivig", start=start, stop=start, subject_id=subject))
        if 0 <= start <= 365:
            days[subject].add(start)
            grams[subject] += mg / 1000
        hidden[subject] |= {day for day in range(start, start + 31) if 0 <= day <= 365}
    dice.shuffle(treatments)
    dice.shuffle(therapies)
    inputs = frames(subjects=subjects, treatments=treatments, therapies=therapies)
    counted = {subject: float(len(found)) for subject, found in days.items()}
    for code, expected in (
        ("IVIGDAYS", counted),
        ("IVIGG", grams),
        ("IVIGWIN", {subject: float(len(found)) for subject, found in hidden.items()}),
    ):
        found = {row["subject_id"]: row["value"] for row in answers(inputs, code)}
        assert found == pytest.approx(expected, rel=1e-12)
