"""Server time of the subject's page with 5,000 results, beside its goal.

``python -m bench.subject_page``: 250 specimens with 20 analytes each, of which the page draws six.
"""

import argparse
import os
import statistics
from datetime import timedelta
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")

import tests.services  # noqa: F401 - starts the private servers before Django reads its settings

django.setup()

from django.test import Client

from bench.measure import bench_database, processor_seconds, seconds
from cart.models import Role, Subject
from labs.models import Analyte, AssayVersion, Laboratory, ReferenceRange, Result, Specimen
from labs.models.result import result_key
from labs.models.specimen import SPECIMEN_BITS
from tests.cart.admin.pages import change_page, member
from tests.cart.records import DAY_ZERO, make_infused_subject, make_trial
from trialsite.audit.context import acting

DRAWN = {"ATA": "CU", "ARA": "U", "CD19_ABS": "{cells}/uL", "CAR_CD19": "{copies}/ug", "CAR_BCMA": "{copies}/ug"}
SPECIMENS, ANALYTES = 250, 20
GOAL_SECONDS = 0.3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=9)
    options = parser.parse_args()
    with bench_database(), acting(actor="bench", reason="measurement"):
        client, subject = make_page()
        measured = [seconds(lambda: _open(client, subject)) for _ in range(options.turns + 1)][1:]
        processor = [processor_seconds(lambda: _open(client, subject)) for _ in range(options.turns)]
    print(
        f"subject page with {SPECIMENS * ANALYTES:,} results: {statistics.median(measured):.3f} s "
        f"({min(measured):.3f}-{max(measured):.3f}), goal < {GOAL_SECONDS} s, "
        f"processor {statistics.median(processor):.3f} s ({min(processor):.3f}-{max(processor):.3f}), "
        f"load {os.getloadavg()[0]:.1f}"
    )


def make_page() -> tuple[Client, Subject]:
    """A coordinator, and an infused subject with its results."""
    trial = make_trial()
    subject = make_infused_subject(trial)
    laboratory = Laboratory.objects.create(code="CENTRAL", name="Central laboratory")
    units = {**DRAWN, "IGG": "g/L", **{f"T{number:02d}": "1" for number in range(ANALYTES - len(DRAWN) - 1)}}
    analytes = [Analyte.objects.create(code=code, name=code, unit=unit) for code, unit in units.items()]
    kits = [
        AssayVersion.objects.create(
            laboratory=laboratory, analyte=one, kit="Kit", unit=one.unit, lloq=Decimal(2), valid_from="2024-01-01"
        )
        for one in analytes
    ]
    ReferenceRange.objects.create(
        laboratory=laboratory, analyte=analytes[5], low=7, high=16, unit="g/L", source="bench", valid_from="2024-01-01",
        state="approved", proposed_by="one", decided_by="two", decided_at=DAY_ZERO,
    )  # fmt: skip
    specimens = [_specimen(subject, laboratory, number) for number in range(1, SPECIMENS + 1)]
    Specimen.objects.bulk_create(specimens)
    Result.objects.bulk_create(_result(one, kit) for one in specimens for kit in kits)
    return member(trial, Role.COORDINATOR, name="bench"), subject


def _specimen(subject: Subject, laboratory: Laboratory, number: int) -> Specimen:
    collected = (DAY_ZERO + timedelta(days=2 * number - 20)).date().isoformat()
    return Specimen(
        id=(subject.pk << SPECIMEN_BITS) | number, subject=subject, study_id=subject.study_id, number=number,
        laboratory=laboratory, accession=f"B-{number}", collected=collected,
    )  # fmt: skip


def _result(specimen: Specimen, kit: AssayVersion) -> Result:
    # A course that falls below the limit and comes back.
    value = Decimal(max(2, abs(specimen.number - 100)))
    below = value == 2
    return Result(
        id=result_key(specimen_id=specimen.pk, analyte_id=kit.analyte_id, version=1), specimen=specimen,
        analyte_id=kit.analyte_id, assay=kit, unit=kit.unit, value=value, qualifier="<" if below else "=",
        received_text=f"<{value}" if below else str(value),
    )  # fmt: skip


def _open(client: Client, subject: Subject) -> None:
    # No test environment: its renderer copies every context.
    answer = client.get(change_page(subject), SERVER_NAME="localhost")
    if answer.status_code != 200:
        raise SystemExit(f"void: {answer.status_code}")


if __name__ == "__main__":
    main()
