"""``make bench``: every measurement at its reduced size."""

import subprocess
import sys

MODULES = [
    ["bench.ingest", "--rows", "1000000"],
    ["bench.one_subject"],
    ["bench.commit_to_screen"],
    ["bench.endpoints"],
    ["bench.adlb"],
    ["bench.lookups"],
    ["bench.bad_rows"],
    ["bench.retransfer"],
    ["bench.xpt"],
    ["bench.fhir"],
    ["bench.partitions"],
]

for module in MODULES:
    subprocess.run([sys.executable, "-m", *module], check=True)
