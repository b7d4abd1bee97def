"""A summary is stored with what it was made of; equal answers make none anew; a cut's stays as it was."""

import io

import polars as pl
import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.urls import reverse

from cart.actions.cut_endpoints import request_cut_endpoints, run_of_cut
from cart.actions.cuts import take_cut
from cart.actions.endpoints import recompute_stale
from cart.actions.summaries import current_summary, request_summary, summarise_study
from cart.datasets.summaries import SUMMARY, summary_rows
from cart.models import Arm, ConcomitantTherapy, Role, StudySummary, Subject, SummaryStatistic
from tests.cart.admin.pages import change_page, member
from tests.cart.records import make_infused_subject, make_trial
from trialsite.jobs.execution import run_pending_jobs
from trialsite.jobs.models import Job

WHO = {"actor": "dora", "reason": "report"}


@pytest.fixture
def trial(db, as_tester):
    return make_trial()


@pytest.fixture
def subjects(trial):
    """Three infused subjects, one of another arm, one of none; the first drug-free no more."""
    made = [make_infused_subject(trial, f"KUL-00{number}") for number in (1, 2, 3)]
    other = Arm.objects.create(study=trial.study, code="OTHER", title="Other")
    Subject.objects.filter(pk=made[1].pk).update(arm=other)
    Subject.objects.filter(pk=made[2].pk).update(arm=None)
    ConcomitantTherapy.objects.create(
        subject=made[0], drug="Mycophenolate", therapy_class="mycophenolate", started="2024-04-01"
    )
    recompute_stale(study_id=trial.study.pk, **WHO)
    return made


def drug_free(summary, **where):
    rows = SummaryStatistic.objects.filter(summary=summary, code="RESETCMP", series="drug-free", **where)
    return {(row.group, row.category): row.value for row in rows if row.statistic == "count"}


def test_every_subject_is_counted_among_all_and_in_its_arm(trial, subjects):
    made = summarise_study(study=trial.study, **WHO)
    assert made.subjects == 3
    assert drug_free(made, grouping="all") == {("all", "yes"): 2, ("all", "no"): 1}
    arms = drug_free(made, grouping="arm")
    assert arms["CART", "no"] == 1
    assert arms["OTHER", "yes"] == 1
    assert arms["no arm", "yes"] == 1
    assert made.parameters["confidence"] == 0.95


def test_equal_answers_make_no_second_summary(trial, subjects):
    made = summarise_study(study=trial.study, **WHO)
    assert summarise_study(study=trial.study, **WHO) == made
    ConcomitantTherapy.objects.create(
        subject=subjects[1], drug="Mycophenolate", therapy_class="mycophenolate", started="2024-04-01"
    )
    recompute_stale(study_id=trial.study.pk, **WHO)
    again = summarise_study(study=trial.study, **WHO)
    assert again != made
    assert drug_free(again, grouping="all") == {("all", "yes"): 1, ("all", "no"): 2}
    assert drug_free(made, grouping="all") == {("all", "yes"): 2, ("all", "no"): 1}


def test_other_arm_and_other_parameter_are_another_summary(trial, subjects):
    first = summarise_study(study=trial.study, **WHO)
    Subject.objects.filter(pk=subjects[2].pk).update(arm=trial.arm)
    second = summarise_study(study=trial.study, **WHO)
    trial.study.protocol_versions.create(
        number=1, effective_on="2024-01-01", parameters={"SUMMARY": {"confidence": 0.9}}
    )
    third = summarise_study(study=trial.study, **WHO)
    assert len({first.pk, second.pk, third.pk}) == 3
    assert third.parameters["confidence"] == 0.9


def test_stored_summary_reads_back_as_it_was_computed(trial, subjects):
    made = summarise_study(study=trial.study, **WHO)
    stored = summary_rows(made.pk)
    assert stored.equals(SUMMARY.shaped(current_summary(trial.study)))
    assert stored.height == made.statistics.count() > 0
    missing = stored.filter(pl.col("STATUS") == "not-evaluable")
    assert missing.height > 0
    assert (missing["REASON"] != "").all()


def test_summary_is_never_changed(trial, subjects):
    made = summarise_study(study=trial.study, **WHO)
    for rows in (StudySummary.objects.filter(pk=made.pk), made.statistics.all()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows._raw_delete("default")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        made.statistics.update(value=1.0)


def test_study_without_subjects_has_an_empty_summary(trial):
    made = summarise_study(study=trial.study, **WHO)
    assert (made.subjects, made.statistics.count()) == (0, 0)


def test_page_shows_the_statistics_to_members_of_the_whole_study(trial, subjects):
    job = request_summary(study=trial.study, **WHO)
    run_pending_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    made = StudySummary.objects.get()
    page = member(trial, Role.STATISTICIAN, whole_study=True)
    text = page.get(change_page(made)).content.decode()
    assert "Immunological reset" in text
    assert "95% CI" in text
    csv = page.get(reverse("admin:cart_studysummary_table", args=[made.pk])).content.decode()
    assert csv.startswith("STUDYID,GROUPING,GROUP,")
    one_site = member(trial, Role.DATA_MANAGER)
    assert one_site.get(reverse("admin:cart_studysummary_table", args=[made.pk])).status_code == 404


def test_summary_of_a_divided_cut_comes_once_with_the_arms_of_then(fresh_database, as_tester, tmp_path):
    trial = make_trial()
    made = [make_infused_subject(trial, f"KUL-00{number}") for number in (1, 2, 3)]
    cut = take_cut(study=trial.study, name="one", purpose="report", **WHO)
    Subject.objects.filter(pk=made[0].pk).update(arm=None)
    make_infused_subject(trial, "KUL-004")
    request_cut_endpoints(cut=cut, part_subjects=1, **WHO)
    run_pending_jobs()
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
    summary = run_of_cut(cut).summaries.get()
    assert summary.subjects == 3
    assert set(summary.statistics.values_list("group", flat=True)) == {"all", "CART"}
    call_command("export_endpoints", trial.study.code, cut="one", to=tmp_path, stdout=io.StringIO())
    table = pl.read_parquet(tmp_path / "summary.parquet")
    assert table.height == summary.statistics.count()
