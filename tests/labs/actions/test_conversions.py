"""Factors proposed, previewed, approved by a second person; the one before closes by itself; nothing is overwritten."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from labs.actions.conversions import approve_conversion, preview_conversion, propose_conversion, reject_conversion
from labs.models import Analyte, AnalyteCode, AssayVersion, BridgingFactor, ConversionFactor, Laboratory, Result
from tests.cart.records import make_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row
from trialsite.audit.context import acting
from trialsite.audit.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


def assay(laboratory, analyte, kit, unit, *, lloq=None):
    return AssayVersion.objects.create(
        laboratory=laboratory, analyte=analyte, kit=kit, unit=unit, lloq=lloq, valid_from=dt.date(2020, 1, 1)
    )


@pytest.fixture
def trial(tmp_path):
    """Creatinine in mg/dL, three results; one subject."""
    trial = make_trial("S-1")
    make_subject(trial)
    laboratory = make_laboratory("LAB")
    creatinine = Analyte.objects.create(code="CREA", name="Creatinine", unit="umol/L", standard_unit="umol/L")
    AnalyteCode.objects.create(laboratory=laboratory, code="CREA", analyte=creatinine)
    assay(laboratory, creatinine, "Jaffe", "mg/dL")
    rows = [
        row("KUL-001", f"A{n}", f"2024-03-{n + 10}", "CREA", text, unit="mg/dL", visit=f"V{n}")
        for n, text in enumerate(["1", "<0.5", "2"])
    ]
    assert import_rows(trial.study, laboratory, tmp_path, "a.csv", *rows).accepted
    return trial


def proposed(*, since="2024-01-01", actor="ann", **changes):
    fields = {
        "analyte": Analyte.objects.get(code="CREA"),
        "from_unit": "mg/dL",
        "molar_mass": Decimal("113.12"),
        "source": "PubChem CID 588",
        "valid_from": dt.date.fromisoformat(since),
        **changes,
    }
    return propose_conversion(ConversionFactor(**fields), actor=actor, reason="SI units")


def approve(one, *, actor="bob"):
    return approve_conversion(one, digest=preview_conversion(one).digest, actor=actor, reason="checked")


def shown(one):
    changed = preview_conversion(one).changed
    return {r["result"]: (r["value_before"], r["value_after"]) for r in changed.to_dicts()}


def test_a_factor_is_computed_by_the_molar_mass(trial):
    one = proposed()
    assert (one.label, round(one.factor, 4), one.to_unit) == (f"F{one.pk}", Decimal("88.4017"), "umol/L")
    one.refresh_from_db()
    assert one.factor == Decimal("88.401697312588401697")


def test_a_preview_names_every_value_with_its_qualifier(trial):
    one = proposed(factor=Decimal("88.4"))
    assert shown(one) == {"1": ("", "88.4"), "<0.5": ("", "<44.2"), "2": ("", "176.8")}
    preview = preview_conversion(one)
    assert preview.counts == [("get a standard value", 3)]
    first = preview.changed.row(0, named=True)
    assert (first["subject"], first["visit"], first["collected"], first["std_unit"]) == (
        "KUL-001",
        "V0",
        "2024-03-10",
        "umol/L",
    )


def test_approval_closes_the_one_before_and_records_what_was_shown(trial):
    first = approve(proposed(factor=Decimal("88.4")))
    second = proposed(factor=Decimal("88.42"), since="2024-03-11")
    # The sample of the day before keeps its factor.
    assert shown(second) == {"<0.5": ("<44.2", "<44.21"), "2": ("176.8", "176.84")}
    assert preview_conversion(second).counts == [("get another standard value", 2)]
    approve(second)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.valid_to, first.state) == (dt.date(2024, 3, 10), "approved")
    assert (second.state, second.decided_by, second.changes_shown, second.valid_to) == ("approved", "bob", 2, None)
    assert AuditEvent.objects.filter(table_name="labs_conversionfactor", row_id=str(second.pk)).count() == 2


def test_a_correction_supersedes_and_an_earlier_one_ends_where_the_next_begins(trial):
    first = approve(proposed(factor=Decimal("88.4")))
    approve(proposed())
    first.refresh_from_db()
    assert first.state == "superseded"
    assert approve(proposed(since="2020-01-01")).valid_to == dt.date(2023, 12, 31)


def test_nothing_stored_is_overwritten(trial):
    before = list(Result.objects.values())
    approve(proposed())
    assert list(Result.objects.values()) == before
    with acting(actor="x", reason="x"), pytest.raises(Exception, match=r"\[append-only\]"), transaction.atomic():
        ConversionFactor.objects.update(factor=Decimal(1))


def test_two_people_decide_by_any_path(trial):
    one = proposed()
    with pytest.raises(ValidationError, match=r"\[factor-two-people\]"):
        approve(one, actor="ann")
    now = dt.datetime.now(dt.UTC)
    with (
        acting(actor="x", reason="x"),
        pytest.raises(IntegrityError, match="conversionfactor_approved_by_another"),
        transaction.atomic(),
    ):
        ConversionFactor.objects.update(state="approved", decided_by="ann", decided_at=now)
    approve(one)
    other = proposed(since="2024-03-11")
    with (
        acting(actor="x", reason="x"),
        pytest.raises(IntegrityError, match="factor_one_in_force"),
        transaction.atomic(),
    ):
        ConversionFactor.objects.filter(pk=other.pk).update(state="approved", decided_by="bob", decided_at=now)


def test_results_that_moved_since_the_preview_want_another_look(trial, tmp_path):
    one = proposed()
    digest = preview_conversion(one).digest
    line = row("KUL-001", "B1", "2024-04-01", "CREA", "9", unit="mg/dL")
    import_rows(trial.study, Laboratory.objects.get(), tmp_path, "b.csv", line)
    with pytest.raises(ValidationError, match=r"\[factor-results-moved\]"):
        approve_conversion(one, digest=digest, actor="bob", reason="checked")
    assert approve(one).state == "approved"
    with pytest.raises(ValidationError, match=r"\[factor-decided\]"):
        reject_conversion(one, actor="bob", reason="late")


def test_a_rejected_factor_serves_nobody(trial):
    one = reject_conversion(proposed(), actor="bob", reason="no source")
    assert (one.state, one.decided_by) == ("rejected", "bob")
    with pytest.raises(ValidationError, match=r"\[factor-decided\]"):
        approve(one)
    assert shown(proposed())["1"] == ("", "88.4016973125884")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"molar_mass": None}, "molar-mass-missing"),
        ({"molar_mass": Decimal(0)}, "molar-mass-missing"),
        ({"factor": Decimal(100)}, "factor-disagrees"),
        ({"factor": Decimal("NaN")}, "factor-disagrees"),
        ({"from_unit": "[IU]/mL"}, "not-commensurable"),
        ({"from_unit": "µmol/L"}, "unit-not-ucum"),
        ({"from_unit": ""}, "unit-not-ucum"),
        ({"from_unit": "umol/L", "molar_mass": None}, "factor-same-unit"),
        ({"from_unit": "(" * 10_000}, "unit-not-ucum"),
    ],
)
def test_impossible_factors_are_refused_with_a_sentence(trial, changes, code):
    with pytest.raises(ValidationError, match=rf"\[{code}\]"):
        proposed(**changes)
    assert not ConversionFactor.objects.exists()


def test_a_unit_in_a_laboratory_s_own_spelling_is_told_in_ucum(trial):
    one = proposed(from_unit="mg per dl", from_ucum="mg/dL", factor=Decimal("88.4"))
    assert (one.from_unit, one.ucum) == ("mg per dl", "mg/dL")
    assert shown(one) == {}


def test_the_standard_unit_is_ucum_and_stays_once_a_factor_leads_to_it(trial):
    one = proposed()
    analyte = Analyte.objects.get(code="CREA")
    analyte.standard_unit = "µmol/L"
    with pytest.raises(ValidationError, match=r"\[unit-not-ucum\]"):
        analyte.full_clean()
    analyte.standard_unit = "mmol/L"
    analyte.full_clean()
    analyte.save()
    with pytest.raises(ValidationError, match=r"\[standard-unit-missing\]"):
        approve(one)
    analyte.standard_unit = "umol/L"
    analyte.save()
    approve(one)
    analyte.standard_unit = "mmol/L"
    with pytest.raises(ValidationError, match=r"\[standard-unit-in-use\]"):
        analyte.full_clean()


@pytest.mark.parametrize(("kind", "unit"), [("titer", "g/L"), ("text", "g/L"), ("quantity", "{titer}")])
def test_the_standard_unit_is_one_of_its_kind(kind, unit):
    with pytest.raises(ValidationError, match=r"\[standard-unit-kind\]"):
        Analyte(code="X", name="X", kind=kind, standard_unit=unit).full_clean(exclude=["id"])


def test_an_analyte_without_standard_unit_has_no_factors(trial):
    with pytest.raises(ValidationError, match=r"\[standard-unit-missing\]"):
        proposed(analyte=Analyte.objects.get(code="ATA"))


@pytest.fixture
def kits(trial, tmp_path):
    """Anti-topoisomerase of two laboratories: the old kit in {U}, the reference one in CU."""
    analyte = Analyte.objects.get(code="ATA")
    Analyte.objects.filter(pk=analyte.pk).update(standard_unit="{CU}")
    other = Laboratory.objects.create(
        code="OLD", name="Old", time_zone="UTC", layout=Laboratory.objects.get(code="LAB").layout
    )
    AnalyteCode.objects.create(laboratory=other, code="SCL70", analyte=analyte)
    old = assay(other, analyte, "Old kit", "{U}", lloq=Decimal(5))
    rows = [
        row("KUL-001", f"C{n}", "2024-03-10", "SCL70", text, unit="{U}") for n, text in enumerate(["25", "<5", "0"])
    ]
    assert import_rows(trial.study, other, tmp_path, "c.csv", *rows).accepted
    new = assay(Laboratory.objects.create(code="NEW", name="New"), analyte, "Reference", "{CU}")
    return old, new


def bridge(kits, **changes):
    fields = {
        "from_assay": kits[0],
        "to_assay": kits[1],
        "method": "log-linear",
        "slope": Decimal("0.5"),
        "intercept": Decimal(1),
        "samples": 40,
        "source": "comparison of 2023, table 2",
        "valid_from": dt.date(2020, 1, 1),
        **changes,
    }
    return propose_conversion(BridgingFactor(**fields), actor="ann", reason="change of kit")


def test_a_bridging_factor_gives_values_of_the_other_kit(kits):
    one = bridge(kits)
    assert (one.from_unit, one.to_unit, one.label) == ("{U}", "{CU}", f"B{one.pk}")
    # 10^(1 + 0.5 log10 25) = 50; a measured 0 has no logarithm, and had no standard value before either.
    assert shown(one) == {"25": ("", "50.0"), "<5": ("", "<22.360679775")}
    approve(one)
    correction = bridge(kits, method="ratio", slope=Decimal("1.6"), intercept=None)
    assert shown(correction) == {"25": ("50.0", "40.0"), "<5": ("<22.360679775", "<8.0"), "0": ("", "0.0")}
    assert preview_conversion(correction).results == 3
    approve(correction)
    one.refresh_from_db()
    assert one.state == "superseded"


def test_a_bridge_that_takes_a_value_away_says_why(kits):
    approve(bridge(kits, method="ratio", slope=Decimal("1.6"), intercept=None))
    logs = preview_conversion(bridge(kits))
    lost = logs.changed.filter(pl.col("value_after") == "").row(0, named=True)
    assert (lost["result"], lost["value_before"]) == ("0", "0.0")
    assert lost["why"] == "no logarithm: the value to bridge is not above zero"
    assert logs.counts == [("get another standard value", 2), ("lose their standard value", 1)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": "ratio"}, "bridge-numbers"),
        ({"intercept": None}, "bridge-numbers"),
        ({"slope": Decimal(0)}, "bridge-numbers"),
        ({"slope": Decimal(11)}, "bridge-numbers"),
        ({"intercept": Decimal(21)}, "bridge-numbers"),
        ({"samples": 1}, "bridge-samples"),
    ],
)
def test_impossible_bridges_are_refused(kits, changes, code):
    with pytest.raises(ValidationError, match=rf"\[{code}\]"):
        bridge(kits, **changes)


def test_a_bridge_joins_two_kits_of_one_analyte_and_is_crossed_once(kits):
    with pytest.raises(ValidationError, match=r"\[bridge-kits\]"):
        bridge(kits, to_assay=kits[0])
    with pytest.raises(ValidationError, match=r"\[bridge-analyte\]"):
        bridge(kits, to_assay=AssayVersion.objects.get(analyte__code="CD19_ABS"))
    waiting = bridge((kits[1], kits[0]))
    approve(bridge(kits))
    with pytest.raises(ValidationError, match=r"\[bridge-chain\]"):
        bridge((kits[1], kits[0]))
    # Also where it was proposed before the other one was approved.
    with pytest.raises(ValidationError, match=r"\[bridge-chain\]"):
        approve(waiting)
    waiting.refresh_from_db()
    assert waiting.state == "proposed"


def test_the_export_gives_standard_values_beside_the_others(kits, tmp_path):
    factor, bridging = approve(proposed(factor=Decimal("88.4"))), approve(bridge(kits))
    call_command("export_observations", "S-1", "--baseline", "last-before-first-dose", "--to", tmp_path / "o.parquet")
    rows = pl.read_parquet(tmp_path / "o.parquet").sort("analyte", "collected_on", "result_id")
    columns = ["received_text", "AVALU", "value", "std_value", "std_low", "std_high", "std_unit", "std_factor"]
    assert rows.filter(pl.col("analyte") == "CREA").select(columns).rows() == [
        ("1", "mg/dL", 1.0, 88.4, 88.4, 88.4, "umol/L", factor.label),
        ("<0.5", "mg/dL", 0.5, 44.2, 0.0, 44.2, "umol/L", factor.label),
        ("2", "mg/dL", 2.0, 176.8, 176.8, 176.8, "umol/L", factor.label),
    ]
    assert rows.filter(pl.col("analyte") == "ATA").select("std_value", "std_factor", "std_reason").rows() == [
        (50.0, bridging.label, ""),
        (22.360679775, bridging.label, ""),
        (None, "", "no logarithm: the value to bridge is not above zero"),
    ]


def test_the_command_prints_the_totals_and_writes_the_list(kits, tmp_path, capsys):
    one = proposed(factor=Decimal("88.4"))
    call_command("preview_factor", one.label, "--to", tmp_path / "list.csv")
    told = capsys.readouterr().out
    assert f"{one.label} CREA: 1 mg/dL = 88.4 umol/L from 2024-01-01 (proposed)" in told
    assert "3 of 3 results would have another standard value" in told
    assert "  get a standard value: 3" in told
    assert len((tmp_path / "list.csv").read_text().splitlines()) == 4
    call_command("preview_factor", bridge(kits).label.lower())
    assert "2 of 3 results" in capsys.readouterr().out
    for wrong in ("F0", "12", "", "F", "B99999999999999999999", "F١", "F-1"):
        with pytest.raises(CommandError, match=r"\[unknown-factor\]"):
            call_command("preview_factor", wrong)
