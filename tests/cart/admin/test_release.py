"""A lot is released on its page by its tests, exactly as by the action."""

import pytest

from cart.models import Lot, ReleaseSpecification, ReleaseTest
from tests.cart.admin.pages import add_page, change_page, new_row, send
from tests.cart.records import DAY_ZERO, component, make_administration, make_lot, make_subject
from trialsite.audit.models import AuditEvent

RELEASED = {
    "state": "released",
    "released_at_0": "2024-03-05",
    "released_at_1": "10:00",
    "change_reason": "certificate 7",
}


@pytest.fixture
def viability(trial):
    return ReleaseSpecification.objects.create(
        product=trial.product, test="Viability", comparison="ge", limit=70, unit="%"
    )


@pytest.fixture
def sterility(trial):
    return ReleaseSpecification.objects.create(
        product=trial.product, test="Sterility", comparison="negative", may_follow_release=True
    )


@pytest.fixture
def lot(trial, viability):
    return make_lot(trial, make_subject(trial), number="L-1", state=Lot.State.QUARANTINED)


def result(criterion, text, *, on="2024-03-01", passed="on"):
    """A row of the lot's release tests."""
    value = "" if text.isalpha() else text
    row = {"specification": criterion.pk, "received_text": text, "value": value, "tested_on": on}
    return new_row("release_tests", **row, **({"passed": passed} if passed else {}))


def store(lot, criterion, text, *, on="2024-03-01"):
    value = None if text.isalpha() else text
    return ReleaseTest.objects.create(
        lot=lot, specification=criterion, received_text=text, value=value, passed=True, tested_on=on
    )


def text_of(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


def refused(answer, *sentences):
    assert answer.status_code == 200
    for sentence in sentences:
        assert sentence in text_of(answer)


def state_of(lot):
    lot.refresh_from_db()
    return lot.state


def test_lot_without_tests_is_not_released(coordinator, lot):
    refused(send(coordinator, change_page(lot), **RELEASED), "missing on 2024-03-05: Viability", "[release-tests]")
    assert (state_of(lot), lot.released_at) == (Lot.State.QUARANTINED, None)


def test_failed_test_on_the_same_page_stops_the_release_and_is_not_stored_either(coordinator, lot, viability):
    refused(send(coordinator, change_page(lot), **RELEASED, **result(viability, "69")), "failed: Viability")
    assert state_of(lot) == Lot.State.QUARANTINED
    assert not ReleaseTest.objects.exists()


def test_passed_ticked_beside_a_number_below_the_limit_does_not_release(coordinator, lot, viability):
    store(lot, viability, "12")
    refused(send(coordinator, change_page(lot), **RELEASED), "failed: Viability")


def test_tests_on_the_same_page_release_the_lot_for_the_reason_given(coordinator, lot, viability):
    assert send(coordinator, change_page(lot), **RELEASED, **result(viability, "91")).status_code == 302
    assert state_of(lot) == Lot.State.RELEASED
    assert lot.released_at.isoformat() == "2024-03-05T10:00:00+00:00"
    event = AuditEvent.objects.filter(table_name="cart_lot", row_id=str(lot.pk)).latest("id")
    assert (event.context.actor, event.context.reason) == ("carol", "certificate 7")


def test_lot_is_not_entered_as_released_without_its_tests(coordinator, trial, viability):
    apheresis = make_lot(trial, make_subject(trial), number="L-0").apheresis
    entered = {
        "number": "L-9",
        "target": "CD19",
        "subject": apheresis.subject_id,
        "apheresis": apheresis.pk,
        "product": trial.product.pk,
        **RELEASED,
    }
    refused(send(coordinator, add_page("cart.Lot"), **entered), "missing on 2024-03-05: Viability")
    assert not Lot.objects.filter(number="L-9").exists()
    assert send(coordinator, add_page("cart.Lot"), **entered, **result(viability, "91")).status_code == 302
    assert Lot.objects.get(number="L-9").state == Lot.State.RELEASED


def test_state_must_be_the_one_that_the_tests_allow(coordinator, lot, viability, sterility):
    store(lot, viability, "91")
    refused(send(coordinator, change_page(lot), **RELEASED), "Conditionally released", "choose that state")
    assert state_of(lot) == Lot.State.QUARANTINED
    conditional = {**RELEASED, "state": "conditionally-released"}
    assert send(coordinator, change_page(lot), **conditional).status_code == 302
    assert state_of(lot) == Lot.State.CONDITIONALLY_RELEASED


def test_late_result_completes_the_release_and_its_time_stays(coordinator, lot, viability, sterility):
    store(lot, viability, "91")
    send(coordinator, change_page(lot), **{**RELEASED, "state": "conditionally-released"})
    store(lot, sterility, "negative", on="2024-03-20")
    moved = {"state": "released", "released_at_0": "2024-03-20", "change_reason": "sterile"}
    refused(send(coordinator, change_page(lot), **moved), "[release-time]")
    assert send(coordinator, change_page(lot), state="released", change_reason="sterile").status_code == 302
    assert state_of(lot) == Lot.State.RELEASED
    assert lot.released_at.date().isoformat() == "2024-03-05"


def test_time_of_a_release_is_not_moved_before_its_tests(coordinator, lot, viability):
    send(coordinator, change_page(lot), **RELEASED, **result(viability, "91"))
    early = {"released_at_0": "2024-02-20", "change_reason": "slip"}
    refused(send(coordinator, change_page(lot), **early), "missing on 2024-02-20: Viability")
    right = {"released_at_0": "2024-03-04", "change_reason": "misread"}
    assert send(coordinator, change_page(lot), **right).status_code == 302
    assert state_of(lot) == Lot.State.RELEASED
    assert lot.released_at.date().isoformat() == "2024-03-04"


def test_rejected_lot_is_not_released(coordinator, lot, viability):
    store(lot, viability, "91")
    Lot.objects.filter(pk=lot.pk).update(state=Lot.State.REJECTED)
    refused(send(coordinator, change_page(lot), **RELEASED), "[lot-state]")


def test_approved_exception_rests_on_its_reason(coordinator, lot, viability):
    store(lot, viability, "68")
    exception = {**RELEASED, "state": "out-of-specification"}
    refused(send(coordinator, change_page(lot), **exception), "[exception-reason]")
    assert send(coordinator, change_page(lot), **exception, release_note="board decision 4").status_code == 302
    assert state_of(lot) == Lot.State.OUT_OF_SPECIFICATION


def test_other_fields_of_a_released_lot_change_without_a_second_release(coordinator, lot, viability):
    send(coordinator, change_page(lot), **RELEASED, **result(viability, "91"))
    changed = {"manufactured_on": "2024-02-25", "change_reason": "from the certificate"}
    assert send(coordinator, change_page(lot), **changed).status_code == 302
    assert state_of(lot) == Lot.State.RELEASED
    assert lot.manufactured_on.isoformat() == "2024-02-25"


def test_late_failure_stands_on_the_subjects_page(coordinator, lot, viability, sterility):
    store(lot, viability, "91")
    send(coordinator, change_page(lot), **{**RELEASED, "state": "conditionally-released"})
    lot.refresh_from_db()
    component(make_administration(lot.subject), lot, started_at=DAY_ZERO).save()
    page = change_page(lot.subject)
    assert 'id="panel-release"' not in text_of(coordinator.get(page))
    store(lot, sterility, "positive", on="2024-03-20")
    shown = text_of(coordinator.get(page))
    assert 'id="panel-release"' in shown
    assert "found positive on 20 Mar 2024" in shown


def test_numbers_stand_without_the_zeros_of_their_column(coordinator, lot, viability):
    store(lot, viability, "91.5")
    text = text_of(coordinator.get(change_page(lot)))
    assert 'value="91.5"' in text
    assert "Viability at least 70<" in text
    assert ".0000" not in text
