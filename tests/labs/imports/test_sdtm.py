"""SDTM folders of every kind: each record stored, a duplicate, or refused with its place."""

import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from cart.models import Consent, Disposition, Study, StudyDrugExposure, Subject
from labs.imports.sdtm import exact_text
from labs.models import Analyte, RawFile, Result, Specimen, Transfer, TransferRow
from tests.labs.imports.sdtm_folder import dm, ex, lb, write_folder

pytestmark = [pytest.mark.django_db]


def run(folder, study="X-1"):
    out = io.StringIO()
    call_command("import_sdtm", str(folder), study=study, stdout=out)
    return out.getvalue()


def counts(output):
    """Records, stored, duplicates, refused of LB as printed; they must add up."""
    numbers = re.search(
        r"LB ([\d,]+) records: ([\d,]+) stored(?: \([\d,]+ corrections\))?, ([\d,]+) duplicates, ([\d,]+) refused",
        output,
    )
    assert numbers, output
    records, stored, duplicates, refused = (int(n.replace(",", "")) for n in numbers.groups())
    assert records == stored + duplicates + refused, output
    return records, stored, duplicates, refused


def test_values_survive_as_received(tmp_path):
    rows = [
        lb(),
        lb(sequence=2.0, LBDTC="2014-01", VISITNUM=2.0, VISIT="WEEK 2", LBORRES="4.10", LBSTRESC="41", LBSTRESN=41.0),
        lb(sequence=3.0, LBTESTCD="BILI", LBTEST="Bilirubin", LBORRES="<0.2", LBSTRESC="<3.42", LBSTRESN=None),
        lb(sequence=4.0, LBTESTCD="COLOR", LBORRES="YELLOW", LBSTRESC="YELLOW", LBSTRESN=None, LBSTRESU=""),
        lb(sequence=5.0, LBTESTCD="CA", LBORRES="", LBSTRESC="", LBSTRESN=None, LBSTAT="NOT DONE", LBREASND="CLOTTED"),
        lb(sequence=6.0, LBTESTCD="GLUC", LBORRES="", LBSTRESC="", LBSTRESN=0.1),
        lb(sequence=7.0, LBTESTCD="TSH", LBORRES="<0.01", LBSTRESC="<0.01", LBSTRESN=0.005),
    ]
    assert counts(run(write_folder(tmp_path / "d", lb=rows))) == (7, 7, 0, 0)
    stored = {r.analyte.code + str(r.source_sequence): r for r in Result.objects.select_related("analyte", "specimen")}
    assert (stored["ALB1"].received_text, stored["ALB1"].value, stored["ALB1"].baseline_flag) == ("3.8", 38, True)
    assert stored["ALB2"].received_text == "4.10"
    assert stored["ALB2"].specimen.collected == "2014-01"
    assert stored["ALB2"].specimen.collected_on is None
    bilirubin = stored["BILI3"]
    assert (bilirubin.qualifier, bilirubin.value, bilirubin.received_text) == ("<", Decimal("3.42"), "<0.2")
    assert (stored["COLOR4"].received_text, stored["COLOR4"].value) == ("YELLOW", None)
    assert (stored["CA5"].missing_reason, stored["CA5"].received_text) == ("CLOTTED", "")
    assert (stored["GLUC6"].received_text, stored["GLUC6"].value) == ("0.1", Decimal("0.1"))
    assert (stored["TSH7"].qualifier, stored["TSH7"].value) == ("<", Decimal("0.01"))


@pytest.mark.parametrize(
    ("changes", "column", "rule"),
    [
        ({"USUBJID": "S-9"}, "USUBJID", "unknown-subject"),
        ({"USUBJID": ""}, "USUBJID", "unknown-subject"),
        ({"LBTESTCD": ""}, "LBTESTCD", "missing-test"),
        ({"LBDTC": ""}, "LBDTC", "missing-date"),
        ({"LBDTC": "02JAN2014"}, "LBDTC", "date-format"),
        ({"LBDTC": "2014---02"}, "LBDTC", "date-format"),
        ({"LBDTC": "2014-02-30"}, "LBDTC", "impossible-date"),
        ({"LBDTC": "2014-13"}, "LBDTC", "impossible-date"),
        ({"LBDTC": "2999-01-01"}, "LBDTC", "future-date"),
        ({"LBDTC": "1914-01-02"}, "LBDTC", "before-birth"),
        ({"LBDTC": "1960-05-16"}, "LBDTC", "before-birth"),
        ({"LBDTC": "1960-04"}, "LBDTC", "before-birth"),
        ({"LBSEQ": 1e12}, "LBSEQ", "sequence-range"),
        ({"LBSEQ": 1.0, "LBTESTCD": "CA"}, "LBSEQ", "duplicate-sequence"),
        ({"LBSEQ": 1.0, "LBORRES": "3.9"}, "", "conflicting-rows"),
        ({"VISITNUM": 20140102.0}, "VISITNUM", "visit-number-range"),
    ],
)
def test_bad_record_is_refused_with_its_place_and_the_good_one_stored(tmp_path, changes, column, rule):
    output = run(write_folder(tmp_path / "d", lb=[lb(), lb(**{"LBSEQ": 2.0, **changes})]))
    assert counts(output) == (2, 1, 0, 1)
    place = "record 2" + (f", column {column}" if column else "")
    assert place in output
    assert f"[{rule}]" in output
    refused = TransferRow.objects.get()
    assert (refused.line, refused.column, refused.rule, refused.outcome) == (2, column, rule, "refused")
    assert Result.objects.get().received_text == "3.8"


def test_same_record_twice_is_a_duplicate(tmp_path):
    assert counts(run(write_folder(tmp_path / "d", lb=[lb(), lb()]))) == (2, 1, 1, 0)


def test_birth_year_is_bounded_by_the_age_where_the_birth_date_is_not_given(tmp_path):
    rows = [lb(LBDTC="1959-12-31"), lb(sequence=2.0, LBDTC="1960-01-01")]
    folder = write_folder(tmp_path / "d", dm=[dm(BRTHDTC="")], lb=rows)
    assert counts(run(folder)) == (2, 1, 0, 1)
    assert Subject.objects.get().year_of_birth is None


def test_test_repeated_on_one_occasion_is_kept_twice(tmp_path):
    rows = [lb(), lb(sequence=2.0, LBORRES="3.9", LBSTRESC="39", LBSTRESN=39.0)]
    assert counts(run(write_folder(tmp_path / "d", lb=rows))) == (2, 2, 0, 0)


def test_one_reference_for_tubes_of_two_subjects_is_two_specimens(tmp_path):
    rows = [lb(LBREFID="A1"), lb("S-2", LBREFID="A1")]
    assert counts(run(write_folder(tmp_path / "d", dm=[dm(), dm("S-2")], lb=rows))) == (2, 2, 0, 0)
    assert Specimen.objects.count() == 2


def test_code_of_two_meanings_becomes_two_analytes(tmp_path):
    rows = [lb(LBTESTCD="GLUC"), lb(sequence=2.0, LBTESTCD="GLUC", LBCAT="URINALYSIS")]
    assert counts(run(write_folder(tmp_path / "d", lb=rows))) == (2, 2, 0, 0)
    assert Analyte.objects.filter(sdtm_test_code="GLUC").count() == 2


@pytest.mark.parametrize(
    "absent",
    [
        ["LBSEQ"],
        ["LBSTRESN", "LBSTRESC"],
        ["LBCAT", "LBNRIND", "LBBLFL"],
        ["VISIT", "VISITNUM"],
        ["BRTHDTC", "SEX", "ARM"],
        ["EXDOSE", "EXENDTC", "EXSEQ"],
        ["AGE", "RFSTDTC", "RFICDTC"],
    ],
)
def test_variables_that_may_be_absent(tmp_path, absent):
    assert counts(run(write_folder(tmp_path / "d", drop=absent))) == (1, 1, 0, 0)


@pytest.mark.parametrize("absent", ["LBDTC", "LBTESTCD", "LBORRES", "USUBJID", "SITEID"])
def test_variable_that_must_be_there_is_named(tmp_path, absent):
    with pytest.raises(CommandError, match=rf"has no variable {absent}\. \[variable-missing\]"):
        run(write_folder(tmp_path / "d", drop=[absent]))
    assert not Study.objects.exists()


def test_absent_ex_is_no_obstacle_and_names_may_be_upper_case(tmp_path):
    folder = write_folder(tmp_path / "d", ex=None)
    for path in folder.iterdir():
        path.rename(path.with_name(path.name.upper()))
    assert counts(run(folder)) == (1, 1, 0, 0)


@pytest.mark.parametrize("domain", ["dm", "lb"])
def test_missing_dataset_is_one_sentence(tmp_path, domain):
    folder = write_folder(tmp_path / "d", **{domain: None})
    with pytest.raises(CommandError, match=rf"holds no {domain}\.xpt \(\.json, .*\)\. \[dataset-missing\]"):
        run(folder)


def test_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(CommandError, match=r"\[folder-missing\]"):
        run(tmp_path / "nowhere")


def _cut(data: bytes, kept: int) -> bytes:
    return data[:kept]


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda data: b"USUBJID,LBSEQ\nS-1,1\n", "not-xpt"),
        (lambda data: b"", "not-xpt"),
        (lambda data: data.replace(b"LIBRARY HEADER", b"LIBV8   HEADER", 1), "not-xpt"),
        (lambda data: data[:-13], "xpt-cut-off"),
        # Whole cards, but the last record is not whole.
        (lambda data: data[:-160], "xpt-cut-off"),
        (lambda data: data[:400], "xpt-cut-off"),
        (lambda data: data[:800], "xpt-cut-off"),
        (lambda data: data + data[240:], "xpt-(several-datasets|cut-off)"),
        (lambda data: data.replace(b"SCREENING 1", b"SCREENING \xe9"), "xpt-encoding"),
    ],
)
def test_damaged_dataset_is_one_sentence_and_stores_nothing(tmp_path, damage, code):
    rows = [lb(sequence=float(n), VISITNUM=float(n)) for n in range(1, 12)]
    path = write_folder(tmp_path / "d", lb=rows) / "lb.xpt"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CommandError, match=rf"\[{code}\]"):
        run(path.parent)
    assert not Study.objects.exists()


def test_same_folder_again_is_a_no_op(tmp_path):
    folder = write_folder(tmp_path / "d")
    run(folder)
    again = run(folder)
    assert "DM 1 records: 0 stored, 1 unchanged, 0 refused" in again
    assert "EX 1 records: 0 stored, 1 unchanged, 0 refused" in again
    assert "LB unchanged: lb.xpt: already accepted as T-" in again
    assert (Result.objects.count(), Transfer.objects.count(), RawFile.objects.count()) == (1, 1, 1)


def test_changed_dataset_supersedes_and_keeps_the_old_value(tmp_path):
    run(write_folder(tmp_path / "a", lb=[lb(), lb(sequence=2.0, LBTESTCD="CA")]))
    output = run(
        write_folder(
            tmp_path / "b", lb=[lb(LBORRES="4.8", LBSTRESC="48", LBSTRESN=48.0), lb(sequence=2.0, LBTESTCD="CA")]
        )
    )
    assert "LB 2 records: 1 stored (1 corrections), 1 duplicates, 0 refused" in output
    versions = Result.objects.filter(analyte__code="ALB").order_by("version")
    assert [(r.version, r.value) for r in versions] == [(1, 38), (2, 48)]
    assert versions[1].supersession_reason == "manage.py import_sdtm"


def test_subject_and_exposure_follow_a_changed_dataset(tmp_path):
    run(write_folder(tmp_path / "a", dm=[dm(ARMCD="Scrnfail", RFICDTC="")], ex=[ex()]))
    subject = Subject.objects.get()
    assert (subject.arm, subject.status) == (None, "screen-failure")
    output = run(write_folder(tmp_path / "b", dm=[dm(SEX="M", RFICDTC="2013-12-20")], ex=[ex(EXDOSE=0.12344)]))
    assert "DM 1 records: 0 stored, 1 updated, 0 refused" in output
    assert "EX 1 records: 0 stored, 1 updated, 0 refused" in output
    subject.refresh_from_db()
    assert (subject.sex, subject.arm.code, subject.status) == ("M", "Pbo", "enrolled")
    assert str(Consent.objects.get().signed_on) == "2013-12-20"
    exposure = StudyDrugExposure.objects.get()
    assert (exposure.dose, exposure.dose_text) == (Decimal("0.1234"), "0.12344")
    assert "EX 1 records: 0 stored, 1 unchanged, 0 refused" in run(tmp_path / "b")


def test_status_follows_dm_by_an_entry_of_the_course_without_a_day(tmp_path):
    run(write_folder(tmp_path / "a", dm=[dm(ARMCD="SCRNFAIL", ARM="Screen Failure"), dm("S-2")]))
    run(write_folder(tmp_path / "b", dm=[dm(), dm("S-2", DTHFL="Y")]))
    statuses = dict(Subject.objects.values_list("code", "status"))
    assert statuses == {"S-1": "enrolled", "S-2": "dead"}
    entries = Disposition.objects.order_by("subject__code").values_list("subject__code", "previous", "status", "reason")
    assert list(entries) == [
        ("S-1", "screen-failure", "enrolled", "source"),
        ("S-2", "enrolled", "dead", "source"),
    ]
    assert set(Disposition.objects.values_list("occurred_on", flat=True)) == {""}


def test_record_refused_for_its_subject_is_stored_when_dm_comes_complete(tmp_path):
    rows = [lb(), lb("S-2")]
    assert counts(run(write_folder(tmp_path / "a", lb=rows))) == (2, 1, 0, 1)
    assert counts(run(write_folder(tmp_path / "b", dm=[dm(), dm("S-2")], lb=rows))) == (2, 1, 1, 0)


@pytest.mark.parametrize(
    ("domain", "record", "column", "rule"),
    [
        ("dm", dm(), "USUBJID", "duplicate-subject"),
        ("dm", dm(""), "USUBJID", "missing-subject"),
        ("dm", dm("S" * 41), "USUBJID", "too-long"),
        ("dm", dm("S-2", SITEID="SITE OF A VERY LONG NAME"), "SITEID", "too-long"),
        ("ex", ex("S-9"), "USUBJID", "unknown-subject"),
        ("ex", ex(), "EXSEQ", "duplicate-sequence"),
        ("ex", ex(EXSEQ=2.0, EXTRT=""), "EXTRT", "missing-drug"),
        ("ex", ex(EXSEQ=2.0, EXDOSE=-1.0), "EXDOSE", "negative-dose"),
        ("ex", ex(EXSEQ=2.0, EXDOSE=1e10), "EXDOSE", "dose-range"),
        ("ex", ex(EXSEQ=2.5), "EXSEQ", "sequence-range"),
        ("ex", ex(EXSEQ=2.0, EXSTDTC=""), "EXSTDTC", "date-format"),
        ("ex", ex(EXSEQ=2.0, EXENDTC="2014-02-30"), "EXENDTC", "date-format"),
    ],
)
def test_bad_record_of_dm_and_ex_is_refused_with_its_place(tmp_path, domain, record, column, rule):
    first = dm() if domain == "dm" else ex()
    output = run(write_folder(tmp_path / "d", **{domain: [first, record]}))
    assert f"{domain.upper()} 2 records: 1 stored, 1 refused" in output
    assert f"{domain.upper()} record 2, column {column}: found" in output
    assert f"[{rule}]" in output


def test_dose_in_words_is_kept_in_words(tmp_path):
    run(write_folder(tmp_path / "d", ex=[ex(EXDOSE="half a patch")]))
    exposure = StudyDrugExposure.objects.get()
    assert (exposure.dose, exposure.dose_text) == (None, "half a patch")


def test_empty_datasets_are_told(tmp_path):
    folder = write_folder(tmp_path / "d")
    path = folder / "lb.xpt"
    data = path.read_bytes()
    # Header cards only: the records begin after the card that announces them.
    path.write_bytes(data[: data.index(b"HEADER RECORD*******OBS") + 80])
    with pytest.raises(CommandError, match=r"lb\.xpt holds no record\. \[dataset-empty\]"):
        run(folder)


def test_exact_text_reads_back_as_the_same_number():
    import polars as pl

    numbers = [0.1, 38.0, 2.2204, 1e-7, 1e16, -0.5, 1 / 3, 123456789.125]
    texts = pl.DataFrame({"x": numbers}).select(exact_text(pl.col("x")))["x"].to_list()
    assert [float(text) for text in texts] == numbers
    assert texts[1] == "38"


def test_pilot_trial_is_accounted_for_to_the_last_record(pilot_data: Path):
    output = run(pilot_data, study="PILOT")
    assert "DM 306 records: 306 stored, 0 refused" in output
    assert "EX 591 records: 591 stored, 0 refused" in output
    assert counts(output) == (59580, 59580, 0, 0)
    assert Result.objects.count() == 59580
    assert Result.objects.filter(value=None).count() == 880 - 6
