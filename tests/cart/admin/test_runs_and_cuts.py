"""Pages of runs and data cuts: progress, diff report, taking and comparing cuts, a subject as it was."""

import io
import zipfile

import pytest
from django.urls import reverse

from cart.actions.cut_endpoints import evaluate_cut
from cart.actions.cuts import take_cut, write_digests
from cart.actions.endpoints import recompute_stale, request_recompute
from cart.models import ConcomitantTherapy, DataCut, Role, Run, Subject
from tests.cart.admin.pages import add_page, change_page, member, send
from tests.cart.records import make_infused_subject, make_trial
from trialsite.isolation.moment import one_moment
from trialsite.jobs.execution import run_pending_jobs
from trialsite.jobs.models import Job

WHO = {"actor": "dora", "reason": "test"}


def recompute(trial):
    recompute_stale(study_id=trial.study.pk, **WHO)
    return Run.objects.latest("pk")


def differences_of(run, **query):
    return reverse("admin:cart_run_differences", args=[run.pk], query=query)


def below(cut, page, **query):
    return reverse(f"admin:cart_datacut_{page}", args=[cut.pk], query=query)


def rituximab(subject):
    return ConcomitantTherapy.objects.create(
        subject=subject, drug="Mycophenolate", therapy_class="mycophenolate", started="2024-04-01"
    )


@pytest.fixture
def changed_run(trial):
    """Run of a subject who got an immunosuppressant after the first run."""
    subject = make_infused_subject(trial)
    recompute(trial)
    rituximab(subject)
    return recompute(trial)


def test_diff_report_shows_subject_answers_and_cause(trial, changed_run):
    page = member(trial, Role.DATA_MANAGER, whole_study=True)
    text = page.get(differences_of(changed_run)).content.decode()
    assert "KUL-001" in text
    assert "therapy" in text
    assert "RESETCMP" in text
    opened = page.get(change_page(changed_run)).content.decode()
    assert differences_of(changed_run) in opened


def test_diff_report_as_csv_and_against_another_run(trial, changed_run):
    page = member(trial, Role.DATA_MANAGER, whole_study=True)
    first = Run.objects.earliest("pk")
    csv = page.get(differences_of(changed_run, format="csv")).content.decode()
    assert csv.startswith("STUDYID,USUBJID,PARAMCD,")
    assert csv == page.get(differences_of(changed_run, format="csv", before=str(first.pk))).content.decode()
    # A run that is none of the study's narrows nothing.
    assert page.get(differences_of(changed_run, before="99999999999999999999")).status_code == 200


def test_queries_of_the_diff_report_do_not_grow_with_its_rows(
    superuser, trial, changed_run, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(40) as few:
        superuser.get(differences_of(changed_run))
    for number in (2, 3, 4):
        rituximab(make_infused_subject(trial, f"KUL-00{number}"))
    recompute(trial)
    for subject in Subject.objects.all():
        ConcomitantTherapy.objects.filter(subject=subject).update(started="2024-05-01")
    ConcomitantTherapy.objects.update(started="2023-05-01", stopped="2023-06-01")
    run = recompute(trial)
    with django_assert_num_queries(len(few)):
        superuser.get(differences_of(run))


@pytest.mark.parametrize("role", [Role.BLINDED_ASSESSOR, Role.COORDINATOR])
def test_blinded_assessor_and_member_of_one_site_see_no_run_and_no_cut(trial, changed_run, role):
    cut = take_cut(study=trial.study, name="one", purpose="x", **WHO)
    page = member(trial, role)
    for address in (differences_of(changed_run), below(cut, "compare", **{"with": "1"}), below(cut, "tables")):
        assert page.get(address).status_code in (403, 404), address


def test_other_studys_run_is_absent(trial, changed_run):
    page = member(make_trial("T-2"), Role.DATA_MANAGER, whole_study=True)
    assert page.get(differences_of(changed_run)).status_code == 404


def test_progress_of_a_divided_run_stands_on_its_page(superuser, trial):
    for number in (1, 2, 3):
        make_infused_subject(trial, f"KUL-00{number}")
    request_recompute(study=trial.study, whole=True, part_subjects=2, **WHO)
    run_pending_jobs(limit=1)
    run = Run.objects.get()
    text = superuser.get(change_page(run)).content.decode()
    assert "0 of 2 parts have ended" in text
    assert f"Job {Job.objects.filter(payload__run=run.pk).earliest('pk').pk}: waiting" in text
    run_pending_jobs()
    assert "2 of 2 parts have ended" in superuser.get(change_page(run)).content.decode()
    assert "done, 2 parts" in superuser.get(reverse("admin:cart_run_changelist")).content.decode()


def test_cut_is_taken_by_the_form_and_its_jobs_wait(trial):
    page = member(trial, Role.STATISTICIAN, whole_study=True, name="stella")
    answer = send(page, add_page("cart.DataCut"), study=trial.study.pk, name="interim-1", purpose="interim")
    assert answer.status_code == 302
    cut = DataCut.objects.get()
    assert (cut.name, cut.taken_by) == ("interim-1", "stella")
    assert Job.objects.filter(kind="cuts.digest").count() == 1
    again = send(page, add_page("cart.DataCut"), study=trial.study.pk, name="interim-1", purpose="interim")
    assert "cut-name" in again.rendered_content
    bad = send(page, add_page("cart.DataCut"), study=trial.study.pk, name="a b", purpose="interim")
    assert "cut-name" in bad.rendered_content
    assert DataCut.objects.count() == 1


def test_member_of_one_site_takes_no_cut(trial):
    page = member(trial, Role.DATA_MANAGER)
    answer = send(page, add_page("cart.DataCut"), study=trial.study.pk, name="interim-1", purpose="interim")
    assert answer.status_code == 200
    assert not DataCut.objects.exists()


def test_page_of_a_cut_asks_for_its_endpoints(trial):
    cut = take_cut(study=trial.study, name="one", purpose="x", **WHO)
    page = member(trial, Role.STATISTICIAN, whole_study=True)
    assert "digests are not written yet" in page.get(change_page(cut)).content.decode()
    assert page.get(below(cut, "compute")).status_code == 403
    assert page.post(below(cut, "compute")).status_code == 302
    assert Job.objects.get(kind="cuts.endpoints").payload["cut"] == cut.pk
    reader = member(trial, Role.MONITOR, whole_study=True)
    assert reader.post(below(cut, "compute")).status_code == 403


class TestCommitted:
    """What reads as of a cut works on what is committed."""

    @pytest.fixture
    def trial(self, fresh_database, as_tester):
        return make_trial()

    @pytest.fixture
    def cut(self, trial):
        """A cut with manifest and endpoints, after which the subject's therapy was changed and another entered."""
        subject = make_infused_subject(trial)
        therapy = rituximab(subject)
        recompute(trial)
        cut = take_cut(study=trial.study, name="one", purpose="interim", **WHO)
        with one_moment():
            write_digests(cut=cut, **WHO)
        with one_moment():
            evaluate_cut(cut=cut, **WHO)
        ConcomitantTherapy.objects.filter(pk=therapy.pk).update(drug="Rituximab")
        rituximab(make_infused_subject(trial, "KUL-002"))
        return cut

    def test_subject_as_it_was_beside_what_it_is(self, trial, cut):
        page = member(trial, Role.MONITOR, whole_study=True)
        text = page.get(below(cut, "subject", subject="KUL-001")).content.decode()
        assert "<b>Mycophenolate</b> → now Rituximab" in text
        absent = page.get(below(cut, "subject", subject="KUL-002")).content.decode()
        assert "The cut has no subject KUL-002" in absent

    def test_archive_is_the_same_bytes_each_time(self, trial, cut):
        page = member(trial, Role.STATISTICIAN, whole_study=True)
        first = page.get(below(cut, "tables"))
        assert first.status_code == 200
        with zipfile.ZipFile(io.BytesIO(first.content)) as packed:
            assert sorted(name.partition("/")[2] for name in packed.namelist()) == sorted(
                ["manifest.json"]
                + [
                    f"{table}.{kind}"
                    for table in ("endpoints", "subjects", "summary", "dictionary")
                    for kind in ("csv", "parquet")
                ]
            )
        assert page.get(below(cut, "tables")).content == first.content
        live = page.get(reverse("admin:cart_study_tables", args=[trial.study.pk]))
        assert live.content != first.content
        one_site = member(trial, Role.DATA_MANAGER)
        assert one_site.get(reverse("admin:cart_study_tables", args=[trial.study.pk])).status_code == 403

    def test_two_cuts_beside_each_other(self, trial, cut):
        other = take_cut(study=trial.study, name="two", purpose="final", **WHO)
        page = member(trial, Role.MONITOR, whole_study=True)
        text = page.get(below(cut, "compare", **{"with": str(other.pk)})).content.decode()
        assert "Mycophenolate" in text
        assert "Rituximab" in text
        assert "KUL-002" in text
        one = page.get(below(cut, "compare", **{"with": str(other.pk), "subject": "KUL-002"})).content.decode()
        assert "Rituximab" not in one
        csv = page.get(below(other, "compare", **{"with": str(cut.pk), "format": "csv"})).content.decode()
        assert csv.startswith("table,label,row_id,subject,kind,field,old,new")

    def test_tables_without_endpoints_say_what_to_do(self, trial, cut):
        other = take_cut(study=trial.study, name="two", purpose="final", **WHO)
        page = member(trial, Role.STATISTICIAN, whole_study=True)
        answer = page.get(below(other, "tables"), follow=True).content.decode()
        assert "cut-without-endpoints" in answer
