"""Blood counts of the nine invented subjects: what the hospitals' own laboratories would send. PURE."""

import datetime as dt
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from labs.management.demo.course import PLANS, SEED
from labs.management.demo.files import write_rows

FILE = "hospital-counts-1.csv"
# Before conditioning, every day in hospital, then as the subjects come.
DAYS = (-7, *range(15), 16, 18, 21, 24, 28, 30, 45, 60, 91)
# By the number of the plan: the lowest count, 10*9/L, of those whose marrow suffers more than the others'.
DEEP: Mapping[int, float] = {8: 0.06, 3: 0.38}
LOWEST_DAY, NADIR = 7, 0.9

# Laboratory's code -> analyte, kit, unit, LLOQ, cut-off.
KITS: Mapping[str, tuple[str, str, str, str, str]] = {
    "NEUT": ("ANC", "Cell counter", "10*9/L", "0.02", ""),
    "PLAT": ("PLT", "Cell counter", "10*9/L", "2", ""),
    "HB": ("HGB", "Cell counter", "g/dL", "1", ""),
    "FERR": ("FERRITIN", "Immunoassay", "ug/L", "5", ""),
}


def dip(day: int, *, start: float, lowest: float, width: float) -> float:
    """A count that falls to its lowest on day 7 and returns: conditioning and the cells' own effect together."""
    depth = math.exp(-((day - LOWEST_DAY) ** 2) / (2 * width**2))
    return start * (lowest / start) ** depth


def results_of(number: int) -> list[tuple[int, str, str]]:
    """Day, test and result of one subject in the order of collection."""
    chance = random.Random(SEED + 200 + number)
    lowest = DEEP.get(number, NADIR * chance.uniform(0.9, 1.6))
    start, platelets, hemoglobin = chance.uniform(3.4, 6.0), chance.uniform(190, 290), chance.uniform(10.2, 13.5)
    rows = []
    for day in DAYS:
        noise = math.exp(chance.gauss(0, 0.04))
        neutrophils = dip(day, start=start, lowest=lowest, width=5 if number in DEEP else 4) * noise
        plates = dip(day, start=platelets, lowest=42 if number == 8 else platelets * 0.5, width=5) * noise
        hb = dip(day, start=hemoglobin, lowest=hemoglobin * 0.8, width=9) * math.exp(chance.gauss(0, 0.015))
        rows += [(day, "NEUT", f"{neutrophils:.2f}"), (day, "PLAT", f"{plates:.0f}"), (day, "HB", f"{hb:.1f}")]
        if day in (-7, 3, 7, 14, 28):
            peak = {-7: 1, 3: 4, 7: 6, 14: 2, 28: 1.2}[day] * (2 if number in DEEP else 1)
            rows.append((day, "FERR", f"{chance.uniform(90, 260) * peak:.0f}"))
    return rows


def write_counts(folder: Path, codes: Sequence[str]) -> Path:
    """Write the file, subject after subject in the order of ``PLANS``."""
    rows = []
    for number, plan in enumerate(PLANS):
        for day, test, result in results_of(number):
            on = plan.infusion_on + dt.timedelta(days=day)
            material = "Serum" if test == "FERR" else "EDTA blood"
            accession = f"H{number + 1:02d}{day + 100:04d}"
            unit = KITS[test][2]
            rows.append(
                (
                    codes[number],
                    accession,
                    material,
                    f"{on.isoformat()}T06:{10 + number}",
                    "",
                    test,
                    result,
                    unit,
                    "",
                    "",
                )
            )
    return write_rows(folder / FILE, rows)
