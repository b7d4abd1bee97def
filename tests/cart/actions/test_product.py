"""A lot is released by its tests and by nothing else."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from cart.actions.product import late_failures, meets_specification, release_lot
from cart.models import Lot, Product, ReleaseSpecification, ReleaseTest
from tests.cart.records import DAY_ZERO, component, make_administration, make_lot, make_subject
from trialsite.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
RELEASED_AT = DAY_ZERO - dt.timedelta(days=2)
TESTED_ON = RELEASED_AT.date() - dt.timedelta(days=1)
GOOD = {"Viability": "91.5", "Endotoxin": "0.5", "VCN": "2.1", "Sterility": "negative"}


@pytest.fixture
def lot(trial, specifications):
    return make_lot(trial, make_subject(trial), number="L-1", state=Lot.State.QUARANTINED)


def result(lot, specifications, test, text, *, on=TESTED_ON, passed=True):
    value = None if text.isalpha() else Decimal(text.strip("<>"))
    return ReleaseTest.objects.create(
        lot=lot, specification=specifications[test], received_text=text, value=value, passed=passed, tested_on=on
    )


def results(lot, specifications, *, but=(), **changes):
    for test, text in {**GOOD, **changes}.items():
        if test not in but:
            result(lot, specifications, test, text)


def release(lot, *, at=RELEASED_AT):
    return release_lot(lot=lot, released_at=at, actor="dora", reason="certificate 7")


def refused(lot, match, *, at=RELEASED_AT):
    before = Lot.objects.filter(pk=lot.pk).values().get()
    with pytest.raises(ValidationError, match=match):
        release(lot, at=at)
    assert Lot.objects.filter(pk=lot.pk).values().get() == before


def test_lot_whose_tests_all_pass_is_released_by_the_actor(lot, specifications):
    results(lot, specifications)
    assert release(lot).state == Lot.State.RELEASED
    lot.refresh_from_db()
    assert (lot.state, lot.released_at) == (Lot.State.RELEASED, RELEASED_AT)
    event = AuditEvent.objects.filter(table_name="cart_lot", row_id=str(lot.pk)).latest("id")
    assert (event.context.actor, event.context.reason) == ("dora", "certificate 7")


@pytest.mark.parametrize(
    ("comparison", "limit", "value", "met"),
    [
        ("ge", "70", "70", True),
        ("ge", "70", "69.9999", False),
        ("gt", "70", "70", False),
        ("gt", "70", "70.0001", True),
        ("le", "5", "5", True),
        ("le", "5", "5.0001", False),
        ("lt", "5", "5", False),
        ("lt", "5", "4.9999", True),
        ("ge", "70", None, False),
        ("lt", None, "1", False),
    ],
)
def test_criterion_at_its_limit(comparison, limit, value, met):
    specification = ReleaseSpecification(comparison=comparison, limit=Decimal(limit) if limit else None)
    test = ReleaseTest(specification=specification, value=Decimal(value) if value else None, received_text="x")
    assert meets_specification(test) is met


@pytest.mark.parametrize(
    ("text", "met"),
    [("negative", True), (" Negative ", True), ("not negative", False), ("positive", False), ("0", False)],
)
def test_negative_is_a_word(text, met):
    assert (
        meets_specification(ReleaseTest(specification=ReleaseSpecification(comparison="negative"), received_text=text))
        is met
    )


@pytest.mark.parametrize(
    ("test", "text"), [("Viability", "69"), ("Endotoxin", "5"), ("VCN", "10.5"), ("Sterility", "positive")]
)
def test_failed_test_is_named_and_the_lot_stays(lot, specifications, test, text):
    results(lot, specifications, **{test: text})
    refused(lot, rf"failed: {test}\. \[release-tests\]")


def test_test_declared_failed_fails_whatever_its_number(lot, specifications):
    results(lot, specifications, but=["Viability"])
    result(lot, specifications, "Viability", "91.5", passed=False)
    refused(lot, "failed: Viability")


def test_test_declared_passed_does_not_pass_below_the_limit(lot, specifications):
    results(lot, specifications, but=["Viability"])
    result(lot, specifications, "Viability", "12", passed=True)
    refused(lot, "failed: Viability")


def test_missing_required_tests_are_named(lot, specifications):
    results(lot, specifications, but=["Viability", "Endotoxin", "Sterility"])
    refused(lot, r"missing on 2024-03-10: Endotoxin, Viability\. ")


def test_failed_and_missing_are_said_together(lot, specifications):
    results(lot, specifications, but=["Viability"], Endotoxin="9")
    refused(lot, "failed: Endotoxin; missing on 2024-03-10: Viability")


def test_test_dated_after_the_release_is_missing_then(lot, specifications):
    results(lot, specifications, but=["Viability"])
    result(lot, specifications, "Viability", "91.5", on=RELEASED_AT.date() + dt.timedelta(days=1))
    refused(lot, "missing on 2024-03-10: Viability")


def test_date_of_release_is_that_of_the_site(lot, specifications):
    # 23:30 UTC on 9 March is 10 March in Brussels, the day of the test.
    results(lot, specifications, but=["Viability"])
    result(lot, specifications, "Viability", "91.5", on=dt.date(2024, 3, 10))
    refused(lot, "missing on 2024-03-09", at=dt.datetime(2024, 3, 9, 22, 30, tzinfo=dt.UTC))
    assert release(lot, at=dt.datetime(2024, 3, 9, 23, 30, tzinfo=dt.UTC)).state == Lot.State.RELEASED


def test_known_failure_stops_the_release_also_where_it_was_found_later(lot, specifications):
    results(lot, specifications, but=["Sterility"])
    result(lot, specifications, "Sterility", "positive", on=RELEASED_AT.date() + dt.timedelta(days=5))
    refused(lot, "failed: Sterility")


def test_product_without_specification_releases_nothing(trial):
    lot = make_lot(trial, make_subject(trial), number="L-1", state=Lot.State.QUARANTINED)
    refused(lot, "no-specification")


def test_criteria_are_those_of_the_lots_own_product_version(trial, lot, specifications):
    stricter = Product.objects.create(study=trial.study, code="P", version=2, kind="co-infused", title="Dual")
    ReleaseSpecification.objects.create(product=stricter, test="Viability", comparison="ge", limit=95)
    results(lot, specifications)
    assert release(lot).state == Lot.State.RELEASED


def test_latest_of_several_results_counts(lot, specifications):
    results(lot, specifications, Viability="60")
    later = TESTED_ON + dt.timedelta(days=1)
    repeat = result(lot, specifications, "Viability", "88", on=later)
    assert release(lot).state == Lot.State.RELEASED
    ReleaseTest.objects.filter(pk=repeat.pk).update(tested_on=TESTED_ON - dt.timedelta(days=1))
    Lot.objects.filter(pk=lot.pk).update(state=Lot.State.QUARANTINED)
    refused(lot, "failed: Viability")


def test_lot_waiting_for_late_results_is_released_conditionally(lot, specifications):
    results(lot, specifications, but=["VCN", "Sterility"])
    assert release(lot).state == Lot.State.CONDITIONALLY_RELEASED


def test_late_results_complete_the_release_and_its_time_stays(lot, specifications):
    results(lot, specifications, but=["VCN", "Sterility"])
    release(lot)
    later = RELEASED_AT + dt.timedelta(days=7)
    result(lot, specifications, "VCN", "3", on=later.date())
    refused(lot, "already-released", at=later)
    result(lot, specifications, "Sterility", "negative", on=later.date())
    completed = release(lot, at=later)
    assert (completed.state, completed.released_at) == (Lot.State.RELEASED, RELEASED_AT)


def test_late_failure_stops_the_completion(lot, specifications):
    results(lot, specifications, but=["Sterility"])
    release(lot)
    later = RELEASED_AT + dt.timedelta(days=7)
    result(lot, specifications, "Sterility", "positive", on=later.date())
    refused(lot, "failed: Sterility", at=later)


def test_released_lot_is_not_released_again(lot, specifications):
    results(lot, specifications)
    release(lot)
    refused(lot, "already-released", at=RELEASED_AT + dt.timedelta(days=1))


@pytest.mark.parametrize("state", [Lot.State.REJECTED, Lot.State.DESTROYED])
def test_lot_given_up_is_not_released(lot, specifications, state):
    results(lot, specifications)
    Lot.objects.filter(pk=lot.pk).update(state=state)
    refused(lot, "lot-state")


def test_infused_lot_is_not_released_again(trial, lot, specifications):
    results(lot, specifications)
    release(lot)
    component(make_administration(lot.subject), lot).save()
    Lot.objects.filter(pk=lot.pk).update(state=Lot.State.INFUSED)
    refused(lot, "already-released")


def test_recalled_lot_is_released_anew(lot, specifications):
    results(lot, specifications)
    release(lot)
    Lot.objects.filter(pk=lot.pk).update(state=Lot.State.QUARANTINED)
    later = RELEASED_AT + dt.timedelta(days=1)
    assert release(lot, at=later).released_at == later


def test_stored_lot_counts_not_the_one_handed_over(trial, lot, specifications):
    # A lot read before it was rejected, or with another's subject written on it, changes nothing.
    results(lot, specifications)
    Lot.objects.filter(pk=lot.pk).update(state=Lot.State.REJECTED)
    assert lot.state == Lot.State.QUARANTINED
    refused(lot, "lot-state")


def test_release_changes_neither_subject_nor_target(trial, lot, specifications):
    results(lot, specifications)
    lot.subject, lot.target = make_subject(trial, "KUL-002"), "BCMA"
    released = release(lot)
    assert (released.subject.code, released.target) == ("KUL-001", "CD19")


def test_criterion_of_another_product_version_is_refused_for_a_test(trial, lot):
    other = Product.objects.create(study=trial.study, code="P", version=2, kind="co-infused", title="Dual")
    foreign = ReleaseSpecification.objects.create(product=other, test="Viability", comparison="ge", limit=10)
    test = ReleaseTest(lot=lot, specification=foreign, received_text="50", value=50, passed=True, tested_on=TESTED_ON)
    with pytest.raises(ValidationError, match="specification-of-other"):
        test.full_clean()


def test_late_failure_of_an_infused_lot_is_found_for_its_subject(trial, lot, specifications):
    results(lot, specifications, but=["Sterility"])
    release(lot)
    component(make_administration(lot.subject), lot).save()
    assert late_failures(lot.subject) == []
    late = result(lot, specifications, "Sterility", "positive", on=DAY_ZERO.date() + dt.timedelta(days=3))
    assert late_failures(lot.subject) == [late]
    assert late_failures(make_subject(trial, "KUL-002")) == []
    result(lot, specifications, "Sterility", "negative", on=DAY_ZERO.date() + dt.timedelta(days=5))
    assert late_failures(lot.subject) == []


def test_failure_of_a_lot_that_was_never_released_is_no_late_one(lot, specifications):
    result(lot, specifications, "Sterility", "positive")
    assert late_failures(lot.subject) == []
