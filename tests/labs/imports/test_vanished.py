"""A cumulative file holds all rows so far: what it no longer holds opens a data query."""

import pytest
from django.db import connection

from cart.models import DataQuery
from labs.models import Result, Transfer
from tests.cart.records import make_infused_subject, make_subject, make_trial
from tests.labs.records import LAYOUT, import_rows, make_laboratory, row
from trialsite.audit.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]

FIRST = [
    row("KUL-001", "A1", "2024-03-01", "SCL70", "80"),
    row("KUL-001", "A1", "2024-03-01", "ANA", "1:640"),
    row("KUL-001", "A2", "2024-04-01", "SCL70", "<10"),
]


@pytest.fixture
def trial():
    return make_trial()


@pytest.fixture
def subject(trial):
    return make_infused_subject(trial)


@pytest.fixture
def laboratory():
    made = make_laboratory("CUM", quarantine=True)
    made.layout = {**LAYOUT, "delivery": "cumulative"}
    made.save()
    return made


@pytest.fixture
def send(trial, subject, laboratory, tmp_path):
    def send(name, *rows, **options):
        return import_rows(trial.study, laboratory, tmp_path, name, *rows, **options)

    assert send("one.csv", *FIRST).totals.applied == 3
    return send


def asked():
    return {Result.objects.get(pk=query.target_id).received_text: query for query in DataQuery.objects.all()}


def test_nothing_vanishes_while_every_row_is_there_in_any_order(send):
    later = row("KUL-001", "A3", "2024-05-01", "SCL70", "<10")
    report = send("two.csv", later, *reversed(FIRST))
    assert (report.totals.applied, report.totals.duplicate, report.totals.vanished) == (1, 3, 0)
    assert not DataQuery.objects.exists()


def test_a_vanished_row_opens_a_query_and_the_report_says_so(send, subject):
    report = send("two.csv", FIRST[0], FIRST[2])
    assert report.totals.add_up()
    assert report.totals.vanished == 1
    assert "1 rows of earlier files are not in this cumulative file; each opened a data query" in report.text()
    query = asked()["1:640"]
    assert query.subject == subject
    assert (query.status, query.origin, query.target_table) == ("open", "vanished-row", "labs_result")
    assert query.text.startswith("ANA of specimen A1 (2024-03-01) came in T-")
    assert "two.csv" in query.text
    assert "640" not in query.text
    assert Transfer.objects.get(file_name="two.csv").rows_vanished == 1


def test_a_check_tells_what_would_be_asked_and_asks_nothing(send):
    report = send("two.csv", FIRST[0], FIRST[2], check_only=True)
    assert "1 rows of earlier files are not in this cumulative file; each would open a data query" in report.text()
    assert not DataQuery.objects.exists()


def test_the_result_itself_stays(send):
    send("two.csv", FIRST[0])
    assert Result.objects.count() == 3


def test_it_is_asked_once_while_the_query_is_open_and_again_after_it_was_closed(send):
    send("two.csv", FIRST[0], FIRST[2])
    assert send("three.csv", FIRST[2], FIRST[0]).totals.vanished == 0
    query = DataQuery.objects.get()
    query.status = DataQuery.Status.CLOSED
    query.save()
    assert send("four.csv", FIRST[0], FIRST[2], row("KUL-001", "A4", "2024-06-01", "SCL70", "9")).totals.vanished == 1
    assert DataQuery.objects.count() == 2


def test_a_corrected_row_has_not_vanished(send):
    report = send("two.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "8"), *FIRST[1:])
    assert (report.totals.corrected, report.totals.vanished) == (1, 0)
    assert send("three.csv", *FIRST[1:]).totals.vanished == 1
    # The newest version is asked about, not the one it took the place of.
    assert list(asked()) == ["8"]


def test_a_row_that_came_back_wrong_counts_as_vanished_until_it_is_right(send):
    report = send("two.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "inf"), *FIRST[1:])
    assert (report.totals.quarantined, report.totals.vanished) == (1, 1)


def test_rows_of_another_laboratory_or_entered_by_hand_are_none_of_its_business(trial, send, tmp_path):
    other = make_laboratory("OTHER", quarantine=True)
    import_rows(trial.study, other, tmp_path, "other.csv", row("KUL-001", "B1", "2024-03-01", "SCL70", "7"))
    first = Result.objects.get(received_text="1:640")
    Result.objects.create(
        specimen=first.specimen,
        analyte=Result.objects.get(received_text="80").analyte,
        version=2,
        received_text="81",
        supersession_reason="typed",
        unit="CU",
    )
    assert send("two.csv", *FIRST[1:]).totals.vanished == 0


def test_an_incremental_file_asks_nothing(trial, subject, tmp_path):
    laboratory = make_laboratory("INC")
    import_rows(trial.study, laboratory, tmp_path, "one.csv", *FIRST)
    assert import_rows(trial.study, laboratory, tmp_path, "two.csv", FIRST[0]).totals.vanished == 0
    assert not DataQuery.objects.exists()


def test_many_rows_over_several_blocks(trial, send, monkeypatch):
    monkeypatch.setattr("labs.imports.central_csv.read_blocks.__kwdefaults__", {"block_bytes": 300})
    make_subject(trial, "KUL-002")
    many = [row("KUL-002", f"C{n}", "2024-03-01", "SCL70", str(20 + n)) for n in range(60)]
    assert send("two.csv", *FIRST, *many).totals.applied == 60
    assert send("three.csv", *FIRST, *many[:50]).totals.vanished == 10


def test_a_query_has_its_event_and_is_never_deleted(send):
    send("two.csv", FIRST[0], FIRST[2])
    query = DataQuery.objects.get()
    assert AuditEvent.objects.filter(table_name="cart_dataquery", row_id=str(query.pk)).count() == 1
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM cart_dataquery")
