"""Series and latest value of one subject come by a range of the primary key, however many results there are."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labs.models import Analyte, Result
from tests.cart.records import make_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
SUBJECTS, VISITS = 40, 50


@pytest.fixture
def subjects(tmp_path):
    trial, laboratory = make_trial(), make_laboratory()
    made = [make_subject(trial, f"S{n:03d}") for n in range(SUBJECTS)]
    days = [f"20{22 + n // 12:02d}-{n % 12 + 1:02d}-01" for n in range(VISITS)]
    rows = [
        row(subject.code, f"{subject.code}-{day}", day, test, value)
        for subject in made
        for day in days[:24]
        for test, value in (("SCL70", "80"), ("ANA", "1:640"))
    ]
    report = import_rows(trial.study, laboratory, tmp_path, "many.csv", *rows)
    assert report.accepted, report.text()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE labs_result, labs_specimen")
    return made


def plan_nodes(sql):
    """Every node of the plan as (kind, table, index)."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        answer = cursor.fetchone()[0]
    waiting = [(json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        yield node["Node Type"], node.get("Relation Name"), node.get("Index Name")


def assert_by_key(sql):
    on_results = [node for node in plan_nodes(sql) if node[1] == "labs_result" and node[2] != "result_superseding"]
    assert on_results
    assert {(kind, index) for kind, _, index in on_results} <= {
        ("Index Scan", "labs_result_pkey"),
        ("Index Only Scan", "labs_result_pkey"),
        ("Bitmap Heap Scan", None),
    }


def test_series_of_a_subject_is_one_range_of_the_key(subjects):
    series = Result.objects.of_subject(subjects[7].pk).current()
    assert_by_key(str(series.query))
    assert series.count() == 48
    assert {result.specimen.subject_id for result in series.select_related("specimen")} == {subjects[7].pk}


def test_latest_value_is_one_query_by_the_key(subjects):
    analyte = Analyte.objects.get(code="ATA")
    with CaptureQueriesContext(connection) as asked:
        latest = Result.objects.latest_of(subject_id=subjects[7].pk, analyte_id=analyte.pk)
    assert len(asked) == 1
    assert_by_key(asked[0]["sql"])
    assert latest.specimen.collected == "2023-12-01"
    assert latest.specimen.subject_id == subjects[7].pk


def test_latest_value_is_the_corrected_one_and_passes_over_what_is_missing(trial_of_one):
    trial, laboratory, subject, folder = trial_of_one
    send = lambda name, *rows: import_rows(trial.study, laboratory, folder, name, *rows)  # noqa: E731
    send(
        "a.csv", row("S1", "A1", "2024-03-01", "SCL70", "80"), row("S1", "A2", "2024-04-01", "SCL70", "", reason="lost")
    )
    send("b.csv", row("S1", "A1", "2024-03-01", "SCL70", "8"))
    analyte = Analyte.objects.get(code="ATA")
    assert Result.objects.latest_of(subject_id=subject.pk, analyte_id=analyte.pk).received_text == "8"
    send("c.csv", row("S1", "A3", "2024-03-01T09:00", "SCL70", "<10"))
    assert Result.objects.latest_of(subject_id=subject.pk, analyte_id=analyte.pk).received_text == "<10"
    other = Analyte.objects.get(code="ANA")
    assert Result.objects.latest_of(subject_id=subject.pk, analyte_id=other.pk) is None


@pytest.fixture
def trial_of_one(tmp_path):
    trial = make_trial()
    return trial, make_laboratory(), make_subject(trial, "S1"), tmp_path
