"""The laboratory grid: a panel in one transaction, judgements, and what is refused."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cart.models import (
    Panel,
    PanelAnalyte,
    PlannedPanel,
    PlannedVisit,
    ProtocolVersion,
    Role,
    Visit,
)
from labs.models import Analyte, AssayVersion, Judgement, ReferenceRange, Result, Specimen
from tests.cart.admin.pages import add_page, fields_of, member, send
from tests.cart.records import make_subject
from tests.labs.records import make_laboratory
from trialsite.audit.models import AuditEvent

TODAY = timezone.now().date()
FORM, NAMES = "grid-form", ("text", "reason", "significant")


@pytest.fixture
def laboratory(trial):
    return make_laboratory()


@pytest.fixture
def specimen(trial, laboratory):
    return specimen_of(make_subject(trial), laboratory, "A-1", TODAY)


def specimen_of(subject, laboratory, accession, day):
    stored = Specimen.objects.create(subject=subject, laboratory=laboratory, accession=accession, collected=f"{day}")
    return Specimen.objects.get(pk=stored.pk)


def approved_range(laboratory, code, low, high):
    analyte = Analyte.objects.get(code=code)
    return ReferenceRange.objects.create(
        laboratory=laboratory, analyte=analyte, valid_from=dt.date(2020, 1, 1), low=Decimal(low), high=Decimal(high),
        unit=analyte.unit, source="list", proposed_by="ann", state="approved", decided_by="bob",
        decided_at=timezone.now(),
    )  # fmt: skip


def grid(specimen):
    return reverse("admin:labs_specimen_enter_results", args=[specimen.pk])


def cell(code, name):
    return f"a{Analyte.objects.get(code=code).pk}-{name}"


def typed(client, specimen, **rows):
    """Open the grid, type results by analyte (text, or text with reason and significance), save."""
    values = {}
    for code, given in rows.items():
        cells = (given,) if isinstance(given, str) else given
        values |= {cell(code, name): cells[index] for index, name in enumerate(NAMES[: len(cells)])}
    return send(client, grid(specimen), FORM, **values)


def text_of(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


def stored(specimen):
    rows = Result.objects.current().filter(specimen=specimen).select_related("analyte")
    return {row.analyte.code: row for row in rows}


def test_panel_is_stored_as_typed_and_as_value_with_kit_and_unit(coordinator, specimen):
    assert typed(coordinator, specimen, ATA="<10", ANA="1:640", CD19_ABS="12.50").status_code == 302
    found = stored(specimen)
    assert {code: (row.received_text, row.qualifier, row.value) for code, row in found.items()} == {
        "ATA": ("<10", "<", Decimal(10)),
        "ANA": ("1:640", "=", Decimal(640)),
        "CD19_ABS": ("12.50", "=", Decimal("12.50")),
    }
    assert (found["ATA"].unit, found["ATA"].assay.kit) == ("CU", "Kit A")
    history = text_of(coordinator.get(reverse("admin:labs_result_history", args=[found["ATA"].pk])))
    assert "carol" in history
    assert "entered from the laboratory&#x27;s report" in history


def test_one_bad_row_stores_nothing_and_everything_typed_stays(coordinator, specimen):
    answer = typed(coordinator, specimen, ATA="12", ANA="640", CD19_ABS="1_000")
    page = text_of(answer)
    assert page.count("[number-grammar]") == 2
    assert not Result.objects.exists()
    kept = fields_of(answer, FORM)
    assert [kept[cell(code, "text")] for code in ("ATA", "ANA", "CD19_ABS")] == ["12", "640", "1_000"]


@pytest.mark.parametrize("word", ["ND", "nd", "not done"])
def test_not_done_needs_a_reason_and_has_no_value(coordinator, specimen, word):
    assert "[missing-without-reason]" in text_of(typed(coordinator, specimen, ATA=word))
    assert typed(coordinator, specimen, ATA=(word, "tube broken")).status_code == 302
    row = stored(specimen)["ATA"]
    assert (row.received_text, row.value, row.missing_reason) == ("", None, "tube broken")


def test_reason_beside_a_new_value_is_no_reason_for_anything(coordinator, specimen):
    assert "[reason-and-result]" in text_of(typed(coordinator, specimen, ATA=("12", "tube broken")))
    assert not Result.objects.exists()


def test_correction_needs_its_reason_and_keeps_the_old_value(coordinator, specimen):
    typed(coordinator, specimen, ATA="120", ANA="1:80")
    assert "[correction-reason]" in text_of(typed(coordinator, specimen, ATA="102"))
    assert typed(coordinator, specimen, ATA=("102", "digits swapped")).status_code == 302
    versions = Result.objects.filter(analyte__code="ATA").values_list("version", "received_text", "supersession_reason")
    assert list(versions) == [(1, "120", None), (2, "102", "digits swapped")]
    assert Result.objects.filter(analyte__code="ANA").count() == 1


def test_recorded_value_is_not_emptied(coordinator, specimen):
    typed(coordinator, specimen, ATA="120")
    assert "[missing-without-reason]" in text_of(typed(coordinator, specimen, ATA=("", "wrong tube")))
    assert stored(specimen)["ATA"].received_text == "120"
    assert typed(coordinator, specimen, ATA=("ND", "wrong tube")).status_code == 302
    row = stored(specimen)["ATA"]
    assert (row.version, row.missing_reason, row.supersession_reason) == (2, "wrong tube", "wrong tube")


def test_panel_sent_twice_stores_nothing_more(coordinator, specimen):
    fields = fields_of(coordinator.get(grid(specimen)), FORM) | {cell("ATA", "text"): "12"}
    assert coordinator.post(grid(specimen), fields).status_code == 302
    assert coordinator.post(grid(specimen), fields).status_code == 302
    assert Result.objects.count() == 1


def test_value_that_somebody_else_entered_meanwhile_is_not_overwritten(coordinator, specimen, trial):
    mine = fields_of(coordinator.get(grid(specimen)), FORM)
    typed(member(trial, Role.DATA_MANAGER, name="dora"), specimen, ATA="12")
    answer = coordinator.post(grid(specimen), mine | {cell("ATA", "text"): "21", cell("ANA", "text"): "1:40"})
    assert "[edit-conflict]" in text_of(answer)
    assert {code: row.received_text for code, row in stored(specimen).items()} == {"ATA": "12"}


def test_range_flag_grade_and_previous_value_are_shown(coordinator, specimen, laboratory):
    approved_range(laboratory, "CD19_ABS", 100, 500)
    earlier = specimen_of(specimen.subject, laboratory, "A-0", TODAY - dt.timedelta(days=7))
    typed(coordinator, earlier, CD19_ABS="230")
    typed(coordinator, specimen, CD19_ABS="<20")
    page = text_of(coordinator.get(grid(specimen)))
    assert "100 to 500" in page
    assert ">LOW</span>" in page
    assert "230 cells/uL on" in page


def test_judgement_has_its_person_and_a_changed_one_its_reason(coordinator, specimen):
    assert typed(coordinator, specimen, ATA=("12", "", "no")).status_code == 302
    one = Judgement.objects.get()
    assert (one.significant, one.judged_by, one.result.received_text) == (False, "carol", "12")
    assert "[judgement-reason]" in text_of(typed(coordinator, specimen, ATA=("12", "", "yes")))
    assert typed(coordinator, specimen, ATA=("12", "seen by cardiology", "yes")).status_code == 302
    one.refresh_from_db()
    assert one.significant is True
    event = AuditEvent.objects.filter(table_name="labs_judgement", operation="U").select_related("context").get()
    assert (event.context.actor, event.context.reason) == ("carol", "seen by cardiology")


def test_judgement_is_of_a_value(coordinator, specimen):
    answer = typed(coordinator, specimen, ATA=("ND", "tube broken", "yes"))
    assert "[judgement-without-value]" in text_of(answer)
    assert not Result.objects.exists()


def test_corrected_value_waits_to_be_judged_anew(coordinator, specimen, laboratory):
    approved_range(laboratory, "CD19_ABS", 100, 500)
    typed(coordinator, specimen, CD19_ABS=("20", "", "no"))
    assert waiting(coordinator) == []
    typed(coordinator, specimen, CD19_ABS=("22", "misread"))
    assert waiting(coordinator) == ["22 cells/uL"]
    typed(coordinator, specimen, CD19_ABS=("22", "", "no"))
    assert waiting(coordinator) == []


def waiting(client):
    """Results on the list, and the number on Today is their number."""
    page = client.get(reverse("admin:labs_specimen_unjudged"))
    shown = [f"{row['received_text']} {row['unit']}" for row in page.context_data["rows"]]
    boxes = client.get(reverse("admin:cart_subject_today")).context_data["counts"]
    assert [one["count"] for one in boxes if one["url"] == reverse("admin:labs_specimen_unjudged")] == [len(shown)]
    return shown


def test_normal_old_and_other_sites_results_do_not_wait(coordinator, specimen, laboratory, trial):
    approved_range(laboratory, "CD19_ABS", 100, 500)
    old = specimen_of(specimen.subject, laboratory, "A-0", TODAY - dt.timedelta(days=91))
    typed(coordinator, old, CD19_ABS="20")
    typed(coordinator, specimen, CD19_ABS="200")
    assert waiting(coordinator) == []
    site = trial.site.__class__.objects.create(study=trial.study, code="BOS", name="Boston")
    other = make_subject(trial, "BOS-001")
    other.site = site
    other.save()
    theirs = specimen_of(other, laboratory, "B-1", TODAY)
    assert coordinator.get(grid(theirs)).status_code == 404
    dora = member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)
    typed(dora, theirs, CD19_ABS="20")
    assert waiting(coordinator) == []
    assert waiting(dora) == ["20 cells/uL"]


def test_reader_sees_neither_grid_nor_button(trial, specimen):
    monitor = member(trial, Role.MONITOR)
    assert monitor.get(grid(specimen)).status_code == 403
    assert monitor.post(grid(specimen), {cell("ATA", "text"): "12"}).status_code == 403
    assessor = member(trial, Role.BLINDED_ASSESSOR, name="blind")
    assert assessor.get(reverse("admin:labs_specimen_unjudged")).status_code == 403


def test_laboratory_without_kits_says_what_to_do(coordinator, specimen):
    AssayVersion.objects.all().update(valid_to=dt.date(2021, 1, 1))
    assert "has no kit in force" in text_of(coordinator.get(grid(specimen)))


def test_grid_opens_after_a_specimen_was_entered(coordinator, trial, laboratory):
    answer = send(
        coordinator, add_page("labs.Specimen"), subject=make_subject(trial).pk, laboratory=laboratory.pk,
        accession="A-9", collected="2024-03-05", condition="good",
    )  # fmt: skip
    assert answer.url == grid(Specimen.objects.get(accession="A-9"))


def test_queries_of_the_grid_do_not_grow_with_its_rows(coordinator, specimen, laboratory):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            coordinator.get(grid(specimen))
        return len(captured)

    typed(coordinator, specimen, ATA=("12", "", "no"))
    few = queries()
    for number in range(8):
        analyte = Analyte.objects.create(code=f"X{number}", name="X", unit="g/L")
        AssayVersion.objects.create(
            laboratory=laboratory, analyte=analyte, kit="K", unit="g/L", valid_from=dt.date(2020, 1, 1)
        )
        typed(coordinator, specimen, **{analyte.code: (str(number), "", "no")})
    assert queries() == few


def planned_at(subject, panels):
    """A visit of the subject at which these panels (name, analytes) are due."""
    protocol = ProtocolVersion.objects.create(study=subject.study, number=1, effective_on=TODAY)
    visit = PlannedVisit.objects.create(
        protocol=protocol, code="M1", name="Month 1", target_day=28, window_low_day=20, window_high_day=36
    )
    for name, codes in panels:
        panel = Panel.objects.create(protocol=protocol, code=name[:4].upper(), name=name)
        PlannedPanel.objects.create(planned=visit, panel=panel)
        for place, code in enumerate(codes):
            PanelAnalyte.objects.create(panel=panel, analyte_code=code, position=place + 1)
    return Visit.objects.create(subject=subject, planned=visit, status="occurred", occurred_on=TODAY)


def shown_order(text):
    """Names of groups, and codes of analytes below them, as they stand on the page."""
    return re.findall(r'<th (?:colspan="8" scope="colgroup"|scope="row")>([^<]+)', text)


def test_analytes_of_the_visits_panels_stand_first_in_the_panels_order(coordinator, specimen):
    specimen.visit = planned_at(
        specimen.subject, [("Antibodies", ["ANA", "ATA", "ARA"]), ("Cells", ["NAIVE_PCT", "ANA"])]
    )
    specimen.save()
    text = text_of(coordinator.get(grid(specimen)))
    assert shown_order(text) == [
        "Antibodies", "ANA", "ATA", "Cells", "NAIVE_PCT", "Not planned at this visit", "CD19_ABS",
    ]  # fmt: skip
    assert "has no kit for it: ARA." in text
    assert typed(coordinator, specimen, CD19_ABS="3", ANA="1:80").status_code == 302
    assert set(stored(specimen)) == {"CD19_ABS", "ANA"}


def test_specimen_without_a_planned_visit_has_its_analytes_by_code(coordinator, specimen):
    expected = ["ANA", "ATA", "CD19_ABS", "NAIVE_PCT"]
    assert shown_order(text_of(coordinator.get(grid(specimen)))) == expected
    specimen.visit = Visit.objects.create(subject=specimen.subject, label="Call", occurred_on=TODAY)
    specimen.save()
    assert shown_order(text_of(coordinator.get(grid(specimen)))) == expected


def test_panels_of_a_later_protocol_version_do_not_move_the_rows(coordinator, specimen):
    specimen.visit = planned_at(specimen.subject, [("Antibodies", ["ATA"])])
    specimen.save()
    study = specimen.subject.study
    later = ProtocolVersion.objects.create(study=study, number=study.current_protocol().number + 1, effective_on=TODAY)
    visit = PlannedVisit.objects.create(
        protocol=later, code="M1", name="Month 1", target_day=28, window_low_day=20, window_high_day=36
    )
    panel = Panel.objects.create(protocol=later, code="NEW", name="New")
    PlannedPanel.objects.create(planned=visit, panel=panel)
    PanelAnalyte.objects.create(panel=panel, analyte_code="CD19_ABS")
    assert shown_order(text_of(coordinator.get(grid(specimen))))[:2] == ["Antibodies", "ATA"]
