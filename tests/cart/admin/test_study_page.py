"""Study page: enrolment, lanes, titers; scoped, blinded, with a constant number of queries, also of an empty study."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.admin.study_plots import Swimmer, enrolment_curve, swimmer_plot
from cart.models import Arm, Consent, Role, StudyDrugExposure, Subject, Visit
from labs.models import Analyte, Laboratory, Result, Specimen
from tests.cart.admin.pages import member
from tests.cart.records import DAY_ZERO, make_infused_subject, make_subject, make_trial

PAGE = "admin:cart_study_page"


def page(client, **query):
    answer = client.get(reverse(PAGE), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def subject(trial):
    one = make_infused_subject(trial)
    Consent.objects.create(subject=one, version="1", signed_on=dt.date(2024, 2, 1))
    Visit.objects.create(subject=one, label="Call", occurred_on=dt.date(2024, 6, 20))
    return one


def titer(subject, *, day=0, text="120", qualifier="=", value=120):
    analyte, _ = Analyte.objects.get_or_create(code="ATA", defaults={"name": "Anti-topo I", "unit": "{CU}"})
    laboratory, _ = Laboratory.objects.get_or_create(code="LAB", defaults={"name": "Laboratory"})
    on = DAY_ZERO.date() + dt.timedelta(days=day)
    specimen = Specimen.objects.create(
        subject=subject, laboratory=laboratory, accession=f"A-{subject.pk}-{day}", collected=on.isoformat()
    )
    Result.objects.create(
        specimen=specimen, analyte=analyte, received_text=text, qualifier=qualifier, value=value, unit="{CU}"
    )


def test_page_counts_draws_and_lists_its_subjects(coordinator, trial, subject):
    make_subject(trial, "KUL-002")
    shown = page(coordinator)
    assert "Subjects <b>2</b>" in shown
    assert "Consented <b>1</b>" in shown
    assert "Infused or dosed <b>1</b>" in shown
    # 12 March to 20 June: 100 days.
    assert "<td>100</td>" in shown
    assert shown.count('class="lane"') == 1


def test_empty_study_and_no_study_are_said(coordinator, trial):
    assert "There is no subject here yet." in page(coordinator)
    assert "There is no subject here yet." in page(coordinator, study="99999")
    assert "There is no subject here yet." in page(coordinator, study="x")


def test_other_studys_and_other_sites_subjects_are_absent(coordinator, trial, subject):
    other = make_trial("T-2")
    make_infused_subject(other, "OTHER-1")
    assert "OTHER-1" not in page(coordinator, study=str(other.study.pk))
    assert "T-2" not in page(coordinator)


def test_titers_of_every_subject_are_lines_with_a_table(coordinator, trial, subject):
    second = make_infused_subject(trial, "KUL-002")
    for one in (subject, second):
        titer(one, day=0)
        titer(one, day=28, text="<10", qualifier="<", value=10)
    shown = page(coordinator)
    assert shown.count('<polyline class="series') == 2 + 2
    assert "Day 28: KUL-002, &lt;10 {CU}" in shown
    assert shown.count("<td>&lt;10</td>") == 2


def test_blinded_assessor_sees_no_titer(trial, subject):
    titer(subject)
    shown = page(member(trial, Role.BLINDED_ASSESSOR, name="blind"))
    assert subject.code in shown
    assert "panel-titers" not in shown


def test_time_zero_of_an_arm_without_car_t_is_its_first_dose(coordinator, trial):
    arm = Arm.objects.create(study=trial.study, code="RTX", title="Rituximab", anchor="study-drug")
    one = make_subject(trial, "KUL-003")
    Subject.objects.filter(pk=one.pk).update(arm=arm)
    StudyDrugExposure.objects.create(subject=one, drug="Rituximab", started="2024-03-01")
    assert "Infused or dosed <b>1</b>" in page(coordinator)


def test_queries_do_not_grow_with_five_hundred_subjects(coordinator, trial, subject):
    titer(subject)

    def asked():
        page(coordinator)
        with CaptureQueriesContext(connection) as captured:
            page(coordinator)
        return len(captured)

    few = asked()
    many = Subject.objects.bulk_create(
        Subject(study=trial.study, site=trial.site, arm=trial.arm, code=f"S-{number:03d}", status="enrolled")
        for number in range(500)
    )
    Consent.objects.bulk_create(Consent(subject=one, version="1", signed_on=dt.date(2024, 2, 1)) for one in many)
    assert asked() == few


def test_plots_without_a_day_are_empty_and_leap_day_is_a_day():
    assert enrolment_curve([("Consented", []), ("Infused", [])]) == ""
    assert swimmer_plot([]) == ""
    assert "29 Feb 2024" in enrolment_curve([("Consented", [dt.date(2024, 2, 29)])])


def test_plots_escape_what_they_are_given():
    svg = swimmer_plot([Swimmer("<b>&", -5, 5, [(0, "<i>")], "<dead>", anchored=False)])
    assert "<b>" not in svg
    assert "<i>" not in svg
    assert "<dead>" not in svg
    assert 'class="lane waiting"' in svg
