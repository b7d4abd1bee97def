"""Safety on the desk: adverse events, days of CRS and ICANS on one page, the panel of a subject."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.models import (
    AdverseEvent,
    ConcomitantTherapy,
    CrsAssessment,
    DataQuery,
    IcansAssessment,
    IecHsAssessment,
    Role,
    TherapyDose,
)
from tests.cart.admin.pages import add_page, change_page, fields_of, member, new_row, send
from tests.cart.records import make_infused_subject, make_subject, make_trial
from tests.cart.safety_records import crs_day, event, icans_day, infection, on

EVENT = {
    "term": "Headache",
    "started": "2024-03-15",
    "ended": "2024-03-16",
    "grade": 2,
    "related_to_product": "possible",
    "related_to_conditioning": "unlikely",
    "outcome": "recovered",
}


@pytest.fixture
def subject(trial):
    return make_infused_subject(trial)


@pytest.fixture
def course_page(subject):
    return reverse("admin:cart_syndromecourse_change", args=[subject.pk])


def page_text(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


def enter_event(client, subject, **changes):
    return send(client, add_page("cart.AdverseEvent"), subject=subject.pk, **{**EVENT, **changes})


def test_event_is_entered_and_found(coordinator, subject):
    assert enter_event(coordinator, subject).status_code == 302
    saved = AdverseEvent.objects.get()
    assert (saved.term, saved.grade, saved.dlt, saved.serious) == ("Headache", 2, None, False)
    listed = reverse("admin:cart_adverseevent_changelist")
    assert "Headache" in page_text(coordinator.get(listed, {"q": "headache"}))
    assert "Headache" not in page_text(coordinator.get(listed, {"grade__exact": 3}))


def test_nothing_is_judged_beforehand(coordinator, subject):
    page = page_text(coordinator.get(add_page("cart.AdverseEvent")))
    for name in ("grade", "outcome", "related_to_product", "related_to_conditioning"):
        select = page[page.index(f'<select name="{name}"') :]
        assert '<option value="" selected>' in select[: select.index("</select>")], name
    assert "required" in page_text(enter_event(coordinator, subject, outcome=""))
    assert not AdverseEvent.objects.exists()


def test_refused_event_keeps_what_was_typed(coordinator, subject):
    answer = enter_event(coordinator, subject, ended="2024-03-14")
    assert answer.status_code == 200
    assert "[safety-period]" in page_text(answer)
    assert fields_of(answer)["term"] == "Headache"
    assert "[seriousness]" in page_text(enter_event(coordinator, subject, serious="on"))
    assert not AdverseEvent.objects.exists()


@pytest.mark.parametrize(
    ("started", "says"),
    [
        ("2024-04-10", "this event began on day 29"),
        ("2024-03-11", "this event began on day -1"),
        ("2024-04", "this event began on day 20 to 49"),
    ],
)
def test_dlt_outside_its_window_asks_why_and_is_stored_with_the_reason(coordinator, subject, started, says):
    answer = enter_event(coordinator, subject, started=started, ended="", dlt="true")
    assert answer.status_code == 200
    assert says in page_text(answer)
    assert "[dlt-window]" in page_text(answer)
    stored = enter_event(coordinator, subject, started=started, ended="", dlt="true", dlt_reason="board of 3 May")
    assert stored.status_code == 302
    assert AdverseEvent.objects.get().dlt is True


def test_dlt_inside_its_window_asks_nothing_and_one_without_infusion_does(coordinator, subject, trial):
    assert enter_event(coordinator, subject, started="2024-04-09", ended="", dlt="true").status_code == 302
    waiting = make_subject(trial, "KUL-002")
    assert "no time zero yet" in page_text(enter_event(coordinator, waiting, dlt="true"))


def crs_row(**changes):
    row = {"assessed_on": "2024-03-15", "temperature_max_c": "38.9", "hypotension": "no_pressor", "hypoxia": "none"}
    return new_row("crs_assessments", **{**row, **changes})


def test_days_are_entered_on_one_page_and_show_their_grade(coordinator, subject, course_page):
    ice = {"ice_orientation": 4, "ice_naming": 3, "ice_commands": 1, "ice_writing": 0, "ice_attention": 1}
    answer = send(
        coordinator,
        course_page,
        **crs_row(investigator_grade=2),
        **new_row(
            "icans_assessments", assessed_on="2024-03-15", consciousness="alert", seizure="none", oedema="none",
            motor_weakness="false", **ice,
        ),
    )  # fmt: skip
    assert answer.status_code == 302, page_text(answer)
    assert CrsAssessment.objects.get().subject == subject
    assert IcansAssessment.objects.get().ice_total == 9
    assert not DataQuery.objects.exists()
    text = page_text(coordinator.get(course_page))
    assert "9 of 10" in text
    # The next row begins with the day after the last.
    assert 'value="2024-03-16"' in text


def test_grade_that_differs_opens_a_query_and_says_so(coordinator, subject, course_page):
    answer = send(coordinator, course_page, **crs_row(investigator_grade=1))
    assert answer.status_code == 302
    query = DataQuery.objects.get()
    assert query.subject == subject
    assert "the components give grade 2, the investigator&#x27;s grade is 1" in page_text(coordinator.get(course_page))
    day = CrsAssessment.objects.get()
    assert "differs" in page_text(coordinator.get(change_page(day)))
    assert "differs" in page_text(coordinator.get(reverse("admin:cart_crsassessment_changelist")))


def test_correcting_a_day_needs_a_reason_and_no_second_query(coordinator, subject, course_page):
    send(coordinator, course_page, **crs_row(investigator_grade=1))
    corrected = {"crs_assessments-0-investigator_grade": 2}
    answer = send(coordinator, course_page, **corrected)
    assert "[no-reason]" in page_text(answer)
    assert send(coordinator, course_page, **corrected, change_reason="misread").status_code == 302
    assert CrsAssessment.objects.get().investigator_grade == 2
    assert DataQuery.objects.count() == 1


def test_second_editor_of_the_course_is_told(coordinator, subject, course_page, trial):
    dora = member(trial, Role.DATA_MANAGER, name="dora")
    mine = fields_of(coordinator.get(course_page))
    assert send(dora, course_page, **crs_row()).status_code == 302
    answer = coordinator.post(course_page, {**mine, **crs_row(assessed_on="2024-03-16"), "change_reason": "x"})
    assert "[edit-conflict]" in page_text(answer)
    assert CrsAssessment.objects.count() == 1


def test_same_day_twice_is_refused_beside_the_row(coordinator, course_page):
    assert send(coordinator, course_page, **crs_row()).status_code == 302
    again = {name.replace("-0-", "-1-"): value for name, value in crs_row().items()}
    answer = send(coordinator, course_page, **{**again, "crs_assessments-TOTAL_FORMS": 2})
    assert answer.status_code == 200
    assert "[day-twice]" in page_text(answer)


def test_history_of_the_course_shows_its_days(coordinator, subject, course_page):
    send(coordinator, course_page, **crs_row())
    history = page_text(coordinator.get(reverse("admin:cart_syndromecourse_history", args=[subject.pk])))
    assert "38.9" in history


def test_subject_of_another_site_or_study_has_no_course_here(coordinator):
    theirs = make_subject(make_trial("T-2"))
    page = reverse("admin:cart_syndromecourse_change", args=[theirs.pk])
    assert coordinator.get(page).status_code == 302
    assert coordinator.post(page, crs_row()).status_code == 302
    assert not CrsAssessment.objects.exists()
    listed = page_text(coordinator.get(reverse("admin:cart_syndromecourse_changelist")))
    assert "T-2" not in listed
    answer = enter_event(coordinator, theirs)
    assert answer.status_code == 200
    assert not AdverseEvent.objects.exists()


def test_safety_reviewer_reads_and_changes_nothing(trial, subject, course_page):
    crs_day(subject, 3).save()
    event(subject).save()
    reviewer = member(trial, Role.SAFETY_REVIEWER, name="rita", whole_study=True)
    assert reviewer.get(course_page).status_code == 200
    assert reviewer.post(course_page, crs_row()).status_code == 403
    assert reviewer.get(add_page("cart.AdverseEvent")).status_code == 403
    assert "Headache" in page_text(reviewer.get(reverse("admin:cart_adverseevent_changelist")))


def test_adjudication_is_signed_with_who_made_it(trial, subject, coordinator):
    investigator = member(trial, Role.INVESTIGATOR, name="irene")
    components = {"subject": subject.pk, "assessed_on": "2024-03-20", "hyperferritinaemia": "true"}
    assert send(coordinator, add_page("cart.IecHsAssessment"), **components).status_code == 302
    stored = IecHsAssessment.objects.get()
    assert stored.adjudicator == ""
    decision = {
        "adjudication": "iec-hs", "grade": 2, "adjudicated_on": "2024-03-22", "rationale": "ferritin 40,000",
        "change_reason": "adjudication",
    }  # fmt: skip
    assert send(investigator, change_page(stored), **decision).status_code == 302
    stored.refresh_from_db()
    assert (stored.adjudicator, stored.grade) == ("irene", 2)
    # Somebody who changes the components later has not decided.
    assert send(coordinator, change_page(stored), cytopenias="true", change_reason="late result").status_code == 302
    stored.refresh_from_db()
    assert stored.adjudicator == "irene"


def test_doses_are_rows_of_the_therapy(coordinator, subject):
    therapy = ConcomitantTherapy.objects.create(subject=subject, drug="Tocilizumab", therapy_class="immunosuppressant")
    row = new_row("doses", given_on="2024-03-15", doses=1, dose_mg="560")
    assert send(coordinator, change_page(therapy), **row).status_code == 302
    assert TherapyDose.objects.get().dose_mg == 560


def test_panel_shows_episodes_doses_events_and_infections(coordinator, subject):
    for record in (
        crs_day(subject, 2),
        crs_day(subject, 3, temperature_max_c="37.0"),
        event(subject, dlt=True, grade=3),
        infection(subject),
    ):
        record.save()
    therapy = ConcomitantTherapy.objects.create(subject=subject, drug="Tocilizumab", therapy_class="immunosuppressant")
    TherapyDose.objects.create(therapy=therapy, given_on=on(2), dose_mg=560)
    text = page_text(coordinator.get(change_page(subject)))
    panel = text[text.index('id="panel-safety"') : text.index('id="panel-endpoints"')]
    for shown in (
        "14 Mar 2024 (day 2)",
        "1 dose (560 mg)",
        "8 mg/kg",
        "<b>DLT</b>",
        "Escherichia coli",
        "Headache",
        "Enter days of CRS and ICANS",
    ):
        assert shown in panel, shown


def test_panel_says_what_came_back_and_what_is_undecided(coordinator, subject):
    for record in (
        crs_day(subject, 2),
        crs_day(subject, 3, temperature_max_c="37.0"),
        crs_day(subject, 6),
        crs_day(subject, 7, temperature_max_c="37.0", fever_masked=True),
        event(subject, started="2024-03", ended="", ongoing=True, outcome="not-recovered"),
    ):
        record.save()
    text = page_text(coordinator.get(change_page(subject)))
    assert "came back; no day of grade 0 after it; days whose grade may be 0 or more: 1" in text
    assert "not decided" in text


def queries(client, page):
    # What a process asks once, such as its content types, is not the page's.
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


def fill(subject, days):
    for day in days:
        crs_day(subject, day).save()
        icans_day(subject, day).save()
        event(subject).save()
        infection(subject).save()


def test_queries_of_the_pages_do_not_grow_with_days_and_events(coordinator, subject, course_page):
    fill(subject, range(2))
    pages = [course_page, change_page(subject)]
    few = [queries(coordinator, page) for page in pages]
    fill(subject, range(2, 14))
    assert [queries(coordinator, page) for page in pages] == few
