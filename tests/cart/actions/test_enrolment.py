"""A subject gets the next number of its site, once; what cannot be is refused whole."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError

from cart.actions.enrolment import screen_subject
from cart.models import Consent, Site, Subject
from cart.models.codes import check_character
from tests.cart.records import make_subject, make_trial
from trialsite.audit.models import AuditEvent

pytestmark = pytest.mark.django_db


def enrol(trial, **changes):
    values = {
        "study": trial.study,
        "site": trial.site,
        "arm": trial.arm,
        "year_of_birth": 1970,
        "sex": "F",
        "consent_version": "2.0",
        "consent_signed_on": dt.date(2024, 2, 1),
        "actor": "carol",
        "reason": "screening",
        **changes,
    }
    return screen_subject(**values)


def refused(trial, match, **changes):
    before = Subject.objects.count(), Consent.objects.count()
    with pytest.raises(ValidationError, match=match):
        enrol(trial, **changes)
    assert (Subject.objects.count(), Consent.objects.count()) == before


def test_subject_is_in_screening_with_its_consent_by_the_actor(trial):
    subject = enrol(trial)
    assert subject.code == "KUL-001-X"
    assert (subject.status, subject.site, subject.arm) == (Subject.Status.SCREENING, trial.site, trial.arm)
    consent = subject.consents.get()
    assert (consent.version, consent.signed_on) == ("2.0", dt.date(2024, 2, 1))
    events = AuditEvent.objects.filter(table_name__in=["cart_subject", "cart_consent"])
    made = events.filter(context__reason="screening")
    assert set(made.values_list("table_name", "context__actor")) == {
        ("cart_subject", "carol"),
        ("cart_consent", "carol"),
    }


# Hand-worked, ISO 7064 mod 37,36 of "A1": 36+10=46 -> 10, x2=20; 20+1=21, x2=42 -> 5; 37-5=32 -> W.
def test_check_character_by_hand():
    assert check_character("A1") == "W"
    # The same sum with the check character comes to 1: 5+32=37 -> 1.
    assert (5 + 32) % 36 == 1


def test_numbers_run_per_site_and_every_code_checks(trial):
    boston = Site.objects.create(study=trial.study, code="BOS", name="Boston")
    codes = [enrol(trial).code, enrol(trial, site=boston).code, enrol(trial).code, enrol(trial, site=boston).code]
    stems = [code.rpartition("-")[0] for code in codes]
    assert stems == ["KUL-001", "BOS-001", "KUL-002", "BOS-002"]
    assert [code[-1] for code in codes] == [check_character(stem) for stem in stems]


def test_check_character_finds_a_wrong_digit_and_a_swap():
    code = "KUL-012"
    wrong = [f"KUL-{number:03d}" for number in range(1000) if number != 12]
    assert check_character(code) not in {check_character("KUL-021"), check_character("KLU-012")}
    one_digit_off = [w for w in wrong if sum(a != b for a, b in zip(w, code, strict=True)) == 1]
    assert len(one_digit_off) == 27
    assert all(check_character(w) != check_character(code) for w in one_digit_off)


def test_number_of_a_subject_that_moved_to_another_site_is_not_given_again(trial):
    boston = Site.objects.create(study=trial.study, code="BOS", name="Boston")
    enrol(trial)
    second = enrol(trial)
    second.site = boston
    second.save()
    assert enrol(trial).code.startswith("KUL-003-")
    assert enrol(trial, site=boston).code.startswith("BOS-001-")


def test_number_taken_by_hand_does_not_stop_enrolment(trial):
    taken = f"KUL-002-{check_character('KUL-002')}"
    make_subject(trial, taken)
    assert enrol(trial).code.startswith("KUL-003-")


def test_site_whose_code_begins_like_anothers_counts_for_itself(trial):
    north = Site.objects.create(study=trial.study, code="KUL-1", name="Leuven North")
    for _ in range(3):
        enrol(trial, site=north)
    assert enrol(trial).code.startswith("KUL-001-")


def test_subjects_of_another_study_do_not_count(trial):
    other = make_trial("T-2")
    enrol(other)
    assert enrol(trial).code == "KUL-001-X"


def test_the_same_person_entered_twice_is_two_subjects(trial):
    # No names and no birth dates are kept, so nothing here can tell that two persons are one.
    assert enrol(trial).code != enrol(trial).code


def test_site_of_another_study_is_refused(trial):
    refused(trial, "site-of-other-study", site=make_trial("T-2").site)


def test_site_that_is_not_stored_is_refused(trial):
    refused(trial, "site-of-other-study", site=Site(study=trial.study, code="NEW", name="New"))


def test_arm_of_another_study_is_refused(trial):
    refused(trial, "arm-of-other-study", arm=make_trial("T-2").arm)


def test_subject_without_arm_is_screened(trial):
    assert enrol(trial, arm=None).arm is None


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"year_of_birth": 1899}, "1900"),
        ({"year_of_birth": 2101}, "2100"),
        ({"sex": "X"}, "not a valid choice"),
        ({"consent_version": ""}, "cannot be blank"),
        ({"consent_signed_on": None}, "cannot be null"),
        ({"year_of_birth": 2025}, "before-birth"),
    ],
)
def test_impossible_value_is_refused_and_nothing_is_stored(trial, changes, match):
    refused(trial, match, **changes)


def test_consent_of_the_future_is_refused(trial):
    # Noon UTC on 5 March: it is 6 March already in Kiritimati, and nowhere 7 March.
    with time_machine.travel(dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC), tick=False):
        refused(trial, "future-date", consent_signed_on=dt.date(2024, 3, 7))
        assert enrol(trial, consent_signed_on=dt.date(2024, 3, 6)).consents.exists()
