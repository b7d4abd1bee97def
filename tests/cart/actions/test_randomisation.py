"""Randomisation: sealed until given, one place each, the arm stays; the key is outside the database."""

import hashlib
import hmac
import threading

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from cart.actions.randomisation import allocate_arm, close_list, differing_places, make_list
from cart.endpoints.permuted_blocks import place_of
from cart.models import Allocation, Arm, ProtocolVersion, RandomisationList, Site, Subject
from tests.cart.records import make_eligible, make_subject, make_trial
from trialsite.audit.context import acting
from trialsite.audit.models import AuditEvent

WHO = {"actor": "carol", "reason": "randomised"}
PLAN = {"ratio": {"CART": 1, "CTRL": 1}, "block_sizes": [2, 4], "by_site": True}


@pytest.fixture
def trial(db, as_tester):
    return randomising(make_trial())


def randomising(trial, plan=PLAN):
    Arm.objects.create(study=trial.study, code="CTRL", title="Control")
    ProtocolVersion.objects.create(study=trial.study, number=1, effective_on="2024-01-01", randomisation=plan)
    return trial


def eligible(trial, code, site=None):
    subject = Subject.objects.create(study=trial.study, site=site or trial.site, code=code, status="enrolled")
    make_eligible(subject)
    return subject


def refused(write, code):
    with pytest.raises((IntegrityError, ValidationError), match=rf"\[{code}\]"), transaction.atomic():
        write()


def test_places_are_given_in_order_by_stratum_and_agree_with_the_list(trial):
    sealed = make_list(study=trial.study, **WHO)
    boston = Site.objects.create(study=trial.study, code="BOS", name="Boston")
    given = [allocate_arm(subject=eligible(trial, f"KUL-{n:03d}"), **WHO) for n in range(1, 9)]
    away = [allocate_arm(subject=eligible(trial, f"BOS-{n:03d}", boston), **WHO) for n in range(1, 4)]
    assert [one.position for one in given] == list(range(1, 9))
    assert [(one.stratum, one.position) for one in away] == [("BOS", 1), ("BOS", 2), ("BOS", 3)]
    arms = [one.arm.code for one in given]
    assert abs(arms[:8].count("CART") - arms[:8].count("CTRL")) <= 2
    assert differing_places(sealed) == []
    assert {one.allocated_by for one in given} == {"carol"}
    assert all(one.subject.arm_id is None or one.subject.arm == one.arm for one in given)
    assert Subject.objects.get(code="KUL-001").arm == given[0].arm


def test_nothing_in_the_database_says_what_comes_next(trial):
    sealed = make_list(study=trial.study, **WHO)
    # The list's own columns give neither seed nor arms: the nonce is not the seed, and the digest binds the seed.
    assert hashlib.sha256(bytes.fromhex(sealed.nonce)).hexdigest() != sealed.seed_sha256
    assert not Allocation.objects.exists()
    events = AuditEvent.objects.filter(table_name="cart_randomisationlist")
    assert set(events.get().new) == {field.column for field in RandomisationList._meta.concrete_fields}


def test_list_goes_on_only_with_the_key_that_it_was_made_with(trial, settings):
    make_list(study=trial.study, **WHO)
    subject = eligible(trial, "KUL-001")
    settings.RANDOMISATION_KEY = "another key of thirty-two characters"
    refused(lambda: allocate_arm(subject=subject, **WHO), "randomisation-key")
    settings.RANDOMISATION_KEY = ""
    refused(lambda: allocate_arm(subject=subject, **WHO), "randomisation-key")
    assert not Allocation.objects.exists()


def test_without_a_key_no_list_is_made(trial, settings):
    settings.RANDOMISATION_KEY = "short"
    refused(lambda: make_list(study=trial.study, **WHO), "randomisation-key")
    assert not RandomisationList.objects.exists()


def test_subject_is_randomised_once_and_only_when_eligible(trial):
    make_list(study=trial.study, **WHO)
    waiting = Subject.objects.create(study=trial.study, site=trial.site, code="KUL-009", status="enrolled")
    refused(lambda: allocate_arm(subject=waiting, **WHO), "not-eligible")
    subject = eligible(trial, "KUL-001")
    allocate_arm(subject=subject, **WHO)
    refused(lambda: allocate_arm(subject=subject, **WHO), "randomised-twice")
    assert Allocation.objects.count() == 1


def test_arm_is_not_set_by_hand_in_a_study_with_a_list(trial):
    make_list(study=trial.study, **WHO)
    refused(lambda: make_subject(trial), "arm-by-randomisation")
    subject = eligible(trial, "KUL-001")
    arm = allocate_arm(subject=subject, **WHO).arm
    other = trial.study.arms.exclude(pk=arm.pk).get()
    for value in (other, None):
        refused(lambda value=value: Subject.objects.filter(pk=subject.pk).update(arm=value), "arm-by-randomisation")
    Subject.objects.filter(pk=subject.pk).update(sex="F")


def test_place_is_given_once_in_its_order_and_stays(trial):
    sealed = make_list(study=trial.study, **WHO)
    allocate_arm(subject=eligible(trial, "KUL-001"), **WHO)
    second = eligible(trial, "KUL-002")

    def give(**values):
        fields = {"stratum": "KUL", "position": 2, "arm": trial.arm, **values}
        Allocation.objects.create(randomisation_list=sealed, subject=second, **fields)

    for values in ({"position": 1}, {"position": 3}, {"stratum": ""}, {"stratum": "BOS", "position": 1}):
        refused(lambda values=values: give(**values), "allocation-place")
    refused(lambda: give(arm=make_trial("T-2").arm), "wrong-study")
    with pytest.raises(IntegrityError), transaction.atomic():
        Allocation.objects.update(arm=trial.arm, position=7)
    with pytest.raises(IntegrityError), transaction.atomic():
        Allocation.objects.all().delete()


def test_place_that_was_given_by_hand_against_the_list_is_found(trial):
    sealed = make_list(study=trial.study, **WHO)
    subject = eligible(trial, "KUL-001")
    # What the list has is known to whoever has the key alone; here the test takes the other arm by trying both.
    for arm in trial.study.arms.all():
        with transaction.atomic():
            Allocation.objects.create(randomisation_list=sealed, subject=subject, stratum="KUL", position=1, arm=arm)
            wrong = differing_places(sealed)
            if wrong:
                assert wrong[0].startswith("KUL-001: place 1 KUL is")
                with pytest.raises(CommandError, match="randomisation-differs"):
                    call_command("verify_randomisation", trial.study.code)
                return
            transaction.set_rollback(True)
    raise AssertionError("neither arm differs from the list")


def test_closed_list_gives_no_place_and_the_next_one_begins_anew(trial):
    sealed = make_list(study=trial.study, **WHO)
    refused(lambda: make_list(study=trial.study, **WHO), "randomisation-list-open")
    close_list(sealed=sealed, closed_at=timezone.now(), **WHO)
    subject = eligible(trial, "KUL-001")
    refused(lambda: allocate_arm(subject=subject, **WHO), "not-randomised")
    refused(
        lambda: Allocation.objects.create(
            randomisation_list=sealed, subject=subject, stratum="KUL", position=1, arm=trial.arm
        ),
        "randomisation-closed",
    )
    again = make_list(study=trial.study, **WHO)
    assert (again.number, again.nonce != sealed.nonce) == (2, True)
    assert allocate_arm(subject=subject, **WHO).randomisation_list == again


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ({}, "not-randomised"),
        ({"ratio": {"CART": 1, "X": 1}, "block_sizes": [2]}, "randomisation-list"),
        ({"ratio": {"CART": 1, "CTRL": 2}, "block_sizes": [4]}, "randomisation-list"),
    ],
)
def test_protocol_without_a_usable_plan_makes_no_list(as_tester, db, plan, code):
    trial = randomising(make_trial(), plan)
    refused(lambda: make_list(study=trial.study, **WHO), code)


def test_commands_make_and_verify(trial, capsys):
    call_command("make_randomisation_list", trial.study.code)
    allocate_arm(subject=eligible(trial, "KUL-001"), **WHO)
    call_command("verify_randomisation", trial.study.code)
    out = capsys.readouterr().out
    assert "seed bound by SHA-256" in out
    assert "T-1 list 1: 1 places given, 0 differ." in out
    for command in ("make_randomisation_list", "verify_randomisation"):
        with pytest.raises(CommandError, match="unknown-study"):
            call_command(command, "none")
    with pytest.raises(CommandError, match="randomisation-list-open"):
        call_command("make_randomisation_list", trial.study.code)


def test_places_agree_with_the_kernel_and_a_seed_from_the_key(trial, settings):
    sealed = make_list(study=trial.study, **WHO)
    seed = hmac.new(settings.RANDOMISATION_KEY.encode(), sealed.nonce.encode(), hashlib.sha256).digest()
    given = [allocate_arm(subject=eligible(trial, f"KUL-{n}"), **WHO).arm.code for n in range(1, 7)]
    plan = {"ratio": PLAN["ratio"], "block_sizes": PLAN["block_sizes"]}
    assert given == [place_of(seed=seed, stratum="KUL", position=n, **plan).arm for n in range(1, 7)]


def test_two_people_at_once_get_different_places(fresh_database):
    with acting(actor="tester", reason="test"):
        trial = randomising(make_trial())
        make_list(study=trial.study, **WHO)
        subjects = [eligible(trial, f"KUL-{n:03d}") for n in range(8)]
    start, failed = threading.Barrier(len(subjects)), []

    def randomise(subject):
        try:
            start.wait(timeout=30)
            allocate_arm(subject=subject, actor=f"editor {subject.code}", reason="randomised")
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=randomise, args=(subject,)) for subject in subjects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    assert sorted(Allocation.objects.values_list("position", flat=True)) == list(range(1, 9))
    assert differing_places(RandomisationList.objects.get()) == []
    connection.close()
