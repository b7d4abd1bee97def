"""Mutated SDTM folders: no crash, every LB record stored, a duplicate or refused, and stored as received."""

import os
import random

import pytest
from django.db import transaction

from labs.actions.raw_files import RawFileError
from labs.actions.sdtm import import_sdtm
from labs.imports.sdtm_variables import DatasetError
from labs.models import Result, TransferRow
from tests.labs.imports.sdtm_folder import dm, ex, lb, write_folder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
FOLDERS = 2_000 if os.environ.get("TRIALSITE_FULL") else 60
TEXTS = [
    "", " ", "  leading", "2014-01", "2014", "1914-01-02", "2999-01-01", "2014-02-30", "2014-01-02T24:00",
    "2014-01-02T10:11:12", "02JAN2014", "<3.42", "> 5", "nan", "1_000", "S-1", "S-2", "S-9", "ALB", "CA",
    "Y", "x" * 41, "y" * 81, "z" * 200, "é", "1:640", "POSITIVE", "NOT DONE", '"quoted"', "a,b",
    "back\\slash", "\\.", "\\N", "=1+1", "new\nline", "tab\t", "-1", "0", "1e5",
]  # fmt: skip
NUMBERS = [0.0, 1.0, -1.0, 2.5, 1e-7, 1e12, 1e75, 123456.789, 1 / 3, None]


def mutated_rows(rows, chance):
    """Rows with some values changed and some rows repeated; types of the variables stay."""
    rows = [dict(row) for row in rows]
    for _ in range(chance.randrange(1, 6)):
        row = chance.choice(rows)
        name = chance.choice(list(row))
        row[name] = chance.choice(NUMBERS if isinstance(row[name], float | None) else TEXTS)
        if chance.random() < 0.2:
            rows.append(dict(chance.choice(rows)))
    return rows


def good_rows():
    """Two subjects, three tests, four visits."""
    tests = [("ALB", "38", 38.0), ("BILI", "<3.42", 3.42), ("COLOR", "YELLOW", 1.0)]
    return [
        lb(subject, 12.0 * k + n, LBTESTCD=code, LBORRES=text, LBSTRESC=text, LBSTRESN=number, VISITNUM=float(n))
        for subject in ("S-1", "S-2")
        for k, (code, text, number) in enumerate(tests)
        for n in range(1, 5)
    ]


def test_mutated_folders_account_for_every_record(tmp_path):
    seed, told = int(os.environ.get("TRIALSITE_SEED", "20261123")), 0
    for number in range(FOLDERS):
        chance = random.Random(seed + number)
        rows = mutated_rows(good_rows(), chance)
        people, doses = [dm(), dm("S-2", SITEID="702")], [ex(), ex("S-2")]
        if chance.random() < 0.3:
            people, doses = mutated_rows(people, chance), mutated_rows(doses, chance)
        absent = chance.choice([[], [], [], ["LBSEQ"], ["LBSTRESN"], ["VISIT"], ["LBSTRESC", "LBCAT"], ["BRTHDTC"]])
        folder = write_folder(tmp_path / str(number), dm=people, ex=doses, lb=rows, drop=absent)
        with transaction.atomic():
            try:
                report = import_sdtm(folder=folder, study_code="X", title="", actor="fuzzer", reason="mutated")
            except (DatasetError, RawFileError):
                told += 1
                transaction.set_rollback(True)
                continue
            totals = report.laboratory["LB"].totals
            assert totals.rows == len(rows), f"seed {seed + number}"
            assert totals.add_up(), f"seed {seed + number}: {totals}"
            refused = set(TransferRow.objects.values_list("line", flat=True))
            assert len(refused) == totals.refused, f"seed {seed + number}"
            stored = list(Result.objects.select_related("specimen__subject"))
            assert len(stored) == totals.applied, f"seed {seed + number}"
            for result in stored:
                source = rows[result.line - 1]
                assert result.line not in refused
                assert result.specimen.subject.source_code == source["USUBJID"], f"seed {seed + number}"
                assert result.specimen.collected == source["LBDTC"], f"seed {seed + number}"
                if source["LBORRES"].strip():
                    assert result.received_text == source["LBORRES"].rstrip(" "), f"seed {seed + number}"
            transaction.set_rollback(True)
    print(f"SDTM: {FOLDERS:,} mutated folders, {told} refused as a whole, every record accounted for")  # noqa: T201
