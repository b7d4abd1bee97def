"""A change of kit that the laboratory tells late: results that came in between are shown and moved."""

import datetime as dt
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from labs.actions.kits import move_to_kit, results_elsewhere
from labs.inputs import observations
from labs.models import Analyte, AssayVersion, Result
from tests.cart.records import make_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
DAYS = ["2024-02-29", "2024-03-01", "2024-03-15"]


@pytest.fixture
def laboratory(tmp_path):
    trial = make_trial()
    make_subject(trial, "KUL-001")
    laboratory = make_laboratory()
    rows = [row("KUL-001", f"A{n}", day, "SCL70", f"8{n}") for n, day in enumerate(DAYS)]
    rows.append(row("KUL-001", "A2", DAYS[2], "CD19", "5"))
    assert import_rows(trial.study, laboratory, tmp_path, "a.csv", *rows).accepted
    return laboratory


def change_kit(laboratory, *, unit="CU"):
    """Another kit since 1 March."""
    old = AssayVersion.objects.get(laboratory=laboratory, analyte__code="ATA")
    old.valid_to = dt.date(2024, 2, 29)
    old.save()
    AssayVersion.objects.create(
        laboratory=laboratory, analyte=old.analyte, kit="Kit B", unit=unit, valid_from=dt.date(2024, 3, 1)
    )
    return old.analyte


def test_results_of_the_new_kit_s_days_become_next_versions_under_it(laboratory):
    analyte = Analyte.objects.get(code="ATA")
    assert results_elsewhere(laboratory=laboratory, analyte=analyte).results.height == 0
    change_kit(laboratory)
    found = results_elsewhere(laboratory=laboratory, analyte=analyte).results
    assert found.select("accession", "kit_before", "kit_after").rows() == [
        ("A1", "Kit A", "Kit B"),
        ("A2", "Kit A", "Kit B"),
    ]
    assert move_to_kit(laboratory=laboratory, analyte=analyte, actor="data", reason="kit B since 1 March") == 2
    current = Result.objects.current().filter(analyte=analyte).select_related("assay").order_by("specimen__accession")
    assert [(one.assay.kit, one.version, one.received_text, one.value) for one in current] == [
        ("Kit A", 1, "80", 80),
        ("Kit B", 2, "81", 81),
        ("Kit B", 2, "82", 82),
    ]
    assert {one.supersession_reason for one in current if one.version == 2} == {"kit B since 1 March"}
    frame = observations(current[0].specimen.study_id, [current[0].specimen.subject_id])
    assert frame.filter(analyte="ATA")["series"].n_unique() == 2
    assert move_to_kit(laboratory=laboratory, analyte=analyte, actor="data", reason="again") == 0


def test_the_file_delivered_again_leaves_them_there(laboratory, tmp_path):
    analyte = change_kit(laboratory)
    move_to_kit(laboratory=laboratory, analyte=analyte, actor="data", reason="kit B")
    study = Result.objects.first().specimen.study
    rows = [row("KUL-001", f"A{n}", day, "SCL70", f"8{n}", visit="Week") for n, day in enumerate(DAYS)]
    again = import_rows(study, laboratory, tmp_path, "b.csv", *rows)
    assert (again.totals.applied, again.totals.duplicate) == (0, 3)
    assert Result.objects.current().filter(assay__kit="Kit B").count() == 2


def test_a_result_in_another_unit_than_the_new_kit_moves_nothing(laboratory):
    analyte = change_kit(laboratory, unit="U/mL")
    with pytest.raises(ValidationError, match=r"found '81' in CU of specimen A1 beside Kit B in U/mL.*\[kit-unit\]"):
        move_to_kit(laboratory=laboratory, analyte=analyte, actor="data", reason="kit B")
    assert not Result.objects.filter(version=2).exists()


def test_the_command_shows_and_moves(laboratory):
    change_kit(laboratory)

    def run(**options):
        out = io.StringIO()
        call_command("move_to_kit", **{"laboratory": "LAB", "analyte": "ATA", "stdout": out, **options})
        return out.getvalue()

    shown = run()
    assert "ATA of LAB: 2 results under another kit than that of their day" in shown
    assert "T-1 KUL-001 A1 2024-03-01: 81 CU: Kit A -> Kit B" in shown
    assert not Result.objects.filter(version=2).exists()
    assert "2 moved, each as the next version of its result" in run(move=True, reason="kit B since 1 March")
    with pytest.raises(CommandError, match="unknown-laboratory"):
        run(laboratory="X")
    with pytest.raises(CommandError, match="unknown-analyte"):
        run(analyte="X")
