"""The laboratory's files: the same for ever, and with the faults that real ones have."""

import os
import subprocess
import sys
from collections import Counter

from labs.imports.layout import Layout
from labs.management.demo import course as courses
from labs.management.demo.course import PLANS, UNSCHEDULED, VISIT_DAYS
from labs.management.demo.files import HEADER, KITS, LAYOUT
from tests.databases import ROOT
from tests.labs.demo.delivered import FILES, codes, day_of, deliver, lines


def visits_of(rows, number):
    return {row["VISIT"]: day_of(row, number) for row in rows if row["SUBJECT"] == codes()[number]}


def subjects_with(rows, **wanted):
    return {row["SUBJECT"] for row in rows if all(row[name] == value for name, value in wanted.items())}


def test_files_are_the_same_bytes_again(delivered, tmp_path):
    again = deliver(tmp_path)
    assert [path.name for path in again] == [path.name for path in delivered] == FILES
    for first, second in zip(delivered, again, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_files_are_the_same_bytes_in_another_process(delivered, tmp_path):
    # Another seed of Python's own hashes: an order of a set or dict that leaked into the files would differ.
    imports = "import sys; import django; django.setup(); from pathlib import Path"
    program = f"{imports}; from tests.labs.demo.delivered import deliver; deliver(Path(sys.argv[1]))"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", program, str(tmp_path / seed)], check=True, env=environment, cwd=ROOT)
        for path in delivered:
            assert path.read_bytes() == (tmp_path / seed / path.name).read_bytes()


def test_another_seed_is_another_trial(delivered, tmp_path, monkeypatch):
    monkeypatch.setattr(courses, "SEED", courses.SEED + 1)
    other = deliver(tmp_path)
    assert all(first.read_bytes() != second.read_bytes() for first, second in zip(delivered, other, strict=True))


def test_nine_subjects_at_two_sites_one_file_each(delivered):
    assert len(PLANS) == 9
    assert Counter(plan.site for plan in PLANS) == {"KUL": 5, "BOS": 4}
    kul, bos, _ = (lines(path) for path in delivered)
    assert {row["SUBJECT"] for row in kul} == set(codes()[:5])
    assert {row["SUBJECT"] for row in bos} == set(codes()[5:])


def test_layout_that_is_declared_reads_the_files(delivered):
    layout = Layout.from_mapping(LAYOUT)
    for path in delivered:
        header = path.read_text(encoding=layout.encoding).splitlines()[0].split(layout.separator)
        assert tuple(header) == HEADER
        assert set(LAYOUT["columns"].values()) == set(HEADER)


def test_every_test_has_a_kit_in_its_unit(rows):
    assert {row["TEST"] for row in rows} == set(KITS)
    assert all(row["UNIT"] == KITS[row["TEST"]][2] for row in rows)


def test_nothing_below_the_kits_limit_is_written_as_a_number(rows):
    for row in rows:
        _, _, _, lloq, _ = KITS[row["TEST"]]
        text = row["RESULT"].removeprefix("1:")
        if lloq and text and not text.startswith("<"):
            assert float(text) >= float(lloq), row
        if text.startswith("<"):
            assert float(text.removeprefix("<").removeprefix("1:")) == float(lloq), row


def test_censored_text_is_that_of_the_laboratory(rows):
    assert {row["RESULT"] for row in rows if row["TEST"] == "SCL70" and "<" in row["RESULT"]} == {"<10"}
    assert {row["RESULT"] for row in rows if row["TEST"] == "CD19" and "<" in row["RESULT"]} == {"<1"}


def test_ana_is_a_titer_of_doubling_steps(rows):
    titers = {row["RESULT"] for row in rows if row["TEST"] == "ANA" and row["RESULT"]}
    assert "1:640" in titers
    assert titers <= {f"1:{40 * 2**step}" for step in range(6)} | {"<1:40"}


def test_one_row_per_subject_visit_and_test_in_the_first_files(delivered):
    for path in delivered[:2]:
        keys = Counter((row["SUBJECT"], row["VISIT"], row["TEST"]) for row in lines(path))
        assert set(keys.values()) == {1}


def test_one_accession_is_one_time_of_collection(rows):
    collected = {(row["ACCESSION"], row["SUBJECT"], row["COLLECTED"]) for row in rows}
    assert len(collected) == len({accession for accession, _, _ in collected})


def test_samples_are_taken_within_a_day_of_their_visit_but_for_the_late_one(rows):
    for number, plan in enumerate(PLANS):
        for visit, day in visits_of(rows, number).items():
            if visit in UNSCHEDULED:
                assert day == UNSCHEDULED[visit]
            elif visit not in plan.late:
                assert abs(day - VISIT_DAYS[visit]) <= 1, (number, visit)


def test_late_sample_lies_outside_its_window(rows):
    # dual-cart: Day 14 is Day 11 to 18, Day 28 is Day 23 to 35; Day 21 is neither.
    late = [(number, visit) for number, plan in enumerate(PLANS) for visit in plan.late]
    assert late == [(7, "D14")]
    assert visits_of(rows, 7)["D14"] == 21


def test_missing_visit_has_no_row(rows):
    absent = {(number, visit) for number in range(9) for visit in VISIT_DAYS if visit not in visits_of(rows, number)}
    assert absent == {(7, "M4")}


def test_visit_that_was_not_done_says_so_for_every_test(rows):
    assert subjects_with(rows, REASON="not done") == {codes()[7]}
    undone = [row for row in rows if row["REASON"]]
    assert {row["VISIT"] for row in undone} == {"D56"}
    assert all(row["RESULT"] == "" for row in undone)
    assert all(row["RESULT"] for row in rows if not row["REASON"])


def test_haemolysed_serum_is_marked_and_its_blood_is_not(rows):
    spoilt = [row for row in rows if row["CONDITION"]]
    assert {(row["SUBJECT"], row["VISIT"], row["CONDITION"], row["MATERIAL"]) for row in spoilt} == {
        (codes()[8], "D28", "haemolysed", "Serum")
    }
    blood = [row for row in rows if (row["SUBJECT"], row["VISIT"], row["TEST"]) == (codes()[8], "D28", "CD19")]
    assert [row["CONDITION"] for row in blood] == [""]


def test_second_file_corrects_one_result_and_nothing_else(delivered):
    (correction,) = lines(delivered[2])
    first = [
        row
        for row in lines(delivered[0])
        if (row["ACCESSION"], row["TEST"]) == (correction["ACCESSION"], correction["TEST"])
    ]
    assert len(first) == 1
    assert {name for name in HEADER if first[0][name] != correction[name]} == {"RESULT"}
    assert (correction["SUBJECT"], correction["VISIT"], correction["TEST"]) == (codes()[0], "D14", "SCL70")
    # The decimal point was lost.
    assert float(first[0]["RESULT"]) == 10 * float(correction["RESULT"])


def test_one_result_per_specimen_and_test_in_a_file(delivered):
    for path in delivered:
        keys = Counter((row["ACCESSION"], row["TEST"]) for row in lines(path))
        assert set(keys.values()) == {1}, path.name
