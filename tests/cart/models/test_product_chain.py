"""Rules of the product chain that the database holds: check character, custody, scans, states, doses."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.models import (
    Apheresis,
    BridgingTherapy,
    Chelation,
    ConcomitantTherapy,
    ConditioningCourse,
    ConditioningDose,
    CustodyEvent,
    InfusionCourse,
    Lot,
    ScanAttempt,
)
from cart.models.codes import check_character
from tests.cart.records import DAY_ZERO, component, make_administration, make_lot, make_subject, make_trial
from trialsite.audit.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial():
    return make_trial()


@pytest.fixture
def subject(trial):
    return make_subject(trial)


@pytest.fixture
def lot(trial, subject):
    return make_lot(trial, subject, number="L-1")


def refused(save, code):
    with pytest.raises(IntegrityError, match=code), transaction.atomic():
        save()


def in_sql(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT cart_check_character(%s)", [text])
        return cursor.fetchone()[0]


def test_check_character_of_the_standard():
    # The example of ISBT 128 for ISO 7064 mod 37,36.
    assert in_sql("A12425GABC1234002") == "M"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30))
def test_database_computes_the_check_character_that_the_program_computes(text):
    assert in_sql(text) == check_character("".join(sign for sign in text if ord(sign) < 128))


def test_apheresis_carries_the_check_character_of_its_chain(subject):
    apheresis = Apheresis.objects.create(subject=subject, chain_of_identity="coi-77", collected_at=DAY_ZERO)
    apheresis.refresh_from_db()
    assert apheresis.coi_check == check_character("COI77")


def event(of_lot, kind="received", **changes):
    values = {
        "apheresis": of_lot.apheresis, "lot": of_lot, "kind": kind, "occurred_at": DAY_ZERO - dt.timedelta(days=20),
        "place": "P", "first_person": "A", "second_person": "B",
    }  # fmt: skip
    return CustodyEvent(**{**values, **changes})


def test_correction_takes_the_place_of_one_event_and_says_why(trial, lot):
    wrong = event(lot)
    wrong.save()
    refused(event(lot, "correction").save, "custody-correction")
    refused(event(lot, "correction", corrects=wrong).save, "custody-correction")
    refused(event(lot, "received", corrects=wrong, note="n").save, "custody_only_correction_corrects")
    other = make_lot(trial, make_subject(trial, "KUL-002"), number="L-2")
    refused(event(other, "correction", corrects=wrong, note="n").save, "wrong-chain")
    event(lot, "correction", corrects=wrong, note="clock of summer time").save()
    refused(event(lot, "correction", corrects=wrong, note="again").save, "custody_corrected_once")


def test_ledger_is_not_changed_and_not_shortened(lot):
    one = event(lot)
    one.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        CustodyEvent.objects.filter(pk=one.pk).update(place="elsewhere")
    with pytest.raises(DatabaseError), transaction.atomic():
        one.delete()


def test_lot_of_another_apheresis_and_an_infusion_without_lot_are_refused(trial, lot):
    other = make_lot(trial, lot.subject, number="L-2", target="BCMA")
    refused(event(lot, lot=other).save, "custody_lot_of_apheresis")
    refused(event(lot, "infused", lot=None).save, "custody-lot")


def test_step_of_the_future_is_refused_on_the_form(lot):
    with pytest.raises(ValidationError, match="future-date"):
        event(lot, occurred_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).full_clean()


def test_scan_is_kept_for_ever_and_audited(lot):
    scan = ScanAttempt.objects.create(lot=lot, purpose="thaw", code_read="x", finding="unknown", scanned_by="carol")
    assert AuditEvent.objects.filter(table_name="cart_scanattempt", row_id=str(scan.pk)).count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        ScanAttempt.objects.filter(pk=scan.pk).update(finding="match")
    with pytest.raises(DatabaseError), transaction.atomic():
        scan.delete()
    refused(lambda: ScanAttempt.objects.create(lot=lot, purpose="thaw", code_read="", finding="match", scanned_by="c"),
            "scan_has_code_and_person")  # fmt: skip


@pytest.mark.parametrize("before", [state for state in Lot.State if state != Lot.State.INFUSED])
def test_states_follow_each_other_as_the_model_says(trial, subject, before):
    allowed, refusals = set(), []
    for number, after in enumerate(Lot.State):
        if after == before:
            continue
        lot = make_lot(trial, subject, number=f"L-{number}", state=Lot.State.IN_PROCESS)
        walk(lot, before)
        try:
            with transaction.atomic():
                if after == Lot.State.INFUSED:
                    component(make_administration_once(subject), lot, started_at=DAY_ZERO).save()
                walk(lot, after)
        except IntegrityError as error:
            refusals.append(str(error))
        else:
            allowed.add(str(after))
    assert allowed == Lot.FOLLOWS[before]
    assert all("[lot-state]" in refusal or "[lot-not-released]" in refusal for refusal in refusals)


def walk(lot, state):
    if lot.state == state:
        return
    Lot.objects.filter(pk=lot.pk).update(
        state=state, released_at=DAY_ZERO - dt.timedelta(days=1), release_note="board 4"
    )
    lot.refresh_from_db()


def make_administration_once(subject):
    course = InfusionCourse.objects.filter(subject=subject).first()
    return make_administration(subject) if course is None else course.administrations.get()


def test_infused_lot_keeps_its_state_product_and_apheresis(trial, subject, lot):
    component(make_administration(subject), lot).save()
    Lot.objects.filter(pk=lot.pk).update(state=Lot.State.INFUSED)
    refused(lambda: Lot.objects.filter(pk=lot.pk).update(state=Lot.State.RELEASED), "lot-state")
    other = make_lot(trial, subject, number="L-2").apheresis
    refused(lambda: Lot.objects.filter(pk=lot.pk).update(apheresis=other), "lot-state")


def test_state_that_does_not_follow_is_a_sentence_beside_the_field(lot):
    lot.state = Lot.State.IN_PROCESS
    with pytest.raises(ValidationError) as raised:
        lot.full_clean()
    assert "does not go from 'Released' to 'In process'. [lot-state]" in raised.value.message_dict["state"][0]


@pytest.mark.parametrize(
    ("cd19", "bcma", "holds"), [(None, None, True), (1, 1, True), (2, 0, True), (1, None, False), (1, "1.5", False)]
)
def test_plan_of_both_targets_adds_up_to_the_total(subject, cd19, bcma, holds):
    plan = {"planned_cd19_per_kg_e6": cd19, "planned_bcma_per_kg_e6": bcma}
    course = InfusionCourse(subject=subject, weight_kg=70, planned_cells_per_kg_e6=2, **plan)
    if holds:
        course.save()
    else:
        refused(course.save, "infusion_course_plan_adds_up")


@pytest.fixture
def conditioning(subject):
    subject.sex = "F"
    subject.save()
    course = ConditioningCourse(
        subject=subject, regimen="Flu/Cy", weight_kg=Decimal(70), height_cm=Decimal(170), creatinine=Decimal(100),
        creatinine_unit="umol/L", age_years=60, fludarabine_full_mg_m2=Decimal(25),
    )  # fmt: skip
    course.full_clean()
    course.save()
    return course


def flu(course, planned="20", given="36.36", reason="", drug="fludarabine"):
    return ConditioningDose(
        course=course, drug=drug, given_at=DAY_ZERO - dt.timedelta(days=5), planned_mg_m2=Decimal(planned),
        given_mg=Decimal(given), deviation_reason=reason,
    )  # fmt: skip


def test_course_keeps_computed_values_and_the_rule_beside_its_own(conditioning):
    conditioning.refresh_from_db()
    assert (conditioning.bsa_m2, conditioning.bsa_computed_m2) == (Decimal("1.818"), Decimal("1.8181"))
    assert (conditioning.clearance_computed_ml_min, conditioning.creatinine_clearance_ml_min) == (
        Decimal("58.46"),
        None,
    )
    assert conditioning.fludarabine_proposed_mg_m2 == 20
    assert conditioning.fludarabine_rule == "FLUDARABINE-US-LABEL"


@pytest.mark.parametrize(
    ("planned", "given", "holds"),
    [
        ("20", "36.36", True),
        # 20 x 1.818 = 36.36; 5 % of it is 1.818.
        ("20", "38.17", True),
        ("20", "38.19", False),
        ("20", "34.53", False),
        # 21 is 5 % above the proposal, 21.01 more.
        ("21", "38.17", True),
        ("21.01", "38.19", False),
        ("20", "0", False),
    ],
)
def test_dose_beyond_its_tolerance_needs_a_reason_in_form_and_database(conditioning, planned, given, holds):
    dose = flu(conditioning, planned, f"{Decimal(given):.2f}")
    if holds:
        dose.full_clean()
        dose.save()
        return
    with pytest.raises(ValidationError, match="dose-deviation"):
        dose.full_clean()
    refused(dose.save, "dose-deviation")
    flu(conditioning, planned, f"{Decimal(given):.2f}", reason="rounded to vials").save()


def test_fludarabine_that_the_rule_does_not_give_needs_a_reason(conditioning):
    conditioning.creatinine_clearance_ml_min = Decimal(29)
    conditioning.full_clean()
    conditioning.save()
    with pytest.raises(ValidationError, match="below 30 mL/min: not to be given"):
        flu(conditioning).full_clean()
    refused(flu(conditioning).save, "dose-deviation")
    flu(conditioning, "1000", "1818", drug="cyclophosphamide").save()


def test_creatinine_without_unit_is_refused(conditioning):
    refused(lambda: ConditioningCourse.objects.update(creatinine_unit=""), "conditioning_creatinine_has_unit")


def test_calcium_is_kept_in_its_unit_and_read_in_mmol_l(subject):
    one = Chelation.objects.create(
        subject=subject, dose_mg=3000, started_at=DAY_ZERO, ionised_calcium_unit="mg/dL",
        ionised_calcium_before=Decimal("4.8"), ionised_calcium_after=None,
    )  # fmt: skip
    one.refresh_from_db()
    # 4.8 / 4.0078 = 1.19766...
    assert (one.ionised_calcium_before, one.ionised_calcium_before_mmol_l) == (Decimal("4.800"), Decimal("1.1977"))
    assert one.ionised_calcium_after_mmol_l is None
    other = Chelation.objects.create(subject=subject, dose_mg=1, started_at=DAY_ZERO - dt.timedelta(days=1),
                                     ionised_calcium_before=Decimal("1.21"))  # fmt: skip
    other.refresh_from_db()
    assert other.ionised_calcium_before_mmol_l == Decimal("1.21")


def test_missing_calcium_says_why(subject):
    one = Chelation(subject=subject, dose_mg=1, started_at=DAY_ZERO, ionised_calcium_before=Decimal("1.2"))
    with pytest.raises(ValidationError, match=r"Ionised calcium after is missing.*calcium-missing"):
        one.full_clean()
    one.calcium_missing_reason = "analyser down"
    one.full_clean()


def test_hours_to_the_infusion_after_it_and_negative_when_there_is_none(trial, subject, lot):
    before = Chelation.objects.create(
        subject=subject, dose_mg=1, started_at=DAY_ZERO - dt.timedelta(hours=25, minutes=30)
    )
    after = Chelation.objects.create(subject=subject, dose_mg=1, started_at=DAY_ZERO + dt.timedelta(hours=2))
    assert before.hours_to_infusion() is None
    component(make_administration(subject), lot).save()
    assert (before.hours_to_infusion(), after.hours_to_infusion()) == (Decimal("25.5"), Decimal("-2.0"))


def test_vein_to_vein_is_from_collection_to_the_first_infusion(subject, lot):
    assert lot.vein_to_vein() is None
    component(make_administration(subject), lot).save()
    assert lot.vein_to_vein() == dt.timedelta(days=30)


def test_bridging_has_a_start_and_a_dose_has_its_unit(subject):
    BridgingTherapy.objects.create(subject=subject, drug="Prednisolone", started="2024-02")
    refused(
        lambda: BridgingTherapy.objects.create(subject=subject, drug="P", started=""), "bridging_has_drug_and_start"
    )
    refused(lambda: BridgingTherapy.objects.create(subject=subject, drug="P", started="2024", dose=5),
            "bridging_dose_has_unit")  # fmt: skip


@pytest.mark.parametrize(
    ("therapy_class", "values", "holds"),
    [
        ("steroid", {}, False),
        ("steroid", {"daily_dose_mg": 5}, True),
        ("steroid", {"dose_missing_reason": "not in the letter"}, True),
        ("plasma-exchange", {}, False),
        ("plasma-exchange", {"plasma_volumes": Decimal("1.2")}, True),
        ("rituximab", {}, True),
        ("rituximab", {"plasma_volumes": Decimal(1)}, False),
        ("ivig", {"dose": 1, "dose_unit": "g/kg"}, True),
        ("ivig", {"dose": 1}, False),
    ],
)
def test_therapy_of_a_class_has_the_dose_of_its_class(subject, therapy_class, values, holds):
    therapy = ConcomitantTherapy(subject=subject, drug="D", therapy_class=therapy_class, **values)
    if holds:
        therapy.full_clean()
    else:
        with pytest.raises(ValidationError):
            therapy.full_clean()
