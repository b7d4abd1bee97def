"""A cumulative file beside the one before it ends as if every row of it had been read."""

import random

import pytest

from cart.models import DataQuery, Site, Study
from labs.actions import reading
from labs.models import AssayVersion, Laboratory, Result, Specimen, Transfer
from tests.cart.records import make_subject, make_trial
from tests.labs.records import LAYOUT, import_rows, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]

SUBJECTS = [f"KUL-00{n}" for n in range(1, 6)]


def make_side(code, *, quarantine):
    """A study with five subjects, and a laboratory that sends cumulative files."""
    trial = make_trial(code)
    for subject in SUBJECTS:
        make_subject(trial, subject)
    laboratory = make_laboratory(f"L-{code}", quarantine=quarantine)
    laboratory.layout = {**LAYOUT, "delivery": "cumulative"}
    laboratory.save()
    return trial, laboratory


def state_of(study):
    """Everything that the files left behind, in terms that do not name the study."""
    results = Result.objects.filter(specimen__study=study).select_related("specimen__subject", "analyte", "transfer")
    queries = DataQuery.objects.filter(subject__study=study)
    targets = {r.pk: r for r in results}
    return (
        sorted(
            (
                r.specimen.subject.code,
                r.specimen.accession,
                r.analyte.code,
                r.version,
                r.received_text,
                r.transfer.file_name if r.transfer else "",
            )
            for r in results
        ),
        sorted(Specimen.objects.filter(study=study).values_list("accession", "collected", "condition")),
        sorted((targets[q.target_id].received_text, targets[q.target_id].line or 0, q.status) for q in queries),
        [
            (
                t.file_name,
                t.state,
                t.rows_total,
                t.rows_applied,
                t.rows_corrected,
                t.rows_duplicate,
                t.rows_quarantined,
                t.rows_vanished,
                t.specimens_corrected,
                sorted(t.rows.values_list("line", "rule")),
            )
            for t in Transfer.objects.filter(study=study).order_by("id")
        ],
    )


@pytest.fixture
def compared(monkeypatch):
    """How many rows each file was spared, None where it was read whole."""
    spared = []

    def watched(transfer, references, layout):
        found = real(transfer, references, layout) if transfer.study.code == "BESIDE" else None
        if transfer.study.code == "BESIDE":
            spared.append(found and found.unchanged)
        return found

    real = reading.compare_with_last
    monkeypatch.setattr(reading, "compare_with_last", watched)
    return spared


@pytest.fixture
def both(compared):
    return [make_side("BESIDE", quarantine=True), make_side("WHOLE", quarantine=True)]


def next_file(lines, chance):
    """The lines of a file after some days: more rows, changed, lost, bad, repeated, put elsewhere."""
    lines = [line for line in lines if chance.random() > 0.03]
    for at in range(len(lines)):
        if chance.random() < 0.04:
            fields = lines[at].split(",")
            fields[6] = chance.choice(["<10", "12.5", "inf", str(chance.randrange(10, 99))])
            lines[at] = ",".join(fields)
        if chance.random() < 0.03:
            fields = lines[at].split(",")
            fields[8] = chance.choice(["", "good", "haemolysed"])
            lines[at] = ",".join(fields)
    for _ in range(chance.randrange(6)):
        subject = chance.choice([*SUBJECTS, "KUL-404"] if chance.random() < 0.3 else SUBJECTS)
        accession = f"{subject[-1]}-{chance.randrange(9)}"
        day = f"2024-03-{10 + int(accession[-1])}"
        new = row(subject, accession, day, chance.choice(["SCL70", "CD19"]), str(chance.randrange(10, 99)))
        lines.insert(chance.randrange(len(lines) + 1), new)
    if lines and chance.random() < 0.2:
        lines.append(chance.choice(lines))
    if chance.random() < 0.2:
        chance.shuffle(lines)
    return lines


def meddle(study, chance_seed):
    """What people do between files: correct a value by hand, close a query."""
    chance = random.Random(chance_seed)
    current = list(Result.objects.current().filter(specimen__study=study).order_by("specimen__accession", "analyte"))
    if current and chance.random() < 0.3:
        old = chance.choice(current)
        Result.objects.create(
            specimen=old.specimen,
            analyte=old.analyte,
            version=old.version + 1,
            received_text="55",
            value=55,
            unit=old.unit,
            supersession_reason="typed",
        )
    tubes = list(Specimen.objects.filter(study=study).order_by("accession", "collected"))
    if tubes and chance.random() < 0.3:
        tube = chance.choice(tubes)
        tube.condition = chance.choice(["good", "haemolysed", "insufficient"])
        tube.save()
    for query in DataQuery.objects.filter(subject__study=study, status="open").order_by("target_id", "id"):
        if chance.random() < 0.3:
            query.status = DataQuery.Status.CLOSED
            query.save()


@pytest.mark.parametrize("seed", range(12))
def test_any_course_of_files_ends_as_if_every_row_was_read(both, compared, tmp_path, seed):
    chance = random.Random(seed)
    lines = []
    for number in range(6):
        lines = next_file(lines, chance) or lines
        if not lines:
            lines = [row(SUBJECTS[0], "1-0", "2024-03-10", "SCL70", "70")]
        for trial, laboratory in both:
            import_rows(trial.study, laboratory, tmp_path, f"{number}.csv", *lines)
            meddle(trial.study, seed * 100 + number)
        beside, whole = (state_of(trial.study) for trial, _ in both)
        assert beside == whole
    assert any(compared), "no file was compared with the one before it"


LINES = [row(code, f"{code[-1]}-1", "2024-03-11", test, "70") for code in SUBJECTS for test in ("SCL70", "CD19")]
LATER = row("KUL-001", "1-2", "2024-04-11", "SCL70", "60")


@pytest.fixture
def beside(compared, tmp_path):
    trial, laboratory = make_side("BESIDE", quarantine=False)

    def send(name, *rows):
        laboratory.refresh_from_db()
        return import_rows(trial.study, laboratory, tmp_path, name, *rows)

    assert send("one.csv", *LINES).totals.applied == len(LINES)
    compared.clear()
    return send


def test_only_new_rows_are_read(beside, compared):
    report = beside("two.csv", LATER, *reversed(LINES))
    assert compared == [len(LINES)]
    assert (report.totals.rows, report.totals.applied, report.totals.duplicate) == (11, 1, 10)
    assert report.totals.add_up()


def test_findings_name_the_line_of_the_whole_file(beside):
    report = beside("two.csv", *LINES, LATER.replace(",60,", ",1_0,"))
    assert report.findings.select("line", "rule").rows() == [(12, "number-grammar")]


def test_a_row_beside_the_unchanged_row_that_it_contradicts_is_refused(beside, compared):
    report = beside("two.csv", *LINES, LINES[0].replace(",70,", ",71,"))
    assert compared == [len(LINES)]
    assert "[conflicting-rows]" in report.text()
    assert Result.objects.count() == len(LINES)


@pytest.mark.parametrize("what", ["kit", "layout", "zone"])
def test_the_whole_file_is_read_after_what_it_is_checked_against_has_changed(beside, compared, what):
    if what == "kit":
        AssayVersion.objects.filter(laboratory__code="L-BESIDE").update(valid_from="2024-03-12")
    elif what == "zone":
        Site.objects.filter(study__code="BESIDE").update(time_zone="Asia/Tokyo")
    else:
        layout = {**LAYOUT, "delivery": "cumulative", "ignored": ["X"]}
        Laboratory.objects.update(layout=layout)
    report = beside("two.csv", *LINES, LATER)
    assert compared == [None]
    assert report.accepted is (what != "kit")


def test_a_subject_enrolled_since_is_no_reason_to_read_the_whole_file(beside, compared):
    study = Study.objects.get(code="BESIDE")
    first = study.subjects.get(code="KUL-001")
    study.subjects.create(code="KUL-900", site=first.site, arm=first.arm, status="enrolled")
    assert beside("two.csv", *LINES, row("KUL-900", "9-1", "2024-03-11", "SCL70", "70")).totals.applied == 1
    assert compared == [len(LINES)]


def test_an_incremental_file_in_between_is_a_reason(beside, compared, tmp_path):
    study = Study.objects.get(code="BESIDE")
    other = study.transfers.first().laboratory
    cumulative = other.layout
    other.layout = LAYOUT
    other.save()
    import_rows(study, other, tmp_path, "i.csv", LINES[0].replace(",70,", ",71,"))
    other.layout = cumulative
    other.save()
    report = beside("two.csv", *LINES, LATER)
    assert compared == [None]
    assert (report.totals.corrected, report.totals.applied) == (1, 2)
