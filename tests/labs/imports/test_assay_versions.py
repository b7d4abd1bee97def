"""Lot and dilution series of a kit: what a version declares, and what rows must hold because of it."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from labs.admin.result import ResultForm
from labs.inputs import observations
from labs.models import Analyte, AssayVersion, Result
from labs.units.dilutions import MAX_DILUTION, dilutions
from tests.cart.records import make_subject, make_trial
from tests.labs.imports.slow_reader import slow_titer
from tests.labs.records import import_rows, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def sent(tmp_path):
    """Function that imports one titer; the laboratory's kit dilutes 1:40, 1:80, ..."""
    trial = make_trial()
    make_subject(trial, "KUL-001")
    laboratory = make_laboratory()
    kit = AssayVersion.objects.get(analyte__code="ANA")
    kit.dilution_start, kit.dilution_factor = 40, 2
    kit.full_clean()
    kit.save()

    def send(result, *, test="ANA", day="2024-03-01"):
        return import_rows(
            trial.study, laboratory, tmp_path, f"{abs(hash((result, test, day)))}.csv",
            row("KUL-001", f"A{day}", day, test, result),
        )  # fmt: skip

    return send


@pytest.mark.parametrize("result", ["1:40", "1:640", "<1:40", ">1:5120", "= 1:80"])
def test_dilutions_of_the_series_are_taken(sent, result):
    assert sent(result).accepted
    assert Result.objects.get().value == slow_titer(result)[1]


@pytest.mark.parametrize("result", ["1:20", "1:41", "1:600", "<1:50", "1:4", "1:9999999999"])
def test_other_dilutions_are_refused_with_the_series(sent, result):
    given = sent(result)
    assert given.refused
    assert "expected a dilution of the kit's series: 1:40 and each 2 times the one before [titer-off-series]" in (
        given.text()
    )


def test_a_number_of_an_analyte_without_series_is_none_of_its_business(sent):
    assert sent("41", test="SCL70").accepted


def test_series_end_where_titers_do():
    assert dilutions(1, 10)[-1] == 10**9
    assert all(step <= MAX_DILUTION for step in dilutions(7, 3))
    assert slow_titer(f"1:{MAX_DILUTION}") is not None


@pytest.mark.parametrize(("start", "factor"), [(40, None), (None, 2), (0, 2), (40, 1)])
def test_a_series_is_whole_or_none(start, factor):
    make_laboratory()
    kit = AssayVersion.objects.get(analyte__code="ANA")
    kit.dilution_start, kit.dilution_factor = start, factor
    with pytest.raises(ValidationError, match="dilution-series"):
        kit.full_clean()


def test_only_a_titer_has_dilutions():
    make_laboratory()
    kit = AssayVersion.objects.get(analyte__code="ATA")
    kit.dilution_start, kit.dilution_factor = 40, 2
    with pytest.raises(ValidationError, match="A dilution series is one of titers"):
        kit.full_clean()


def test_a_new_lot_of_the_same_kit_goes_on_in_the_series(sent):
    assert sent("80", test="SCL70", day="2024-03-01").accepted
    old = AssayVersion.objects.get(analyte__code="ATA")
    old.valid_to = dt.date(2024, 3, 31)
    old.lot = "L1"
    old.save()
    AssayVersion.objects.create(
        laboratory=old.laboratory, analyte=old.analyte, kit=old.kit, lot="L2", unit=old.unit, lloq=old.lloq,
        valid_from=dt.date(2024, 4, 1),
    )  # fmt: skip
    assert sent("90", test="SCL70", day="2024-04-02").accepted
    first, second = Result.objects.order_by("specimen__collected").select_related("assay", "specimen")
    assert (first.assay.lot, second.assay.lot) == ("L1", "L2")
    frame = observations(first.specimen.study_id, [first.specimen.subject_id])
    assert frame["series"].n_unique() == 1


def test_a_titer_entered_by_hand_is_one_of_the_series(sent):
    assert sent("80", test="SCL70").accepted
    specimen = Result.objects.get().specimen
    given = {"specimen": specimen.pk, "analyte": Analyte.objects.get(code="ANA").pk, "change_reason": "entry"}
    assert "titer-off-series" in str(ResultForm({**given, "received_text": "1:50"}).errors)
    assert "received_text" not in ResultForm({**given, "received_text": "1:80"}).errors
