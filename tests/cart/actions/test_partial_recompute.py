"""Of a changed subject only what the change touches is computed; stored is what computing everything gives."""

import datetime as dt
import random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cart.actions import run_writer
from cart.actions.endpoints import recompute_stale
from cart.actions.stored_answers import read_answers
from cart.endpoints.answers import as_read
from cart.endpoints.catalogue import evaluate
from cart.endpoints.registry import REGISTRY
from cart.inputs import read_frames
from cart.models import (
    DiseaseFindings,
    EndpointDefinition,
    Evaluation,
    HealthQuestionnaire,
    InputUse,
    PlannedVisit,
    ProtocolVersion,
    SkinScore,
    Spirometry,
)
from tests.cart.assessed import assessment
from tests.cart.records import DAY_ZERO, make_infused_subject
from tests.cart.safety_records import crs_day, event, icans_day
from tests.labs.records import import_rows, make_laboratory, row

pytestmark = pytest.mark.django_db
TESTS = ("CD19", "SCL70", "NAIVE")


@pytest.fixture
def subjects(trial):
    """Two infused subjects of a study with one planned visit."""
    protocol = ProtocolVersion.objects.create(study=trial.study, number=1, effective_on="2024-01-01")
    PlannedVisit.objects.create(
        protocol=protocol, code="M3", name="M3", target_day=91, window_low_day=77, window_high_day=105
    )
    return [make_infused_subject(trial, f"KUL-00{number}") for number in (1, 2)]


def recompute(trial):
    return recompute_stale(study_id=trial.study.pk, actor="dora", reason="asked for")


def stored(subjects):
    newest = Evaluation.objects.current().filter(subject__in=subjects)
    return read_answers(
        list(newest.values_list("pk", flat=True)), list(EndpointDefinition.objects.values_list("pk", flat=True))
    )


def computed(trial, subjects):
    """Everything of every subject, computed now."""
    protocol = trial.study.current_protocol()
    return evaluate(read_frames(trial.study.pk, sorted(one.pk for one in subjects)), protocol.parameters)


def as_stored(answers):
    """Without the order of rows, which the database does not keep."""
    return as_read([answers]).sort("subject_id", "code", "series", "timepoint")


def day(number):
    return (DAY_ZERO + dt.timedelta(days=number)).date()


class Course:
    """Changes of a subject's record, as they come in a trial."""

    def __init__(self, trial, folder, dice):
        self.trial, self.folder, self.dice = trial, folder, dice
        self.laboratory = make_laboratory()
        self.made = 0

    def results(self, subject):
        self.made += 1
        taken = f"{day(self.dice.randint(-20, 200))}T{self.dice.randint(6, 11):02d}:00"
        rows = [
            row(subject.code, f"A{self.made}", taken, test, self.dice.choice(["<15", "13", "80", "50", "25"]))
            for test in self.dice.sample(TESTS, self.dice.randint(1, 3))
        ]
        report = import_rows(self.trial.study, self.laboratory, self.folder, f"{self.made}.csv", *rows)
        assert report.totals.applied == len(rows), report.text()

    def therapy(self, subject):
        subject.concomitant_therapies.create(
            drug="x",
            therapy_class=self.dice.choice(["ivig", "rituximab", "steroid", "other"]),
            started=str(day(self.dice.randint(-100, 100))),
            ongoing=True,
        )

    def therapy_ends(self, subject):
        subject.concomitant_therapies.update(ongoing=False, stopped=str(day(150)))

    def skin(self, subject):
        assessment(SkinScore, subject, day(self.dice.randint(-20, 200))).save()

    def lungs(self, subject):
        assessment(Spirometry, subject, day(self.dice.randint(-20, 200))).save()

    def questionnaire(self, subject):
        assessment(HealthQuestionnaire, subject, day(self.dice.randint(-20, 200))).save()

    def findings(self, subject):
        assessment(DiseaseFindings, subject, day(self.dice.randint(-20, 200))).save()

    def syndrome(self, subject):
        used = subject.crs_assessments.count() + subject.icans_assessments.count()
        self.dice.choice([crs_day, icans_day])(subject, used + 1).save()

    def toxicity(self, subject):
        event(
            subject, started=str(day(self.dice.randint(0, 28))), ended=str(day(60)), dlt=self.dice.random() < 0.5
        ).save()

    def arm(self, subject):
        subject.arm = None if subject.arm_id else self.trial.arm
        subject.save()

    CHANGES = (
        results, results, results, therapy, therapy_ends, skin, lungs, questionnaire, findings, syndrome, toxicity, arm
    )  # fmt: skip

    def change(self, subject):
        self.dice.choice(self.CHANGES)(self, subject)


@pytest.mark.parametrize("seed", range(3))
def test_after_any_changes_the_stored_answers_are_those_of_a_whole_evaluation(trial, subjects, tmp_path, seed):
    dice = random.Random(seed)
    course = Course(trial, tmp_path, dice)
    recompute(trial)
    for _ in range(10):
        for subject in dice.sample(subjects, dice.randint(1, 2)):
            course.change(subject)
        recompute(trial)
        assert_frame_equal(as_stored(stored(subjects)), as_stored(computed(trial, subjects)))


@pytest.fixture
def asked(monkeypatch):
    """Endpoints of each call to the engine; None: all."""
    calls = []
    whole = run_writer.answer

    def noted(*given, codes=None, known=None):
        calls.append(codes)
        return whole(*given, codes=codes, known=known)

    monkeypatch.setattr(run_writer, "answer", noted)
    return calls


def test_a_skin_score_leaves_the_laboratory_endpoints_alone(trial, subjects, asked):
    recompute(trial)
    before = Evaluation.objects.current().get(subject=subjects[0])
    assessment(SkinScore, subjects[0], day(0)).save()
    done = recompute(trial)
    (everything, few) = asked
    assert everything is None
    assert {"MRSS", "MRSSCHG"} <= few
    assert not {"BCDEPL", "TITERHL", "RESET", "CRSMAX"} & few
    after = Evaluation.objects.current().get(subject=subjects[0])
    assert done.results == after.results.count()
    assert set(after.results.values_list("definition__code", flat=True)) == set(REGISTRY)
    assert before.results.count() == len(REGISTRY) + 3


def test_a_result_touches_what_rests_on_its_answers(trial, subjects, asked, tmp_path):
    recompute(trial)
    Course(trial, tmp_path, random.Random(1)).therapy(subjects[0])
    recompute(trial)
    assert {"RESETCMP", "RESET"} <= asked[-1]
    assert not {"MRSS", "BCNADIR"} & asked[-1]


def test_new_parameters_compute_everything(trial, subjects, asked):
    recompute(trial)
    ProtocolVersion.objects.create(
        study=trial.study, number=2, effective_on="2024-01-01", parameters={"BCDEPL": {"threshold": 5.0}}
    )
    recompute(trial)
    assert asked == [None, None]


def test_another_version_of_the_code_computes_everything(trial, subjects, asked, monkeypatch):
    recompute(trial)
    monkeypatch.setattr(run_writer, "__version__", "0.0.0")
    assessment(SkinScore, subjects[0], day(0)).save()
    recompute(trial)
    assert asked == [None, None]


def test_an_evaluation_that_did_not_note_its_inputs_is_made_whole(trial, subjects, asked, monkeypatch):
    monkeypatch.setattr(run_writer.RunWriter, "_use", lambda writer, reads: None)
    recompute(trial)
    assessment(SkinScore, subjects[0], day(0)).save()
    recompute(trial)
    assert asked == [None, None]


def test_what_was_read_is_kept_once(trial, subjects):
    recompute(trial)
    for subject in subjects:
        assessment(SkinScore, subject, day(0)).save()
    recompute(trial)
    assert InputUse.objects.count() <= 2
    use = Evaluation.objects.current().filter(subject=subjects[0]).get().input_use
    assert use.reads["MRSS"] == sorted(use.reads["MRSS"])
    assert "skin_scores" in use.reads["MRSS"]
    assert "observations/CD19_ABS" in use.reads["BCDEPL"]
    assert set(use.reads) == set(REGISTRY)


def test_a_subject_evaluated_first_stands_beside_one_that_changed(trial, subjects, asked):
    recompute(trial)
    newcomer = make_infused_subject(trial, "KUL-003")
    assessment(SkinScore, subjects[0], day(0)).save()
    assert recompute(trial).subjects_changed == 2
    assert asked[1] is None
    assert "MRSS" in asked[2]
    everybody = [*subjects, newcomer]
    assert_frame_equal(as_stored(stored(everybody)), as_stored(computed(trial, everybody)))
    assert isinstance(stored(everybody), pl.DataFrame)


def test_a_reason_may_be_as_long_as_what_it_lists(trial, subjects):
    for number in range(40):
        subjects[0].concomitant_therapies.create(
            drug=f"immunoglobulin of maker {number}", therapy_class="ivig", started=str(day(31 * number))
        )
    recompute(trial)
    assert max(len(row.reason) for row in subjects[0].endpoint_results.all()) > 300
