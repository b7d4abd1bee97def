"""Dates with month names, as exact as received."""

import pytest

from labs.admin.collected import month_name_text
from labs.models import Specimen
from tests.cart.admin.pages import add_page, send
from tests.cart.records import make_subject
from tests.labs.records import make_laboratory


@pytest.mark.parametrize(
    ("received", "shown"),
    [
        ("2024", "2024"),
        ("2024-02", "Feb 2024"),
        ("2024-02-29", "29 Feb 2024"),
        ("2024-12-01T07:05", "1 Dec 2024, 07:05"),
        ("2024-12-01T07:05:59", "1 Dec 2024, 07:05:59"),
    ],
)
def test_nothing_is_completed_and_the_month_is_named(received, shown):
    assert month_name_text(received) == shown


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2024-03-20T08:30", "2024-03-20T08:30"),
        ("2024-03-20 08:30", "2024-03-20T08:30"),
        (" 2024-03-20 ", "2024-03-20"),
        ("2024-02-29  08:30", "2024-02-29T08:30"),
        ("2024-03", "2024-03"),
    ],
)
def test_collection_is_typed_as_iso_also_with_a_blank_before_the_time(coordinator, trial, typed, stored):
    assert entered(coordinator, trial, typed).status_code == 302
    assert Specimen.objects.get().collected == stored


@pytest.mark.parametrize("typed", ["20/03/2024", "2024-03-20 8:30", "2023-02-29", "2024-03-20T25:00", "20 Mar 2024"])
def test_what_is_no_iso_date_is_refused_with_how_it_is_written(coordinator, trial, typed):
    answer = entered(coordinator, trial, typed)
    assert answer.status_code == 200
    assert "collected" in answer.context["adminform"].form.errors
    assert not Specimen.objects.exists()
    assert "2024-03-05T10:15" in answer.rendered_content


def entered(client, trial, collected):
    values = {"subject": make_subject(trial).pk, "laboratory": make_laboratory().pk, "accession": "A-1"}
    return send(client, add_page("labs.Specimen"), **values, collected=collected)
