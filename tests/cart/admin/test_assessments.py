"""Assessments on the desk: digits, what follows from them and why not, queries, the blinded assessor, two editors."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.admin.body_figure import PLACES, render_figure
from cart.models import (
    ASSESSMENTS,
    DataQuery,
    DiseaseFindings,
    Echocardiogram,
    HealthQuestionnaire,
    Role,
    SkinScore,
    Spirometry,
)
from cart.models.skin import SITE_NAMES
from labs.models import Analyte, Laboratory, Result, Specimen
from tests.cart.admin.pages import add_page, change_page, fields_of, member, send
from tests.cart.assessed import ON, assessment, not_done, planned_visit
from tests.cart.records import make_subject, make_trial


@pytest.fixture
def subject(trial):
    subject = make_subject(trial)
    subject.year_of_birth, subject.sex = 1968, "F"
    subject.save()
    return subject


@pytest.fixture
def assessor(trial):
    return member(trial, Role.BLINDED_ASSESSOR, name="sam")


def text_of(answer):
    return answer.content.decode() if answer.status_code == 200 else ""


def entered(client, subject, **changes):
    """What came back, and what is stored then."""
    scores = dict.fromkeys(SITE_NAMES, 1) | changes
    answer = send(client, f"{add_page('cart.SkinScore')}?subject={subject.pk}", assessed_on="2024-03-01", **scores)
    return answer, SkinScore.objects.first()


def test_mrss_is_entered_digit_by_digit_and_shows_its_total(coordinator, subject):
    answer, record = entered(coordinator, subject, face=3)
    assert answer.status_code == 302
    assert record.total == 19
    page = text_of(coordinator.get(change_page(record)))
    assert '<div class="readonly' in page or ">19<" in page
    listed = text_of(coordinator.get(reverse("admin:cart_skinscore_changelist")))
    assert ">19<" in listed.replace("\n", "").replace(" ", "")


def test_a_site_that_is_open_leaves_no_total_and_is_named(coordinator, subject):
    _, record = entered(coordinator, subject, chest="", left_foot="")
    assert record.total is None
    assert "missing: no chest, left foot" in text_of(coordinator.get(change_page(record)))
    assert "missing: no chest, left foot" in text_of(coordinator.get(reverse("admin:cart_skinscore_changelist")))


@pytest.mark.parametrize("typed", ["4", "-1", "1.5", "x"])
def test_a_wrong_digit_is_refused_beside_its_box_and_nothing_is_lost(coordinator, subject, typed):
    answer, record = entered(coordinator, subject, chest=typed, face=2)
    assert record is None
    fields = fields_of(answer)
    assert (fields["chest"], fields["face"]) == (typed, "2")


def test_not_done_is_stored_with_its_reason_and_shown(coordinator, subject):
    page = f"{add_page('cart.Spirometry')}?subject={subject.pk}"
    answer = send(coordinator, page, assessed_on="2024-03-01", not_done_reason="device out of order")
    assert answer.status_code == 302
    assert "not done: device out of order" in text_of(coordinator.get(reverse("admin:cart_spirometry_changelist")))


def test_a_value_beside_a_reason_for_not_done_is_refused_with_the_sentence(coordinator, subject):
    answer, record = entered(coordinator, subject, not_done_reason="tired")
    assert record is None
    assert "[not-done-with-values]" in text_of(answer)


def test_total_of_the_source_that_differs_opens_a_query_that_the_page_shows(coordinator, subject):
    answer, record = entered(coordinator, subject, total_in_source=20)
    query = DataQuery.objects.get()
    assert (answer.status_code, query.subject) == (302, subject)
    assert "the source says 20, the 17 sites add up to 17" in text_of(coordinator.get(change_page(record)))


def test_devices_per_cent_stands_beside_the_computed_one(coordinator, subject):
    record = assessment(Spirometry, subject, device_fvc_pct=Decimal("84.0"))
    record.save()
    page = text_of(coordinator.get(change_page(record)))
    assert "FVC 77.2 % predicted (76.9 to 77.5 by birthday), device 84 %, differs; FEV1 " in page


@pytest.mark.parametrize(
    ("kind", "changes", "told"),
    [
        (HealthQuestionnaire, {}, "1.000"),
        (HealthQuestionnaire, {"walking_aid": True}, "1.125"),
        (HealthQuestionnaire, {"jars": None, "taps": None, "car_doors": None}, "1.000"),
        (Echocardiogram, {}, "sPAP 37.9 mmHg, TAPSE/sPAP 0.53 mm/mmHg"),
        (Echocardiogram, {"rap_mmhg": None}, "sPAP missing: no RAP"),
        (DiseaseFindings, {"ana": None}, "ACR/EULAR 3, not SSc; VEDOSS level 0"),
        (Spirometry, {"height_cm": None}, "FVC missing: no height"),
    ],
)
def test_page_says_what_follows_or_why_nothing_does(coordinator, subject, kind, changes, told):
    record = assessment(kind, subject, **changes)
    record.save()
    assert told in text_of(coordinator.get(change_page(record)))


def test_blinded_assessor_enters_the_skin_and_sees_no_titer(assessor, trial, subject):
    answer, record = entered(assessor, subject, blinded="true")
    assert (answer.status_code, record.blinded) == (302, True)
    changed = send(assessor, change_page(record), face=2, change_reason="typing error")
    assert changed.status_code == 302
    record.refresh_from_db()
    assert record.total == 18

    laboratory = Laboratory.objects.create(code="L", name="L")
    specimen = Specimen.objects.create(subject=subject, laboratory=laboratory, accession="A", collected="2024-03-01")
    analyte = Analyte.objects.create(code="ATA", name="Anti-topo I")
    Result.objects.create(specimen=specimen, analyte=analyte, received_text="412", value=412)
    findings = assessment(DiseaseFindings, subject, topo1=True, topo1_high=True)
    findings.save()
    page = text_of(assessor.get(change_page(subject)))
    assert "Assessments" in page
    assert "412" not in page
    assert "ACR/EULAR" not in page
    assert assessor.get(reverse("admin:cart_diseasefindings_changelist")).status_code == 403
    assert assessor.get(reverse("admin:labs_result_changelist")).status_code == 403


def test_blinded_assessor_enters_nothing_else(assessor, subject):
    for kind in ASSESSMENTS:
        page = reverse(f"admin:cart_{kind._meta.model_name}_add")
        assert assessor.get(page).status_code == (200 if kind is SkinScore else 403), kind


def test_a_user_of_another_study_neither_sees_nor_enters(subject):
    stranger = member(make_trial("T-2"), name="stranger")
    record = assessment(SkinScore, subject)
    record.save()
    assert subject.code not in text_of(stranger.get(reverse("admin:cart_skinscore_changelist")))
    assert stranger.get(change_page(record)).status_code == 302
    answer, _ = entered(stranger, subject)
    assert answer.status_code == 200
    assert SkinScore.objects.count() == 1


def test_second_editor_of_a_score_is_told_and_overwrites_nothing(coordinator, trial, subject):
    _, record = entered(coordinator, subject)
    data = fields_of(coordinator.get(change_page(record)))
    other = member(trial, Role.INVESTIGATOR, name="ivan")
    send(other, change_page(record), face=3, change_reason="looked again")
    late = coordinator.post(change_page(record), data | {"chest": "2", "change_reason": "typing error"})
    assert "[edit-conflict]" in text_of(late)
    record.refresh_from_db()
    assert (record.face, record.chest) == (3, 1)


def test_panel_leads_from_an_empty_cell_to_a_form_that_knows_subject_visit_and_day(coordinator, subject):
    visit = planned_visit(subject)
    page = text_of(coordinator.get(change_page(subject)))
    address = f"/admin/cart/skinscore/add/?subject={subject.pk}&amp;visit={visit.pk}&amp;assessed_on={ON}"
    assert address in page
    fields = fields_of(coordinator.get(address.replace("&amp;", "&")))
    assert (fields["subject"], fields["visit"]) == (str(subject.pk), str(visit.pk))
    assert fields["assessed_on"] == "2024-03-01"


def test_panel_shows_found_not_done_and_beside_the_visits(coordinator, subject):
    visit = planned_visit(subject)
    assessment(SkinScore, subject, visit=visit).save()
    not_done(Spirometry, subject, visit=visit).save()
    assessment(HealthQuestionnaire, subject).save()
    page = text_of(coordinator.get(change_page(subject)))
    panel = page[page.index('id="panel-assessments"') :]
    for told in (">17<", "not done: subject too unwell", "beside the visits", ">1.000<"):
        assert told in panel


def test_queries_of_subject_page_and_lists_do_not_grow_with_assessments(coordinator, subject):
    def queries(page):
        with CaptureQueriesContext(connection) as captured:
            assert coordinator.get(page).status_code == 200
        return len(captured)

    pages = [change_page(subject)] + [reverse(f"admin:cart_{kind._meta.model_name}_changelist") for kind in ASSESSMENTS]
    visits = [planned_visit(subject, f"V{number}", number) for number in range(12)]
    days = [ON.replace(day=number + 1) for number in range(12)]

    def enter(places):
        for place in places:
            for kind in ASSESSMENTS:
                assessment(kind, subject, days[place], visit=visits[place]).save()

    enter(range(2))
    few = {page: queries(page) for page in pages}
    enter(range(2, 12))
    assert {page: queries(page) for page in pages} == few


def test_figure_has_every_site_once_and_its_mirror_image():
    assert set(PLACES) == set(SITE_NAMES)
    svg = render_figure(dict.fromkeys(SITE_NAMES, 3))
    assert svg.count('class="site s3"') == 17
    for name, (x, y, width, height) in PLACES.items():
        if name.startswith("right_"):
            assert PLACES[name.replace("right", "left")] == (200 - x - width, y, width, height)
