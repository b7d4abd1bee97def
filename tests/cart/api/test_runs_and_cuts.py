"""Runs, diff report, cuts and the archive of tables by the API."""

import io
import zipfile

import pytest
from django.urls import reverse

from cart.actions.cut_endpoints import evaluate_cut
from cart.actions.cuts import take_cut
from cart.actions.endpoints import recompute_stale
from cart.models import ConcomitantTherapy, DataCut, Role, Run
from tests.cart.admin.pages import member
from tests.cart.records import make_infused_subject, make_trial
from trialsite.isolation.moment import one_moment
from trialsite.jobs.models import Job

WHO = {"actor": "dora", "reason": "test"}


@pytest.fixture
def trial(db, as_tester):
    return make_trial()


@pytest.fixture
def runs(trial):
    """Two runs; before the second the subject got an immunosuppressant."""
    subject = make_infused_subject(trial)
    recompute_stale(study_id=trial.study.pk, **WHO)
    ConcomitantTherapy.objects.create(
        subject=subject, drug="Mycophenolate", therapy_class="mycophenolate", started="2024-04-01"
    )
    recompute_stale(study_id=trial.study.pk, **WHO)
    return list(Run.objects.order_by("pk"))


def address(name, *more, study="T-1", **query):
    return reverse(name, args=[study, *more], query=query)


@pytest.fixture
def statistician(trial):
    return member(trial, Role.STATISTICIAN, whole_study=True)


def test_runs_come_newest_first_by_page(trial, runs, statistician):
    first, second = runs
    page = statistician.get(address("study-runs", limit=1)).json()
    assert [run["run"] for run in page["results"]] == [second.pk]
    assert page["results"][0]["subjects_changed"] == 1
    rest = statistician.get(address("study-runs", before=page["next_before"])).json()
    assert [run["run"] for run in rest["results"]] == [first.pk]
    assert rest["next_before"] is None


def test_differences_come_with_both_answers_and_the_cause(trial, runs, statistician):
    whole = statistician.get(address("run-differences", runs[1].pk)).json()
    assert whole["total"] == len(whole["results"]) > 0
    assert {row["moved"] for row in whole["results"]} == {"therapy"}
    row = next(row for row in whole["results"] if row["endpoint"] == "RESETCMP")
    assert row["old"]["text"] != row["new"]["text"] or row["old"]["status"] != row["new"]["status"]
    page = statistician.get(address("run-differences", runs[1].pk, limit=1)).json()
    rest = statistician.get(address("run-differences", runs[1].pk, skip=page["next_skip"])).json()
    assert page["results"] + rest["results"] == whole["results"]
    back = statistician.get(address("run-differences", runs[0].pk, before=runs[1].pk)).json()
    assert back["total"] == whole["total"]
    assert statistician.get(address("run-differences", runs[1].pk, subject="nobody")).json()["total"] == 0


@pytest.mark.parametrize("number", ["999", "x", "99999999999999999999"])
def test_unknown_run_is_not_found(trial, runs, statistician, number):
    answer = statistician.get(address("run-differences", number))
    assert answer.status_code == 404
    assert "unknown-run" in answer.content.decode()


def test_member_of_one_site_sees_no_runs_and_no_cuts(trial, runs):
    take_cut(study=trial.study, name="one", purpose="x", **WHO)
    carol = member(trial)
    assert carol.get(address("study-runs")).json()["results"] == []
    assert carol.get(address("study-cuts")).json()["results"] == []
    assert carol.get(address("run-differences", runs[1].pk)).status_code == 404
    assert carol.post(address("study-cuts"), {"name": "x", "purpose": "y"}).status_code == 403


def test_blinded_assessor_and_stranger_are_refused(trial, runs):
    assessor = member(trial, Role.BLINDED_ASSESSOR, whole_study=True)
    stranger = member(make_trial("T-2"), Role.STATISTICIAN, whole_study=True)
    for name in ("study-runs", "study-cuts"):
        assert assessor.get(address(name)).status_code == 403
        assert stranger.get(address(name)).status_code == 404


def test_cut_is_taken_with_its_jobs_and_listed(trial, runs, statistician):
    made = statistician.post(address("study-cuts"), {"name": "interim-1", "purpose": "interim"})
    assert made.status_code == 201
    assert set(Job.objects.values_list("kind", flat=True)) == {"cuts.digest", "cuts.endpoints"}
    listed = statistician.get(address("study-cuts")).json()["results"]
    assert [(cut["name"], cut["tables"], cut["runs"]) for cut in listed] == [("interim-1", [], [])]
    assert listed[0]["snapshot"] == DataCut.objects.get().snapshot
    again = statistician.post(address("study-cuts"), {"name": "interim-1", "purpose": "interim"})
    assert again.status_code == 400
    assert "cut-name" in again.content.decode()
    monitor = member(trial, Role.MONITOR, whole_study=True)
    assert monitor.post(address("study-cuts"), {"name": "x", "purpose": "y"}).status_code == 403


class TestArchive:
    """Tables are read in a transaction of their own: on what is committed."""

    @pytest.fixture
    def trial(self, fresh_database, as_tester):
        return make_trial()

    def test_live_and_cut(self, trial, runs, statistician):
        cut = take_cut(study=trial.study, name="one", purpose="x", **WHO)
        early = statistician.get(address("endpoint-tables", cut="one"))
        assert early.status_code == 400
        assert "cut-without-endpoints" in early.content.decode()
        with one_moment():
            evaluate_cut(cut=cut, **WHO)
        made = statistician.get(address("endpoint-tables", cut="one"))
        assert made["Content-Type"] == "application/zip"
        assert made.content == statistician.get(address("endpoint-tables", cut="one")).content
        with zipfile.ZipFile(io.BytesIO(statistician.get(address("endpoint-tables")).content)) as packed:
            assert "T-1-live/manifest.json" in packed.namelist()
        assert statistician.get(address("endpoint-tables", cut="nope")).status_code == 404
        assert statistician.get(address("endpoint-tables", cuts="one")).status_code == 400

    def test_member_of_one_site_gets_no_archive(self, trial, runs):
        assert member(trial).get(address("endpoint-tables")).status_code == 403
