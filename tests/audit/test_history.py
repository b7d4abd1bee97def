"""Tables as of a moment: exact whoever was writing as it was taken, and gone when the block ends."""

import threading

import pytest
from django.db import connection, transaction

from cart.models import ConcomitantTherapy, Site, Subject
from tests.cart.records import make_subject, make_trial
from trialsite.audit.context import acting
from trialsite.audit.history import Moment, as_of
from trialsite.isolation.moment import MomentError, one_moment

TABLES = ("cart_subject", "cart_concomitanttherapy", "cart_site", "cart_study")
pytestmark = pytest.mark.usefixtures("fresh_database", "as_tester")


def now():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_current_snapshot()::text, (SELECT max(id) FROM audit.context),"
            " pg_current_xact_id()::text::bigint"
        )
        return Moment(*cursor.fetchone())


def therapies():
    return list(ConcomitantTherapy.objects.order_by("pk").values_list("drug", flat=True))


def give(subject, drug):
    return ConcomitantTherapy.objects.create(subject=subject, drug=drug, therapy_class="other", started="2024-01-01")


def test_entered_changed_and_removed_rows_are_as_they_were():
    subject = make_subject(make_trial())
    kept, changed, removed = (give(subject, drug) for drug in ("kept", "before", "removed"))
    moment = now()
    ConcomitantTherapy.objects.filter(pk=changed.pk).update(drug="between")
    ConcomitantTherapy.objects.filter(pk=changed.pk).update(drug="after")
    removed.delete()
    give(subject, "entered")
    with one_moment():
        with as_of(moment, TABLES) as touched:
            assert touched == ["cart_concomitanttherapy"]
            assert therapies() == ["kept", "before", "removed"]
            assert ConcomitantTherapy.objects.get(pk=changed.pk).started == "2024-01-01"
        assert therapies() == ["kept", "after", "entered"]
    assert kept.pk < changed.pk


def test_nothing_since_makes_no_view():
    give(make_subject(make_trial()), "kept")
    moment = now()
    with one_moment(), as_of(moment, TABLES) as touched:
        assert touched == []
        assert therapies() == ["kept"]


def test_transaction_that_was_open_stays_outside_though_it_began_before():
    trial = make_trial()
    # Two subjects: writers of one subject wait for each other at its stale mark.
    subject, other = make_subject(trial, "KUL-001"), make_subject(trial, "KUL-002")
    give(subject, "before")
    written, taken, done = threading.Event(), threading.Event(), threading.Event()

    def slow_writer():
        try:
            with acting(actor="slow", reason="test"), transaction.atomic():
                give(subject, "open as the moment was taken")
                written.set()
                assert taken.wait(30)
        finally:
            done.set()
            connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    assert written.wait(30)
    with transaction.atomic():
        # Committed before the moment, though its transaction began after the open one.
        give(other, "quick")
    moment = now()
    taken.set()
    writer.join(30)
    assert done.is_set()
    assert therapies() == ["before", "open as the moment was taken", "quick"]
    with one_moment(), as_of(moment, TABLES):
        assert therapies() == ["before", "quick"]


def test_own_transaction_stays_outside_before_and_after_the_moment():
    subject = make_subject(make_trial())
    with transaction.atomic():
        give(subject, "own, before")
        moment = now()
        give(subject, "own, after")
    # Others end meanwhile, so the own transaction is below the newest that the snapshot knows.
    assert therapies() == ["own, before", "own, after"]
    with one_moment(), as_of(moment, TABLES):
        assert therapies() == []


def test_savepoints_of_a_transaction_belong_to_it():
    subject = make_subject(make_trial())
    with transaction.atomic():
        give(subject, "first")
        with transaction.atomic():
            give(subject, "in a savepoint")
    moment = now()
    with transaction.atomic(), transaction.atomic():
        give(subject, "later, in a savepoint")
    with one_moment(), as_of(moment, TABLES):
        assert therapies() == ["first", "in a savepoint"]


def test_joins_of_the_orm_read_the_moment():
    trial = make_trial()
    make_subject(trial, "KUL-001")
    moment = now()
    Site.objects.filter(pk=trial.site.pk).update(name="Moved")
    make_subject(trial, "KUL-002")
    with one_moment(), as_of(moment, TABLES):
        rows = Subject.objects.filter(study=trial.study).values_list("code", "site__name")
        assert list(rows) == [("KUL-001", "Leuven")]
    assert Site.objects.get(pk=trial.site.pk).name == "Moved"


def test_failed_block_leaves_no_view_behind():
    subject = make_subject(make_trial())
    moment = now()
    give(subject, "later")
    with one_moment():
        with pytest.raises(ValueError, match="broken"), as_of(moment, TABLES):
            raise ValueError("broken")
        assert therapies() == ["later"]
    with pytest.raises(ZeroDivisionError), one_moment(), as_of(moment, TABLES):
        raise ZeroDivisionError
    assert therapies() == ["later"]


def test_two_moments_after_each_other_in_one_transaction():
    subject = make_subject(make_trial())
    first = now()
    give(subject, "one")
    second = now()
    give(subject, "two")
    with one_moment():
        with as_of(first, TABLES):
            assert therapies() == []
        with as_of(second, TABLES):
            assert therapies() == ["one"]


def test_transaction_that_sees_more_than_one_moment_is_refused():
    moment = now()
    with pytest.raises(MomentError, match="one-moment"), transaction.atomic(), as_of(moment, TABLES):
        pass
    with pytest.raises(MomentError, match="one-moment"), transaction.atomic(), one_moment():
        pass


def test_position_keeps_out_what_a_restored_server_numbers_from_the_beginning():
    """After a logical restore new transactions have small numbers, as if they had ended long ago."""
    subject = make_subject(make_trial())
    give(subject, "before")
    taken = now()
    give(subject, "after the restore")
    far = Moment(snapshot="900000000:900000000:", position=taken.position, own=taken.own)
    with one_moment(), as_of(far, TABLES):
        assert therapies() == ["before"]
