"""Re-consents: due by the forms of the subject's own site; the count on Today is the list behind it."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.actions.participation import record_disposition
from cart.inputs.reconsents import reconsents_due
from cart.models import Consent, ConsentForm, Disposition, ProtocolVersion, Role, Site, Subject
from tests.cart.admin.pages import add_page, change_page, fields_of, member, send
from tests.cart.records import make_subject, make_trial

NOW = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)


def form(trial, version, on, **more):
    return ConsentForm.objects.create(
        study=trial.study, site=more.pop("site", trial.site), version=version, in_force_on=on, **more
    )


def signed(trial, code, version="1", on="2024-01-10", **more):
    subject = make_subject(trial, code)
    Consent.objects.create(subject=subject, version=version, signed_on=on, **more)
    return subject


def due(now=NOW):
    return [(one.subject.code, one.form.version) for one in reconsents_due(Subject.objects.all(), now=now)]


def today(client, show="reconsents"):
    """Number in the box, and the subjects in the list."""
    text = client.get(reverse("admin:cart_subject_today"), {"show": show}).content.decode()
    count = int(re.search(r"Re-consents due <b>(\d+)</b>", text).group(1))
    return count, re.findall(r'<th scope="row"><a class="ts-link" href="[^"]+">([^<]+)</a>', text), text


def test_who_signed_the_form_before_is_due_and_who_signed_it_is_not(trial):
    form(trial, "1", "2024-01-01")
    form(trial, "2", "2024-05-01")
    signed(trial, "KUL-1")
    signed(trial, "KUL-2", "2", "2024-05-02")
    # Signed on paper before the site's first day of it: it is signed.
    signed(trial, "KUL-3", "2", "2024-04-30")
    assert due() == [("KUL-1", "2")]


def test_form_of_a_later_day_is_not_due_yet_and_begins_on_the_clocks_of_the_site(trial):
    form(trial, "2", "2024-06-02")
    signed(trial, "KUL-1")
    brussels = ZoneInfo("Europe/Brussels")
    assert due(dt.datetime(2024, 6, 1, 23, 59, tzinfo=brussels)) == []
    assert due(dt.datetime(2024, 6, 2, 0, 1, tzinfo=brussels)) == [("KUL-1", "2")]


def test_later_form_stands_for_the_one_before_and_one_for_newcomers_asks_nobody_again(trial):
    form(trial, "2", "2024-03-01")
    form(trial, "3", "2024-05-01", signed_again=False)
    signed(trial, "KUL-1")
    signed(trial, "KUL-2", "2")
    signed(trial, "KUL-3", "3")
    assert due() == [("KUL-1", "2")]


def test_form_of_another_site_asks_nobody_here(trial):
    other = Site.objects.create(study=trial.study, code="BOS", name="Boston", time_zone="America/New_York")
    form(trial, "2", "2024-03-01", site=other)
    signed(trial, "KUL-1")
    assert due() == []


def test_withdrawn_consent_is_none_and_who_never_consented_signs_nothing_anew(trial):
    form(trial, "2", "2024-03-01")
    make_subject(trial, "KUL-1")
    signed(trial, "KUL-2", withdrawn_on="2024-02-01")
    again = signed(trial, "KUL-3", "2", "2024-03-02", withdrawn_on="2024-04-01")
    Consent.objects.create(subject=again, version="1", signed_on="2024-01-10")
    assert due() == [("KUL-3", "2")]


def test_whoever_left_is_not_asked(trial):
    form(trial, "2", "2024-03-01")
    subject = signed(trial, "KUL-1")
    assert due() == [("KUL-1", "2")]
    record_disposition(
        subject=subject, status=Subject.Status.LOST, occurred_on="2024-05", why=Disposition.Reason.NO_CONTACT,
        detail="", actor="carol", reason="no answer",
    )  # fmt: skip
    assert due() == []


def test_count_on_today_is_the_list_behind_it_and_leads_to_the_entry(coordinator, trial):
    protocol = ProtocolVersion.objects.create(study=trial.study, number=2, effective_on="2024-02-01")
    form(trial, "2", "2024-03-01", protocol=protocol)
    for number in range(3):
        signed(trial, f"KUL-{number}")
    elsewhere = make_trial("T-2")
    form(elsewhere, "2", "2024-03-01")
    signed(elsewhere, "OTHER-1")
    count, listed, text = today(coordinator)
    assert (count, listed) == (3, ["KUL-0", "KUL-1", "KUL-2"])
    assert today(coordinator, "due")[0] == 3
    assert "1, signed 10 Jan 2024" in text
    link = re.search(r'href="([^"]+)" aria-label="Record consent 2 of KUL-0"', text).group(1).replace("&amp;", "&")
    opened = coordinator.get(link)
    assert fields_of(opened)["version"] == "2"
    assert "not signed" in coordinator.get(change_page(Subject.objects.get(code="KUL-0"))).content.decode()
    assert send(coordinator, link, signed_on="2024-03-05").status_code == 302
    assert today(coordinator)[:2] == (2, ["KUL-1", "KUL-2"])


def test_empty_list_says_so(coordinator, trial):
    count, listed, text = today(coordinator)
    assert (count, listed) == (0, [])
    assert "Everybody in the study has signed" in text


def test_forms_are_set_up_by_the_data_manager_and_read_by_the_site(coordinator, trial):
    dora = member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)
    page = add_page("cart.ConsentForm")
    values = {"study": trial.study.pk, "site": trial.site.pk, "version": "2", "in_force_on": "2024-03-01"}
    assert send(dora, page, **values).status_code == 302
    stored = ConsentForm.objects.get()
    assert stored.signed_again
    again = send(dora, page, **values)
    assert "[consent-form-twice]" in again.rendered_content
    assert coordinator.get(page).status_code == 403
    assert coordinator.get(change_page(stored)).status_code == 200


def test_site_and_protocol_of_another_study_are_refused_by_every_path(trial):
    other = make_trial("T-2")
    protocol = ProtocolVersion.objects.create(study=other.study, number=1, effective_on="2024-01-01")
    with pytest.raises(IntegrityError, match="consent_form_site_of_study"), transaction.atomic():
        form(trial, "2", "2024-03-01", site=other.site)
    with pytest.raises(IntegrityError, match="consent_form_protocol_of_study"), transaction.atomic():
        form(trial, "2", "2024-03-01", protocol=protocol)


def test_queries_do_not_grow_with_sites_and_subjects(trial):
    def asked():
        with CaptureQueriesContext(connection) as captured:
            due()
        return len(captured)

    form(trial, "2", "2024-03-01")
    signed(trial, "KUL-0")
    few = asked()
    for number in range(1, 6):
        site = Site.objects.create(study=trial.study, code=f"S{number}", name="Site", time_zone="Europe/Brussels")
        form(trial, "2", "2024-03-01", site=site)
        signed(trial, f"KUL-{number}")
    assert asked() == few == 3
