"""No list asks the database more often because it has more rows."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.models import (
    ASSESSMENTS,
    Arm,
    BridgingTherapy,
    Chelation,
    ConcomitantTherapy,
    ConditioningCourse,
    ConditioningDose,
    Consent,
    CustodyEvent,
    Death,
    EndpointDefinition,
    EndpointResult,
    Evaluation,
    IecHsAssessment,
    Membership,
    PlannedVisit,
    Pregnancy,
    Product,
    ProtocolVersion,
    RclTest,
    ReleaseSpecification,
    ReleaseTest,
    Role,
    Run,
    ScanAttempt,
    SecondMalignancy,
    Site,
    StudyDrugExposure,
    Visit,
)
from labs.models import (
    Analyte,
    AnalyteCode,
    AssayVersion,
    Laboratory,
    RawFile,
    Result,
    Specimen,
    Transfer,
    TransferRow,
)
from tests.cart.admin.pages import member
from tests.cart.assessed import assessment
from tests.cart.records import component, make_administration, make_lot, make_subject, make_trial
from tests.cart.safety_records import crs_day, event, icans_day, infection
from trialsite.jobs.models import Job

AT = datetime(2024, 3, 1, 9, tzinfo=UTC)
ON = date(2024, 3, 1)


def fill_set_up(trial, number):
    """One more of each record of the set-up."""
    study = trial.study
    make_trial(f"EXTRA-{number}")
    Site.objects.create(study=study, code=f"S{number}", name="Site")
    Arm.objects.create(study=study, code=f"A{number}", title="Arm")
    protocol = ProtocolVersion.objects.create(study=study, number=number, effective_on=ON)
    planned = PlannedVisit.objects.create(
        protocol=protocol, code="V", name="V", target_day=1, window_low_day=0, window_high_day=2
    )
    product = Product.objects.create(study=study, code=f"P{number}", kind="single", title="P")
    criterion = ReleaseSpecification.objects.create(product=product, test="CAR", comparison="ge", limit=1)
    user = get_user_model().objects.create_user(username=f"user-{number}")
    Membership.objects.create(study=study, site=trial.site, user=user, role=Role.MONITOR)
    analyte = Analyte.objects.create(code=f"X{number}", name="X")
    laboratory = Laboratory.objects.create(code=f"L{number}", name="L")
    AnalyteCode.objects.create(laboratory=laboratory, code="x", analyte=analyte)
    assay = AssayVersion.objects.create(laboratory=laboratory, analyte=analyte, kit="K", valid_from=date(2024, 1, 1))
    return planned, criterion, analyte, laboratory, assay


def fill_treatment(trial, subject, number, planned, criterion):
    """One more subject's clinical records."""
    Consent.objects.create(subject=subject, version="1", signed_on=date(2024, 1, 2))
    visit = Visit.objects.create(subject=subject, planned=planned, occurred_on=ON)
    for kind in ASSESSMENTS:
        assessment(kind, subject, visit=visit).save()
    ConcomitantTherapy.objects.create(subject=subject, drug="D", therapy_class="other")
    StudyDrugExposure.objects.create(subject=subject, drug="D", started="2024")
    lot = make_lot(trial, subject, number=f"LOT-{number}")
    ReleaseTest.objects.create(lot=lot, specification=criterion, received_text="1", passed=True, tested_on=ON)
    CustodyEvent.objects.create(
        apheresis=lot.apheresis, lot=lot, kind="shipped", occurred_at=AT, place="P", first_person="A", second_person="B"
    )
    course = ConditioningCourse.objects.create(
        subject=subject, regimen="R", weight_kg=70, height_cm=170, bsa_m2=Decimal("1.8")
    )
    ConditioningDose.objects.create(course=course, drug="fludarabine", given_at=AT, planned_mg_m2=30, given_mg=54)
    Chelation.objects.create(subject=subject, dose_mg=1, started_at=AT)
    BridgingTherapy.objects.create(subject=subject, drug="D", started="2024-02")
    ScanAttempt.objects.create(lot=lot, purpose="thaw", code_read="x", finding="unknown", scanned_by="A")
    component(make_administration(subject), lot).save()


def fill_safety(subject):
    """One more of each record of safety."""
    for record in (
        event(subject),
        crs_day(subject, 1),
        icans_day(subject, 1),
        infection(subject),
        IecHsAssessment(subject=subject, assessed_on=ON),
        SecondMalignancy(subject=subject, diagnosis="D", diagnosed="2025"),
        RclTest(subject=subject, planned_label="month 3", result="not-done", not_done_reason="missed"),
        Pregnancy(subject=subject, of="partner", reported_on=ON),
        Death(subject=subject, died="2025", cause="other", cause_text="C", related_to_product="unlikely"),
    ):
        record.save()


def fill_answers(trial, subject, number, analyte, laboratory, assay):
    """One more subject's results, files, answers and jobs."""
    specimen = Specimen.objects.create(
        subject=subject, laboratory=laboratory, accession=f"A-{number}", collected="2024-03-01"
    )
    Result.objects.create(specimen=specimen, analyte=analyte, assay=assay, received_text="1", value=1)
    raw = RawFile.objects.create(sha256=f"{number:064d}", size_bytes=1)
    transfer = Transfer.objects.create(
        study=trial.study, laboratory=laboratory, raw_file=raw, kind="central-csv", file_name="f", state="refused"
    )
    TransferRow.objects.create(transfer=transfer, line=2, rule="r", expected="e", outcome="refused")
    run = Run.objects.create(
        study=trial.study, definitions_digest="d", parameters={}, parameters_digest="p", code_version="0"
    )
    definition = EndpointDefinition.objects.create(code=f"E{number}", version="1", label="E", source="s", parameters={})
    evaluation = Evaluation.objects.create(run=run, subject=subject, input_digest="i")
    EndpointResult.objects.create(
        evaluation=evaluation, subject=subject, definition=definition, value=1, status="evaluable"
    )
    Job.objects.create(kind="k", payload={"study": trial.study.pk}, requested_by="r", reason="r")


def fill(trial, numbers):
    """One more of everything for each number."""
    for number in numbers:
        planned, criterion, analyte, laboratory, assay = fill_set_up(trial, number)
        subject = make_subject(trial, f"SUB-{number}")
        fill_treatment(trial, subject, number, planned, criterion)
        fill_safety(subject)
        fill_answers(trial, subject, number, analyte, laboratory, assay)


def queries_per_list(client):
    """Number of queries of every list the client may open."""
    counts = {}
    for model in admin.site._registry:
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        if client.get(page).status_code == 200:
            with CaptureQueriesContext(connection) as captured:
                client.get(page)
            counts[model._meta.label] = len(captured)
    return counts


@pytest.mark.parametrize("who", ["superuser", "data manager"])
def test_queries_of_every_list_are_the_same_with_three_rows_and_with_thirty(trial, superuser, who):
    client = superuser if who == "superuser" else member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)
    fill(trial, range(1, 4))
    few = queries_per_list(client)
    fill(trial, range(4, 31))
    assert queries_per_list(client) == few
    assert len(few) == len(admin.site._registry) - (0 if who == "superuser" else 2)
