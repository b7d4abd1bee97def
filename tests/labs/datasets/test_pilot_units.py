"""Standard values of the public pilot trial against what its laboratory sent in conventional units.

The pilot gives each result twice: as received (LBORRES, such as mg/dL) and in SI units (LBSTRESN), which is what is
stored. Converted back by UCUM and a molar mass it must be what was received. Skipped where the data are not at hand.
"""

import datetime as dt
from decimal import Decimal
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from django.core.management import call_command

from labs.actions.conversions import approve_conversion, preview_conversion, propose_conversion
from labs.models import Analyte, ConversionFactor
from trialsite.audit.context import acting

pytestmark = pytest.mark.usefixtures("as_tester")
# Analyte, SI unit, conventional unit, molar mass in g/mol (PubChem), results with a number.
SENT = [
    ("GLUC", "mmol/L", "mg/dL", "180.156", 1_810),
    ("CREAT", "umol/L", "mg/dL", "113.12", 1_828),
    ("CHOL", "mmol/L", "mg/dL", "386.65", 1_828),
    ("URATE", "umol/L", "mg/dL", "168.11", 1_828),
    ("ALB", "g/L", "g/dL", None, 1_814),
]


PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "keep-conversion-factors.md"


def approved(code, unit, wanted, molar_mass, folder):
    analyte = Analyte.objects.get(code=code)
    analyte.standard_unit = wanted
    with acting(actor="ann", reason="conventional units"):
        analyte.full_clean()
        analyte.save()
    one = ConversionFactor(
        analyte=analyte,
        from_unit=unit,
        molar_mass=Decimal(molar_mass) if molar_mass else None,
        source="PubChem" if molar_mass else "UCUM",
        valid_from=dt.date(2000, 1, 1),
    )
    propose_conversion(one, actor="ann", reason="conventional units")
    out = StringIO()
    call_command("preview_factor", one.label, "--to", folder / "changes.csv", stdout=out)
    preview = preview_conversion(one)
    approve_conversion(one, digest=preview.digest, actor="bob", reason="checked")
    return preview, out.getvalue().splitlines()


def test_values_converted_back_are_those_that_were_received(pilot_data, fresh_database, tmp_path):
    call_command("import_sdtm", str(pilot_data), study="P")
    for code, unit, wanted, molar_mass, numbers in SENT:
        preview, told = approved(code, unit, wanted, molar_mass, tmp_path)
        assert preview.counts == [("get a standard value", numbers)]
        if code == "GLUC":
            listed = (tmp_path / "changes.csv").read_text().splitlines()
            page = PAGE.read_text()
            assert all(f"\n{line}\n" in page for line in [*told[:3], *listed[:3]]), (told, listed[:3])
    call_command("export_observations", "P", "--baseline", "flagged-in-source", "--to", tmp_path / "o.parquet")
    rows = pl.read_parquet(tmp_path / "o.parquet")
    for code, _, wanted, molar_mass, numbers in SENT:
        found = rows.filter((pl.col("analyte") == code) & pl.col("std_value").is_not_null())
        assert found.height == numbers
        assert set(found["received_unit"]) == set(found["std_unit"]) == {wanted}
        off = (found["std_value"] / found["received_text"].str.strip_chars_start("<").cast(pl.Float64) - 1).abs().max()
        # The pilot's own factors are rounded (88.4 for creatinine); without a molar mass nothing is.
        assert off < 0.0005 if molar_mass else off == 0
    others = rows.filter(~pl.col("analyte").is_in([code for code, *_ in SENT]))
    reasons = set(others["std_reason"])
    assert reasons == {"the analyte has no standard unit", "no number"}
    assert others["std_value"].null_count() == others.height > 50_000
