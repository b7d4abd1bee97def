"""Autoantibodies (IS) and cell phenotyping (CP) beside or instead of LB."""

from decimal import Decimal

import polars as pl
import pytest
from django.core.management import CommandError, call_command

from labs.models import Analyte, Laboratory, Result, Transfer, TransferRow
from tests.labs.imports.sdtm_folder import dm, ex, lb, write_folder
from tests.labs.imports.test_sdtm import counts, run

pytestmark = [pytest.mark.django_db]


def antibody(sequence, antigen, **changes):
    return {
        "USUBJID": "S-1",
        "ISSEQ": float(sequence),
        "ISTESTCD": "ATAB",
        "ISTEST": "Autoantibody",
        "ISBDAGNT": antigen,
        "ISORRES": "128",
        "ISORRESU": "U/mL",
        "ISSTRESC": "128",
        "ISSTRESN": 128.0,
        "ISSTRESU": "U/mL",
        "ISSPEC": "SERUM",
        "ISLLOQ": 8.0,
        "ISDTC": "2014-01-02",
        "VISITNUM": 1.0,
        "VISIT": "BASELINE",
        **changes,
    }


def cells(sequence, marker, code="BLYCE", **changes):
    return {
        "USUBJID": "S-1",
        "CPSEQ": float(sequence),
        "CPTESTCD": code,
        "CPTEST": "B-Lymphocytes",
        "CPMRKSTR": marker,
        "CPCAT": "IMMUNOPHENOTYPING",
        "CPORRES": "212",
        "CPORRESU": "10^6/L",
        "CPSTRESC": "212",
        "CPSTRESN": 212.0,
        "CPSTRESU": "10^6/L",
        "CPDTC": "2014-01-02T08:15",
        "VISITNUM": 1.0,
        "VISIT": "BASELINE",
        **changes,
    }


def stored(**filters):
    return Result.objects.filter(**filters).select_related("analyte").order_by("source_sequence")


def test_each_antigen_is_an_analyte_and_a_titer_an_exact_step(tmp_path):
    titer = {"ISORRESU": "titer", "ISSTRESU": "titer", "ISSTRESC": "640", "ISSTRESN": 640.0, "ISLLOQ": 40.0}
    rows = [
        antibody(1, "TOPOISOMERASE I"),
        antibody(2, "CENTROMERE", ISORRES="<8", ISSTRESC="<8", ISSTRESN=None),
        antibody(3, "NUCLEAR AUTOANTIGENS", **{**titer, "ISORRES": "1:640"}),
        antibody(
            4,
            "NUCLEAR AUTOANTIGENS",
            **{**titer, "ISORRES": "<1:40", "ISSTRESC": "<40", "ISSTRESN": None},
            ISDTC="2014-02-03",
        ),
        antibody(5, "RNA POLYMERASE III", ISORRES="BLQ", ISSTRESC="BLQ", ISSTRESN=None),
        antibody(6, "RNA POLYMERASE III", ISORRES="", ISSTRESC="", ISSTRESN=None, ISSTAT="NOT DONE", VISITNUM=2.0),
    ]
    told = run(write_folder(tmp_path / "d", **{"is": rows}, lb=None))
    assert "IS 6 records: 6 stored, 0 duplicates, 0 refused" in told
    found = [(r.analyte.code, r.analyte.kind, r.qualifier, r.value, r.received_text) for r in stored()]
    assert found == [
        ("ATAB:TOPOISOMERASE I", "quantity", "=", Decimal(128), "128"),
        ("ATAB:CENTROMERE", "quantity", "<", Decimal(8), "<8"),
        ("ATAB:NUCLEAR AUTOANTIGENS", "titer", "=", Decimal(640), "1:640"),
        ("ATAB:NUCLEAR AUTOANTIGENS", "titer", "<", Decimal(40), "<1:40"),
        ("ATAB:RNA POLYMERASE III", "quantity", "<", Decimal(8), "BLQ"),
        ("ATAB:RNA POLYMERASE III", "quantity", "=", None, ""),
    ]
    assert set(Analyte.objects.values_list("sdtm_test_code", flat=True)) == {"ATAB"}


def test_the_same_test_code_with_another_marker_is_another_cell(tmp_path):
    markers = ["CD45+CD3-CD19+CD14-CD56-", "CD45+CD3-CD20+", "CD45+CD3-CD19+CD14-CD56-CD27-IgD+CD38lowCD24low"]
    rows = [cells(n, marker) for n, marker in enumerate(markers, 1)]
    told = run(write_folder(tmp_path / "d", cp=rows))
    assert counts(told) == (1, 1, 0, 0)
    assert "CP 3 records: 3 stored, 0 duplicates, 0 refused" in told
    codes = [r.analyte.code for r in stored(analyte__sdtm_test_code="BLYCE")]
    assert len(set(codes)) == 3
    assert max(map(len, codes)) == 40
    assert codes[0] == "BLYCE:CD45+CD3-CD19+CD14-CD56-"


def test_domains_number_their_records_apart_and_again_changes_nothing(tmp_path):
    folder = write_folder(tmp_path / "d", cp=[cells(1, "CD19+")], **{"is": [antibody(1, "TOPOISOMERASE I")]})
    run(folder)
    assert sorted(Laboratory.objects.values_list("code", flat=True)) == ["SDTM-CP-X-1", "SDTM-IS-X-1", "SDTM-X-1"]
    assert Result.objects.count() == 3
    again = run(folder)
    assert again.count("unchanged") >= 3
    assert (Result.objects.count(), Transfer.objects.count()) == (3, 3)
    changed = write_folder(tmp_path / "e", cp=[cells(1, "CD19+", CPORRES="9", CPSTRESC="9", CPSTRESN=9.0)])
    assert "CP 1 records: 1 stored (1 corrections)" in run(changed)


@pytest.mark.parametrize(
    ("changes", "column", "rule"),
    [
        ({"USUBJID": "S-9"}, "USUBJID", "unknown-subject"),
        ({"ISTESTCD": ""}, "ISTESTCD", "missing-test"),
        ({"ISDTC": "2014-02-30"}, "ISDTC", "impossible-date"),
        ({"ISSEQ": 1.0, "ISDTC": "2014-03-03"}, "ISSEQ", "duplicate-sequence"),
        ({"ISSTRESU": "x" * 41}, "ISSTRESU", "too-long"),
    ],
)
def test_a_refused_record_names_the_variable_of_its_own_domain(tmp_path, changes, column, rule):
    rows = [antibody(1, "TOPOISOMERASE I"), antibody(2, "TOPOISOMERASE I", VISITNUM=3.0, **changes)]
    told = run(write_folder(tmp_path / "d", **{"is": rows}))
    assert "IS 2 records: 1 stored, 0 duplicates, 1 refused" in told
    refused = TransferRow.objects.get()
    assert (refused.line, refused.column, refused.rule) == (2, column, rule)


def test_without_any_results_nothing_is_stored(tmp_path):
    with pytest.raises(CommandError, match=r"no lb\.xpt.* and no is\.xpt.* and no cp\.xpt.*\[dataset-missing\]"):
        run(write_folder(tmp_path / "d", lb=None))
    assert not Laboratory.objects.exists()


def test_the_statistician_finds_them_in_the_export(tmp_path):
    run(
        write_folder(
            tmp_path / "d", dm=[dm()], ex=[ex()], **{"is": [antibody(1, "TOPOISOMERASE I")]}, cp=[cells(1, "CD19+")]
        )
    )
    target = tmp_path / "o.parquet"
    call_command("export_observations", "X-1", "--baseline", "last-on-or-before-first-dose", "--to", target)
    rows = pl.read_parquet(target).sort("PARAMCD")
    assert rows["PARAMCD"].to_list() == [lb()["LBTESTCD"], "ATAB", "BLYCE"]
    assert rows["analyte"].to_list()[1:] == ["ATAB:TOPOISOMERASE I", "BLYCE:CD19+"]
