"""No record's page asks the database more often because it has more rows, or because there are more records."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.models import (
    ConcomitantTherapy,
    ConditioningDose,
    Consent,
    CustodyEvent,
    DataQuery,
    RecordCompletion,
    ReleaseSpecification,
    ReleaseTest,
    Role,
    Visit,
    WarningOverride,
)
from labs.models import Analyte, AnalyteCode, AssayVersion, DeltaLimit, Result, TransferRow
from tests.cart.admin.pages import member
from tests.labs.admin.test_query_counts import fill

AT = datetime(2024, 3, 1, 9, tzinfo=UTC)
ON = date(2024, 3, 1)
# Records with rows on their pages.
WITH_ROWS = (
    "Study",
    "Subject",
    "Apheresis",
    "Lot",
    "ConditioningCourse",
    "Administration",
    "ProtocolVersion",
    "Product",
)


def firsts():
    """The first record of every registered model that has one."""
    rows = {model._meta.label: model._default_manager.order_by("pk").first() for model in admin.site._registry}
    return {label: row for label, row in rows.items() if row is not None}


def make_marks(subject):
    """Records about records."""
    about = {"subject": subject, "target_table": "cart_subject", "target_id": subject.pk}
    WarningOverride.objects.create(**about, target_field="x", code="c", sentence="s", reason="r", kept_by="carol")
    RecordCompletion.objects.create(**about, state="complete", marked_by="carol")
    DataQuery.objects.create(**about, text="Why?", origin=DataQuery.Origin.PERSON)
    DeltaLimit.objects.create(analyte=Analyte.objects.first(), limit=1, window_days=7, source="s")


def add_rows(first, numbers):
    """One more row on every page that has rows, for each number."""
    subject, lot, specimen = first["cart.Subject"], first["cart.Lot"], first["labs.Specimen"]
    for number in numbers:
        day = ON + timedelta(days=number)
        Consent.objects.create(subject=subject, version=str(number), signed_on=day)
        Visit.objects.create(subject=subject, label=f"U{number}", occurred_on=day)
        ConcomitantTherapy.objects.create(subject=subject, drug=f"D{number}", therapy_class="other")
        criterion = ReleaseSpecification.objects.create(
            product=lot.product, test=f"T{number}", comparison="ge", limit=1
        )
        ReleaseTest.objects.create(lot=lot, specification=criterion, received_text="1", passed=True, tested_on=day)
        CustodyEvent.objects.create(
            apheresis=lot.apheresis, lot=lot, kind="shipped", occurred_at=AT, place="P", first_person="A",
            second_person="B",
        )  # fmt: skip
        ConditioningDose.objects.create(
            course=first["cart.ConditioningCourse"], drug="fludarabine", given_at=AT + timedelta(days=number),
            planned_mg_m2=30, given_mg=54,
        )  # fmt: skip
        analyte = Analyte.objects.create(code=f"Y{number}", name="Y")
        AnalyteCode.objects.create(laboratory=first["labs.Laboratory"], code=f"y{number}", analyte=analyte)
        AssayVersion.objects.create(laboratory=first["labs.Laboratory"], analyte=analyte, kit="K", valid_from=ON)
        Result.objects.create(specimen=specimen, analyte=analyte, received_text="1", value=1)
        TransferRow.objects.create(
            transfer=first["labs.Transfer"], line=number, rule="r", expected="e", outcome="refused"
        )
        first["cart.DataQuery"].messages.create(text=f"Because {number}.", author="carol")


def queries_per_page(client, first):
    """Number of queries of every record's page that the client may open."""
    counts = {}
    for label, row in first.items():
        page = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        if client.get(page).status_code == 200:
            with CaptureQueriesContext(connection) as captured:
                client.get(page)
            counts[label] = len(captured)
    return counts


@pytest.mark.parametrize("who", ["superuser", "data manager"])
def test_queries_of_every_page_are_the_same_with_three_rows_and_with_fifteen(trial, superuser, who):
    client = superuser if who == "superuser" else member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)
    fill(trial, range(1, 4))
    first = firsts()
    make_marks(first["cart.Subject"])
    first = firsts()
    assert set(first) >= {f"cart.{name}" for name in WITH_ROWS} | {"labs.Specimen", "labs.Laboratory", "labs.Transfer"}
    add_rows(first, range(101, 104))
    few = queries_per_page(client, first)
    fill(trial, range(4, 8))
    add_rows(first, range(104, 116))
    many = queries_per_page(client, first)
    assert {label: (few[label], many[label]) for label in few if few[label] != many[label]} == {}
    assert len(few) >= len(first) - 2
