"""The trial of the desk tests, with a laboratory that measures antibodies."""

from datetime import date
from decimal import Decimal

import pytest

from labs.models import Analyte, AssayVersion, Laboratory
from tests.cart.admin.conftest import coordinator, superuser, trial

__all__ = ["coordinator", "superuser", "trial"]


@pytest.fixture
def laboratory(trial):
    return Laboratory.objects.create(code="CENTRAL", name="Central laboratory")


@pytest.fixture
def ata(laboratory):
    analyte = Analyte.objects.create(code="ATA", name="Anti-topo I", unit="CU")
    AssayVersion.objects.create(
        laboratory=laboratory,
        analyte=analyte,
        kit="Kit A",
        unit="CU",
        lloq=Decimal(10),
        cutoff=Decimal(20),
        valid_from=date(2024, 1, 1),
    )
    return analyte
