"""An SDTM study into the trial: DM to subjects, EX to study-drug exposures, LB to laboratory results."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from django.db import connection, transaction

from cart.endpoints.timing import PartialDate
from cart.models import Arm, Consent, ProtocolVersion, Site, Study, StudyDrugExposure, Subject
from labs.actions.raw_files import keep_raw_file
from labs.actions.transfers import latest_today, load_transfer
from labs.imports.checks import Checked
from labs.imports.report import Report
from labs.imports.sdtm import DatasetError, analyte_source, dataset_path, laboratory_rows, read_dataset, text
from labs.models import Analyte, Laboratory, Transfer
from trialsite.audit.context import acting

NOT_ASSIGNED = {"SCRNFAIL", "NOTASSGN", "NOTTRT", "SCREEN FAILURE", "NOT ASSIGNED", "SCRNFL", ""}
SEXES = {"F", "M", "U", "UNDIFFERENTIATED"}


@dataclass(frozen=True)
class Refusal:
    """A record of DM or EX that was not stored."""

    domain: str
    record: int
    column: str
    rule: str
    found: str
    expected: str

    def text(self) -> str:
        """One line of the report."""
        return (
            f"  {self.domain} record {self.record}, column {self.column}: found {self.found!r}, "
            f"expected {self.expected} [{self.rule}]"
        )


@dataclass
class DomainCount:
    """Records of one domain by what became of them."""

    records: int = 0
    stored: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True)
class SdtmReport:
    """What became of a folder of datasets."""

    study: str
    counts: dict[str, DomainCount]
    refusals: list[Refusal]
    laboratory: Report

    def lines(self) -> list[str]:
        """The report as it is printed."""
        lines = []
        for domain, count in self.counts.items():
            kept = f", {count.unchanged:,} unchanged" if count.unchanged else ""
            lines.append(
                f"{domain} {count.records:,} records: {count.stored:,} stored{kept}, {count.refused:,} refused"
            )
        lines += [refusal.text() for refusal in self.refusals[:20]]
        if len(self.refusals) > 20:
            lines.append(f"  ... and {len(self.refusals) - 20:,} more")
        totals = self.laboratory.totals
        if self.laboratory.repeated:
            lines.append(f"LB unchanged: {self.laboratory.text()}")
        else:
            corrected = f" ({totals.corrected:,} corrections)" if totals.corrected else ""
            lines.append(
                f"LB {totals.rows:,} records: {totals.applied:,} stored{corrected}, {totals.duplicate:,} duplicates, "
                f"{totals.refused + totals.quarantined:,} refused"
            )
            lines += self.laboratory.text().split("\n")[1:]
        return lines


def import_sdtm(*, folder: Path, study_code: str, title: str, actor: str, reason: str) -> SdtmReport:
    """Import DM, EX and LB of a folder; again is a no-op, a changed dataset supersedes.

    Raises
    ------
    DatasetError, RawFileError
        A dataset is missing or cannot be read; nothing is stored.
    """
    paths = {domain: dataset_path(folder, domain) for domain in ("DM", "EX", "LB")}
    for domain in ("DM", "LB"):
        if paths[domain] is None:
            raise DatasetError(f"{folder} holds no {domain.lower()}.xpt. [dataset-missing]")
    # Read before anything is written: an unreadable dataset stores nothing.
    dm = pl.concat(list(read_dataset(_known(paths["DM"]), "DM")))
    ex = pl.concat(list(read_dataset(paths["EX"], "EX"))) if paths["EX"] else None
    lab_path = _known(paths["LB"])
    tests = _tests(lab_path)
    refusals: list[Refusal] = []
    counts = {"DM": DomainCount(records=dm.height)}
    with acting(actor=actor, reason=reason), transaction.atomic():
        study, _ = Study.objects.get_or_create(code=study_code, defaults={"title": title or study_code})
        if not study.protocol_versions.exists():
            ProtocolVersion.objects.create(study=study, number=1, effective_on=latest_today())
        _store_subjects(study, dm, counts["DM"], refusals)
        if ex is not None:
            counts["EX"] = DomainCount(records=ex.height)
            _store_exposures(study, ex, counts["EX"], refusals)
        laboratory, _ = Laboratory.objects.get_or_create(
            code=f"SDTM-{study_code}"[:40], defaults={"name": f"Laboratory data of {study_code}", "quarantine": True}
        )
        analytes = _store_analytes(tests)
        raw = keep_raw_file(lab_path)
    report = load_transfer(
        study=study,
        laboratory=laboratory,
        raw=raw,
        kind=Transfer.Kind.SDTM,
        file_name=lab_path.name,
        layout={},
        blocks=lambda: _blocks(lab_path, study, analytes),
        quarantine=True,
        check_only=False,
        actor=actor,
        reason=reason,
    )
    return SdtmReport(study_code, counts, refusals, report)


def _known(path: Path | None) -> Path:
    if path is None:
        raise DatasetError("A dataset is missing. [dataset-missing]")
    return path


def _tests(path: Path) -> pl.DataFrame:
    """Distinct tests of LB: source, code, name, category, unit, whether any value is a number."""
    parts = []
    for chunk in read_dataset(path, "LB"):
        number = pl.col("LBSTRESN").is_not_null() if "LBSTRESN" in chunk.columns else pl.lit(value=False)
        parts.append(
            chunk.select(
                analyte_source(chunk).alias("source"),
                text(chunk, "LBTESTCD").alias("code"),
                text(chunk, "LBTEST").alias("name"),
                text(chunk, "LBCAT").alias("category"),
                text(chunk, "LBSPEC").alias("specimen"),
                text(chunk, "LBSTRESU").alias("unit"),
                number.alias("numeric"),
            )
        )
    whole = pl.concat(parts) if parts else pl.DataFrame(schema={"source": pl.String, "code": pl.String})
    if not whole.height:
        raise DatasetError(f"{path.name} holds no record. [dataset-empty]")
    return whole.group_by("source", maintain_order=True).agg(
        pl.col("code", "name", "category", "specimen").first(),
        pl.col("unit").filter(pl.col("unit") != "").first().fill_null(""),
        pl.col("numeric").any(),
    )


def _store_analytes(tests: pl.DataFrame) -> pl.DataFrame:
    """Analyte of every test; a code that stands in two categories or specimens becomes two analytes."""
    shared = set(tests.filter(pl.col("code").is_duplicated())["code"].to_list())
    rows = []
    for test in tests.iter_rows(named=True):
        if not test["code"]:
            continue
        # The base code stays with the first meaning it was stored with, whichever study brought it.
        apart = ":".join(part for part in (test["category"], test["specimen"]) if part)
        code = f"{test['code']}:{apart}"[:40] if test["code"] in shared and apart else test["code"]
        analyte, _ = Analyte.objects.get_or_create(
            code=code,
            defaults={
                "name": (test["name"] or test["code"])[:200],
                "kind": Analyte.Kind.QUANTITY if test["numeric"] else Analyte.Kind.TEXT,
                "unit": test["unit"][:40],
                "sdtm_test_code": test["code"][:8],
            },
        )
        rows.append({"source": test["source"], "analyte_id": analyte.pk})
    return pl.DataFrame(rows, schema={"source": pl.String, "analyte_id": pl.Int64})


def _store_subjects(study: Study, dm: pl.DataFrame, count: DomainCount, refusals: list[Refusal]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sdtm'), %s)", [study.pk])
    sites = {site.code: site for site in study.sites.all()}
    arms = {arm.code: arm for arm in study.arms.all()}
    known = {subject.source_code: subject for subject in study.subjects.all()}
    new: list[Subject] = []
    seen: set[str] = set()
    consents: dict[str, str] = {}
    columns = [
        "USUBJID",
        "SITEID",
        "SEX",
        "BRTHDTC",
        "ARMCD",
        "ARM",
        "ACTARMCD",
        "RFICDTC",
        "COUNTRY",
        "AGE",
        "RFSTDTC",
        "DTHFL",
    ]
    records = dm.select("record", *[text(dm, name).alias(name) for name in columns])
    for row in records.iter_rows(named=True):
        code = row["USUBJID"]
        if not code or code in seen:
            rule, expected = (
                ("duplicate-subject", "one record per USUBJID") if code else ("missing-subject", "a USUBJID")
            )
            refusals.append(Refusal("DM", row["record"], "USUBJID", rule, code, expected))
            count.refused += 1
            continue
        seen.add(code)
        if code in known:
            count.unchanged += 1
            continue
        site = sites.get(row["SITEID"] or "-") or Site.objects.create(
            study=study,
            code=row["SITEID"] or "0",
            name=f"Site {row['SITEID'] or 'unknown'}",
            country=row["COUNTRY"][:3],
        )
        sites[row["SITEID"] or "-"] = site
        arm_code = row["ARMCD"] or row["ARM"]
        arm = None
        if arm_code.upper() not in NOT_ASSIGNED:
            slug = "".join(c if c.isalnum() or c in "._-" else "-" for c in arm_code)[:20]
            arm = arms.get(slug) or Arm.objects.create(
                study=study, code=slug, title=(row["ARM"] or arm_code)[:200], anchor=Arm.Anchor.STUDY_DRUG
            )
            arms[slug] = arm
        birth = row["BRTHDTC"][:4]
        new.append(
            Subject(
                study=study,
                site=site,
                arm=arm,
                code=code[:40],
                source_code=code,
                sex=row["SEX"] if row["SEX"] in SEXES else Subject.Sex.UNKNOWN,
                # A year is what this database keeps of a birth date; an age is not turned into one.
                year_of_birth=int(birth)
                if birth.isascii() and birth.isdigit() and 1900 <= int(birth) <= 2100
                else None,
                status=Subject.Status.DEAD
                if row["DTHFL"] == "Y"
                else Subject.Status.ENROLLED
                if arm
                else Subject.Status.SCREEN_FAILURE,
            )
        )
        consents[code] = row["RFICDTC"][:10]
    stored = Subject.objects.bulk_create(new)
    count.stored += len(stored)
    Consent.objects.bulk_create(
        Consent(subject=subject, version="as imported", signed_on=PartialDate(signed).earliest)
        for subject in stored
        if _is_day(signed := consents[subject.source_code])
    )


def _is_day(value: str) -> bool:
    try:
        return PartialDate(value).complete
    except ValueError:
        return False


def _store_exposures(study: Study, ex: pl.DataFrame, count: DomainCount, refusals: list[Refusal]) -> None:
    subjects = dict(study.subjects.values_list("source_code", "pk"))
    stored = {
        (row.subject_id, row.source_sequence): row for row in StudyDrugExposure.objects.filter(subject__study=study)
    }
    new: list[StudyDrugExposure] = []
    columns = [
        "USUBJID",
        "EXTRT",
        "EXDOSE",
        "EXDOSTXT",
        "EXDOSU",
        "EXDOSFRM",
        "EXDOSFRQ",
        "EXROUTE",
        "EXSTDTC",
        "EXENDTC",
        "EXSEQ",
    ]
    for row in ex.select("record", *[text(ex, name).alias(name) for name in columns]).iter_rows(named=True):
        problem = _exposure_problem(row, subjects)
        if problem is not None:
            refusals.append(Refusal("EX", row["record"], *problem))
            count.refused += 1
            continue
        sequence = int(float(row["EXSEQ"])) if row["EXSEQ"] else row["record"]
        fields = {
            "drug": row["EXTRT"][:120],
            "dose": row["EXDOSE"] or None,
            "dose_text": row["EXDOSTXT"][:60],
            "dose_unit": row["EXDOSU"][:40],
            "form": row["EXDOSFRM"][:60],
            "frequency": row["EXDOSFRQ"][:40],
            "route": row["EXROUTE"][:60],
            "started": row["EXSTDTC"],
            "stopped": row["EXENDTC"],
        }
        known = stored.get((subjects[row["USUBJID"]], sequence))
        if known is None:
            new.append(StudyDrugExposure(subject_id=subjects[row["USUBJID"]], source_sequence=sequence, **fields))
            continue
        changed = [
            name
            for name, value in fields.items()
            if (
                float(getattr(known, name) or 0) != float(value or 0)
                if name == "dose"
                else getattr(known, name) != value
            )
        ]
        for name in changed:
            setattr(known, name, fields[name])
        if changed:
            known.save(update_fields=changed)
            count.stored += 1
        else:
            count.unchanged += 1
    count.stored += len(StudyDrugExposure.objects.bulk_create(new))


def _exposure_problem(row: dict[str, str], subjects: dict[str, int]) -> tuple[str, str, str, str] | None:
    """Column, rule, found, expected of the first thing wrong with an EX record."""
    if row["USUBJID"] not in subjects:
        return "USUBJID", "unknown-subject", row["USUBJID"], "a subject of DM"
    if not row["EXTRT"]:
        return "EXTRT", "missing-drug", "", "the name of the drug"
    if row["EXDOSE"].startswith("-"):
        return "EXDOSE", "negative-dose", row["EXDOSE"], "a dose that is not negative"
    for column in ("EXSTDTC", "EXENDTC"):
        if row[column] or column == "EXSTDTC":
            try:
                PartialDate(row[column])
            except ValueError:
                return column, "date-format", row[column], "ISO 8601: YYYY-MM-DDThh:mm, cut off where unknown"
    return None


def _blocks(path: Path, study: Study, analytes: pl.DataFrame) -> Iterator[tuple[int, Checked]]:
    subjects = pl.DataFrame(
        list(study.subjects.values_list("source_code", "pk", "year_of_birth")),
        schema={"source_code": pl.String, "subject_id": pl.Int64, "year_of_birth": pl.Int64},
        orient="row",
    )
    today = latest_today().isoformat()
    for chunk in read_dataset(path, "LB"):
        yield chunk.height, laboratory_rows(chunk, subjects, analytes, today=today)
