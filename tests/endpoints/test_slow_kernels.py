"""Kernels against a slow reading of their formula or table, and what must not change what they find."""

import itertools
import math
import random
from fractions import Fraction

import polars as pl
import pytest
from lifelines import KaplanMeierFitter

from cart.endpoints.disease.criss import REVISED_ITEMS, acr_criss, revised_criss, step_one_event
from cart.endpoints.disease.pah_detection import detect_referral
from cart.endpoints.disease.serial_decline import serial_decline
from cart.endpoints.disease.skin import mrss_change
from cart.endpoints.dosing.body_surface import body_surface
from cart.endpoints.dosing.cell_dose import cell_dose, dual_dose
from cart.endpoints.dosing.fludarabine import fludarabine_dose
from cart.endpoints.dosing.renal_function import creatinine_clearance, egfr_ckd_epi
from cart.endpoints.escalation.boin import boin_boundary, boin_decision, boin_lambdas
from cart.endpoints.statistics.comparison import fisher
from cart.endpoints.statistics.survival import median_follow_up
from cart.endpoints.toxicity.icaht import icaht_late
from cart.endpoints.toxicity.icans import ICE_PARTS, ice_score
from cart.endpoints.toxicity.t_icaht import low_platelet_days

COUNTS = {"subject_id": pl.Int64, "day": pl.Int64, "qualifier": pl.String, "value": pl.Float64, "lloq": pl.Float64}


@pytest.fixture
def dice():
    return random.Random(13)


def drawn(dice, count=200, **ranges):
    """Rows with a number from each range; whole ones where both ends are."""
    return [
        {
            name: dice.randint(*ends) if all(isinstance(end, int) for end in ends) else dice.uniform(*ends)
            for name, ends in ranges.items()
        }
        for _ in range(count)
    ]


def test_criss_is_the_published_formula(dice):
    names = ("d_mrss", "d_fvc_pct_pred", "d_patient_global", "d_physician_global", "d_haq_di")
    weights = (-0.81, 0.21, -0.40, -0.44, -3.41)
    ends = ((-20, 10), (-15.0, 15.0), (-10.0, 10.0), (-10.0, 10.0), (-2.0, 2.0))
    rows = drawn(dice, **dict(zip(names, ends, strict=True)))
    found = acr_criss(pl.DataFrame([{**row, "step1_event": False} for row in rows]))
    for row, answer in zip(rows, found.iter_rows(named=True), strict=True):
        x = -5.54 + sum(weight * row[name] for weight, name in zip(weights, names, strict=True))
        assert answer["probability"] == pytest.approx(1 / (1 + math.exp(-x)), rel=1e-9, abs=1e-15)


def test_revised_items_are_counted_one_by_one(dice):
    rows = drawn(dice, **{item.name: (1, 6 if "haq" not in item.name else 3) for item in REVISED_ITEMS})
    found = revised_criss(pl.DataFrame(rows).cast(pl.Float64), improved_pct=20.0, items_needed=3)
    for row, answer in zip(rows, found.iter_rows(named=True), strict=True):
        count = row["f_fvc"] * 20 >= row["b_fvc"] * 21
        for item in ("mrss", "haq", "ptg", "mdg"):
            count += 5 * (row[f"b_{item}"] - row[f"f_{item}"]) >= row[f"b_{item}"]
        assert (answer["improved"], answer["responder"]) == (count, count >= 3)


STEP = {
    "renal_crisis": (True, False, None),
    "fvc_fall_confirmed": (True, False, None),
    "ild_on_hrct": (True, False, None),
    "pah_on_catheter": (True, False, None),
    "fvc_fall_pct": (15.0, 14.9, None),
    "fvc_pct_pred": (79.9, 80.0, None),
    "lvef_pct": (45.0, 45.1, None),
}


def test_events_of_step_one_are_those_of_every_completion():
    rows = [dict(zip(STEP, values, strict=True)) for values in itertools.product(*STEP.values())]
    found = step_one_event(pl.DataFrame(rows, infer_schema_length=None))
    for row, event in zip(rows, found.to_list(), strict=True):
        known = {name: [place for place, one in enumerate(STEP[name][:2]) if value in (one, None)]
                 for name, value in row.items()}  # fmt: skip
        lung = [known[name] for name in ("fvc_fall_confirmed", "ild_on_hrct", "fvc_fall_pct", "fvc_pct_pred")]
        alone = [known[name] for name in ("renal_crisis", "pah_on_catheter", "lvef_pct")]
        # Place 0 is the state that counts as an event.
        can = any(0 in one for one in alone) or all(0 in one for one in lung)
        must = any(one == [0] for one in alone) or all(one == [0] for one in lung)
        assert event == (True if must else None if can else False)
    shuffled = pl.DataFrame(rows[::-1], infer_schema_length=None)
    assert step_one_event(shuffled).to_list() == found.to_list()[::-1]


def on_line(value, line):
    """Points on a broken line, walked stretch by stretch."""
    for (x1, y1), (x2, y2) in itertools.pairwise(line):
        if x1 <= value <= x2:
            return y1 + (y2 - y1) * (value - x1) / (x2 - x1)
    return line[-1][1]


URATE = ((2, 12.5), (3, 27.5), (4, 43.5), (5, 54), (10, 60))
VELOCITY = ((0, 6.5), (1.5, 8), (2.5, 10), (3, 15), (3.5, 22.5), (4, 30), (4.5, 37.5), (5, 45))


def test_detect_is_a_walk_over_its_scales(dice):
    ends = {
        "fvc_pct": (40.0, 130.0), "dlco_pct": (20.0, 110.0), "ntprobnp_pg_mL": (5.0, 5000.0),
        "urate_mg_dL": (2.0, 14.0), "ra_area_cm2": (8.0, 30.0), "tr_velocity_m_s": (0.0, 6.0),
        "telangiectasia": (0, 1), "aca": (0, 1), "right_axis_dev": (0, 1),
    }  # fmt: skip
    rows = drawn(dice, **ends)
    truths = ("telangiectasia", "aca", "right_axis_dev")
    found = detect_referral(pl.DataFrame(rows).with_columns(pl.col(truths).cast(pl.Boolean)))
    sides = set()
    for row, answer in zip(rows, found.iter_rows(named=True), strict=True):
        first = 50 + 15 * row["telangiectasia"] + 50 + 9 * row["aca"] + 50 + 23 * row["right_axis_dev"]
        first += 27.5 + 11.3 * math.log10(row["ntprobnp_pg_mL"]) + on_line(row["urate_mg_dL"], URATE)
        first += answer["p_ratio"]
        second = 10 + 0.357 * (first - 300) + 4 + 0.375 * row["ra_area_cm2"] + on_line(row["tr_velocity_m_s"], VELOCITY)
        assert answer["step1_total"] == pytest.approx(first)
        assert answer["step2_total"] == pytest.approx(second)
        assert (answer["refer_echo"], answer["refer_catheter"]) == (first > 300, second > 35)
        sides.add((first > 300, second > 35))
    assert len(sides) > 2


def test_serial_decline_is_a_comparison_of_first_and_last(dice):
    rows, expected = [], {}
    for subject in range(1, 81):
        values = {measure: [dice.uniform(60, 120) for _ in range(dice.randint(2, 5))] for measure in ("FVC", "DLCO")}
        rows += [
            {"subject_id": subject, "measure": measure, "years": float(place), "value": value, "lln": 80.0}
            for measure, series in values.items()
            for place, value in enumerate(series)
        ]
        fall = {measure: 1 - series[-1] / series[0] for measure, series in values.items()}
        expected[subject] = fall["FVC"] >= 0.1 or (fall["FVC"] >= 0.05 and fall["DLCO"] >= 0.15)
    dice.shuffle(rows)
    found = serial_decline(pl.DataFrame(rows))
    assert dict(found.select("subject_id", "declined").rows()) == expected


def test_skin_change_needs_both_thresholds():
    pairs = [(base, later) for base in range(52) for later in range(52)]
    rows = pl.DataFrame(pairs, schema={"mrss_base": pl.Int64, "mrss_fu": pl.Int64}, orient="row")
    for (base, later), answer in zip(pairs, mrss_change(rows).iter_rows(named=True), strict=True):
        large = abs(later - base) > 5 and 4 * abs(later - base) >= base
        word = "stable" if not large else "improvement" if later < base else "progression"
        assert word in answer.values(), (base, later, answer)


FORMULAS = {
    "mosteller": lambda cm, kg: math.sqrt(cm * kg / 3600),
    "du-bois": lambda cm, kg: 0.007184 * cm**0.725 * kg**0.425,
    "haycock": lambda cm, kg: 0.024265 * cm**0.3964 * kg**0.5378,
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_body_surface_is_its_formula(dice, formula):
    rows = drawn(dice, height_cm=(120.0, 210.0), weight_kg=(35.0, 160.0))
    found = body_surface(pl.DataFrame(rows), formula=formula)["bsa_m2"]
    assert found.to_list() == pytest.approx([FORMULAS[formula](*row.values()) for row in rows], rel=1e-12)


def test_cells_are_a_product_of_exact_fractions(dice):
    rows = drawn(
        dice, volume_ml=(5.0, 200.0), nucleated_cells_per_ml=(1e5, 1e8), viability=(0.5, 1.0),
        cd3_of_viable=(0.5, 1.0), car_of_viable_cd3=(0.01, 1.0), weight_kg=(40.0, 120.0),
    )  # fmt: skip
    for row, answer in zip(rows, cell_dose(pl.DataFrame(rows)).iter_rows(named=True), strict=True):
        *factors, weight = map(Fraction, row.values())
        assert answer["viable_car_pos_per_kg"] == pytest.approx(float(math.prod(factors) / weight), rel=1e-12)


def test_two_doses_are_a_sum_and_a_quotient_that_turns_with_them(dice):
    rows = drawn(dice, first_per_kg=(1e4, 1e7), second_per_kg=(1e4, 1e7))
    turned = [{"first_per_kg": row["second_per_kg"], "second_per_kg": row["first_per_kg"]} for row in rows]
    there, back = dual_dose(pl.DataFrame(rows)), dual_dose(pl.DataFrame(turned))
    for row, one, other in zip(rows, there.iter_rows(), back.iter_rows(), strict=True):
        assert one[0] == other[0] == pytest.approx(row["first_per_kg"] + row["second_per_kg"], rel=1e-12)
        assert one[1] == pytest.approx(row["first_per_kg"] / row["second_per_kg"], rel=1e-12)
        assert one[1] * other[1] == pytest.approx(1, rel=1e-12)


def test_fludarabine_is_read_in_the_table():
    clearances = [tenth / 10 for tenth in range(0, 1500)]
    rows = pl.DataFrame({"crcl_ml_min": clearances, "bsa_m2": 1.8})
    for clearance, answer in zip(clearances, fludarabine_dose(rows).iter_rows(named=True), strict=True):
        dose = 25 if clearance >= 80 else 20 if clearance >= 50 else 15 if clearance >= 30 else None
        assert answer["dose_mg_m2"] == dose
        assert answer["dose_mg"] == (None if dose is None else pytest.approx(1.8 * dose))


def test_renal_functions_are_their_equations(dice):
    rows = drawn(dice, creatinine=(0.3, 6.0), age_years=(18.0, 95.0), weight_kg=(40.0, 130.0), female=(0, 1))
    given = pl.DataFrame(rows).with_columns(
        unit=pl.lit("mg/dL"), sex=pl.when(pl.col("female") == 1).then(pl.lit("F")).otherwise(pl.lit("M"))
    )
    clearance, filtration = creatinine_clearance(given)["crcl_ml_min"], egfr_ckd_epi(given)["egfr_ml_min_173m2"]
    for row, one, other in zip(rows, clearance, filtration, strict=True):
        creatinine, age, kg, female = row.values()
        assert one == pytest.approx((140 - age) * kg / (72 * creatinine) * (0.85 if female else 1), rel=1e-12)
        kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
        ratio = creatinine / kappa
        rate = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age * (1.012 if female else 1)
        assert other == pytest.approx(rate, rel=1e-12)


def test_lambdas_cross_where_two_likelihoods_are_equal():
    before = 0.0
    for hundredth in range(10, 46):
        target = hundredth / 100
        found = boin_lambdas(target)
        for rate, other in ((found.escalate, 0.6 * target), (found.deescalate, 1.4 * target)):
            ends = [rate * math.log(p) + (1 - rate) * math.log(1 - p) for p in (target, other)]
            assert ends[0] == pytest.approx(ends[1], rel=1e-9)
        assert 0.6 * target < found.escalate < target < found.deescalate < 1.4 * target
        assert found.escalate > before
        before = found.escalate


def test_boin_decisions_follow_the_rate_at_the_dose():
    rates = boin_lambdas(0.3)
    for subjects in range(1, 13):
        for toxic in range(subjects + 1):
            outcomes = "2" + "T" * toxic + "N" * (subjects - toxic)
            step = 1 if toxic / subjects <= rates.escalate else -1 if toxic / subjects >= rates.deescalate else 0
            assert boin_decision(outcomes, num_doses=4, target=0.3).dose == 2 + step
    assert boin_boundary(3, target=0.3).eliminate_if_ge == 3


def test_fisher_is_a_sum_of_hypergeometric_terms():
    for first, second in ((3, 4), (5, 5), (9, 6)):
        for one, other in itertools.product(range(first + 1), range(second + 1)):
            events = one + other
            terms = {
                k: Fraction(math.comb(first, k) * math.comb(second, events - k), math.comb(first + second, events))
                for k in range(max(0, events - second), min(first, events) + 1)
            }
            p = sum(term for term in terms.values() if term <= terms[one])
            assert fisher(one, first, other, second).p == pytest.approx(float(p), rel=1e-9)
            assert fisher(other, second, one, first).p == pytest.approx(float(p), rel=1e-9)


def test_fisher_of_the_tasted_tea():
    # Fisher RA, The design of experiments 1935, as in the example of R's fisher.test: 3 of 4 and 1 of 4.
    assert fisher(3, 4, 1, 4).p == pytest.approx(34 / 70)


def test_follow_up_is_the_curve_of_the_others(dice):
    for _ in range(40):
        times = [dice.randint(1, 60) for _ in range(dice.randint(3, 20))]
        events = [dice.random() < 0.5 for _ in times]
        left, median = 1.0, None
        # Of those at one time whoever had the event left first: its follow-up may have gone on.
        for time in sorted(set(times)):
            at_risk = sum(one >= time for one in times)
            ended = sum(one == time and not event for one, event in zip(times, events, strict=True))
            left *= 1 - ended / at_risk
            if left < 0.5 - 1e-9:
                median = time
                break
            if abs(left - 0.5) <= 1e-9:
                median = "between"
                break
        found = median_follow_up(times, events).median
        pairs = list(zip(times, events, strict=True))
        dice.shuffle(pairs)
        assert median_follow_up(*zip(*pairs, strict=True)).median == found
        if median != "between":
            assert found == median


def test_late_counts_are_graded_by_the_lowest_of_two(dice):
    rows, expected = [], {}
    for subject in range(1, 200):
        values = [
            dice.choice((80, 100, 101, 500, 501, 1000, 1001, 1500, 1501, 3000)) for _ in range(dice.randint(2, 5))
        ]
        rows += [(subject, "=", float(value), None) for value in values]
        low = sum(value <= 1500 for value in values)
        grade = sum(min(values) <= limit for limit in (1500, 1000, 500, 100)) if low >= 2 else 0
        expected[subject] = grade
    dice.shuffle(rows)
    schema = {name: COUNTS[name] for name in ("subject_id", "qualifier", "value", "lloq")}
    found = icaht_late(pl.DataFrame(rows, schema=schema, orient="row"))
    assert dict(found.select("subject_id", "low").rows()) == expected
    assert found["low"].to_list() == found["high"].to_list()


def test_ice_scores_are_sums_or_nothing():
    for points in itertools.product(*(range(most + 1) for most in ICE_PARTS.values())):
        assert ice_score(**dict(zip(ICE_PARTS, points, strict=True))) == sum(points)
    for part in ICE_PARTS:
        assert ice_score(**dict.fromkeys(ICE_PARTS, 1) | {part: None}) is None


def walked_days(values, limit):
    """Low days, with recoveries of less than three days between two of them."""
    days = [day for day, value in enumerate(values) if value < limit]
    return sum(1 for day in range(len(values)) if any(
        first <= day <= last and (last - first <= 3 or first == last) for first, last in [*itertools.pairwise(days),
        *((one, one) for one in days)]
    ))  # fmt: skip


def test_low_days_are_those_of_a_walk_day_by_day(dice):
    rows, expected = [], []
    for subject in range(1, 100):
        values = [float(dice.choice((15, 19, 20, 49, 50, 120, 150))) for _ in range(31)]
        rows += [(subject, day, "=", value, None) for day, value in enumerate(values)]
        expected.append((subject, walked_days(values, 50), walked_days(values, 20)))
    dice.shuffle(rows)
    assert low_platelet_days(pl.DataFrame(rows, schema=COUNTS, orient="row")).rows() == expected


def test_follow_up_agrees_with_lifelines(dice):
    for _ in range(20):
        times = [dice.uniform(1, 60) for _ in range(11)]
        events = [dice.random() < 0.4 for _ in times]
        fitted = KaplanMeierFitter().fit(times, [not event for event in events])
        # Eleven different times: the curve is at no time at exactly one half unless the events put it there.
        if not (abs(fitted.survival_function_["KM_estimate"] - 0.5) < 1e-9).any():
            expected = fitted.median_survival_time_
            assert median_follow_up(times, events).median == (None if math.isinf(expected) else pytest.approx(expected))
