"""What a result refers to exists, by every path: one check per statement, whatever tables the session has."""

import pytest
from django.db import IntegrityError, connection

from labs.models import Analyte, AssayVersion, Result, Specimen
from labs.models.result import result_key
from tests.cart.records import make_subject, make_trial
from tests.labs.records import make_laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def specimens():
    """Three specimens of one subject."""
    subject, laboratory = make_subject(make_trial(), "S1"), make_laboratory()
    return [
        Specimen.objects.create(subject=subject, laboratory=laboratory, accession=f"A{n}", collected="2024-03-12")
        for n in range(3)
    ]


def enter(*specimen_ids: int, analyte: str = "ATA", assay: str = "ATA", transfer: int | None = None) -> None:
    """A result of each specimen, in one statement, by SQL."""
    analyte_id = Analyte.objects.get(code=analyte).pk
    assay_id = AssayVersion.objects.get(analyte__code=assay).pk
    values = [
        (result_key(specimen_id=n, analyte_id=analyte_id, version=1), n, analyte_id, assay_id, transfer)
        for n in specimen_ids
    ]
    marks = ", ".join(["(%s, %s, %s, %s, %s, 1, '=', '5', 'CU', 5)"] * len(values))
    columns = "id, specimen_id, analyte_id, assay_id, transfer_id, version, qualifier, received_text, unit, value"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO public.labs_result ({columns}) VALUES {marks}", [value for row in values for value in row]
        )


def test_results_of_known_specimens_are_entered(specimens):
    # In any order.
    enter(*(specimen.pk for specimen in reversed(specimens)))
    assert Result.objects.count() == 3


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_unknown_specimen_among_known_ones_is_named(specimens, place):
    wanted = [specimen.pk for specimen in specimens]
    wanted[place] = specimens[0].pk + 100
    with pytest.raises(IntegrityError, match=rf"specimen {wanted[place]} is none\. \[unknown-specimen\]"):
        enter(*wanted)


def test_a_table_of_the_session_is_no_specimen(specimens):
    unknown = specimens[0].pk + 100
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE labs_specimen AS SELECT {unknown}::bigint AS id;"
            " GRANT SELECT ON pg_temp.labs_specimen TO PUBLIC"
        )
    with pytest.raises(IntegrityError, match="unknown-specimen"):
        enter(unknown)


def test_assay_of_another_analyte_is_refused(specimens):
    with pytest.raises(IntegrityError, match="unknown-analyte"):
        enter(specimens[0].pk, assay="CD19_ABS")


def test_unknown_transfer_is_refused(specimens):
    with pytest.raises(IntegrityError, match="unknown-transfer"):
        enter(specimens[0].pk, transfer=999)
