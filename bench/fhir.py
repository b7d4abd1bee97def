"""Import of FHIR resources: seconds and peak memory of the command, at a fifth and at the whole of the results.

``python -m bench.fhir --results 100000``; a Bundle with ten Observations to a specimen, Specimens and Patients at its
end.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# First: it starts the private servers before Django reads its settings.
from bench.ingest import make_records
from bench.make_csv import RESULTS_PER_SUBJECT, TESTS
from bench.measure import bench_database
from cart.models import Study
from labs.models import Laboratory, Result
from tests.databases import Database
from trialsite.audit.context import acting

PER_SPECIMEN = 10
SUBJECTS, CODES = "urn:trial:subjects", "urn:lab:codes"
LAYOUT = {"format": "fhir-r4", "subject": SUBJECTS, "codes": [CODES], "accession": ["Specimen.accessionIdentifier"]}
_OBSERVATION = (
    '{{"fullUrl":"https://lab.example/fhir/Observation/{n}","resource":{{"resourceType":"Observation","id":"{n}",'
    '"status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category",'
    '"code":"laboratory"}}]}}],"code":{{"coding":[{{"system":"urn:lab:codes","code":"T{test:02d}",'
    '"display":"Test {test}"}}],"text":"Test {test}"}},'
    '"subject":{{"reference":"Patient/{subject}"}},"issued":"2024-01-02T10:00:00+01:00",'
    '"performer":[{{"reference":"Organization/1","display":"Laboratory"}}],"specimen":{{"reference":"Specimen/{tube}"}},'
    '"valueQuantity":{{"value":{value},"unit":"g/l","system":"http://unitsofmeasure.org","code":"g/L"}},'
    '"interpretation":[{{"coding":[{{"code":"N"}}]}}],"referenceRange":[{{"low":{{"value":1.0,"code":"g/L"}},'
    '"high":{{"value":900.0,"code":"g/L"}}}}]}}}}'
)
_SPECIMEN = (
    '{{"fullUrl":"https://lab.example/fhir/Specimen/{tube}","resource":{{"resourceType":"Specimen","id":"{tube}",'
    '"accessionIdentifier":{{"value":"A{tube}"}},"type":{{"text":"SERUM"}},"subject":{{"reference":"Patient/{subject}"}},'
    '"collection":{{"collectedDateTime":"2024-{month:02d}-{day:02d}T08:30:00+01:00"}}}}}}'
)
_PATIENT = (
    '{{"fullUrl":"https://lab.example/fhir/Patient/{subject}","resource":{{"resourceType":"Patient","id":"{subject}",'
    '"identifier":[{{"system":"urn:trial:subjects","value":"S{subject:06d}"}}]}}}}'
)


def write_bundle(path: Path, results: int) -> None:
    """Observations first: nothing they refer to is known when they come."""
    tubes = -(-results // PER_SPECIMEN)
    tubes_per_subject = RESULTS_PER_SUBJECT // PER_SPECIMEN
    with path.open("w", encoding="utf-8") as file:
        file.write('{"resourceType":"Bundle","type":"collection","entry":[\n')
        for n in range(results):
            tube, test = divmod(n, PER_SPECIMEN)
            subject = tube // tubes_per_subject
            file.write(
                _OBSERVATION.format(n=n, tube=tube, subject=subject, test=test % TESTS, value=f"{n % 900 + 1}.50")
                + ",\n"
            )
        for tube in range(tubes):
            month, day = tube % 12 + 1, tube // 12 % 28 + 1
            subject = tube // tubes_per_subject
            file.write(_SPECIMEN.format(tube=tube, subject=subject, month=month, day=day) + ",\n")
        people = range((tubes - 1) // tubes_per_subject + 1)
        file.write(",\n".join(_PATIENT.format(subject=subject) for subject in people))
        file.write("\n]}\n")


def import_in_a_process(
    database: Database, study: Study, laboratory: Laboratory, path: Path, results: int
) -> tuple[float, float]:
    """Seconds and peak megabytes of the command."""
    command = [sys.executable, "manage.py", "import_labs", str(path)]
    command += ["--study", study.code, "--laboratory", laboratory.code]
    begun = time.perf_counter()
    child = subprocess.Popen(command, env=database.environment(), stdout=subprocess.PIPE, text=True)
    shown = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    taken = time.perf_counter() - begun
    if status or Result.objects.filter(specimen__study=study).count() != results:
        raise SystemExit(f"void: {shown}")
    return taken, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=100_000)
    options = parser.parse_args()
    with (
        bench_database() as database,
        acting(actor="bench", reason="measurement"),
        tempfile.TemporaryDirectory() as folder,
    ):
        for turn, results in enumerate((options.results // 5, options.results)):
            study, laboratory = make_records(f"F{turn}", results // RESULTS_PER_SUBJECT + 1)
            laboratory.layout = LAYOUT
            laboratory.save()
            path = Path(folder) / f"{turn}.json"
            write_bundle(path, results)
            taken, peak = import_in_a_process(database, study, laboratory, path, results)
            size = path.stat().st_size / 2**20
            print(
                f"{results:,} Observations ({size:.0f} MB): {taken:.1f} s, goal < 60 s at 100,000; "
                f"peak memory {peak:.0f} MB, load {os.getloadavg()[0]:.1f}"
            )


if __name__ == "__main__":
    main()
