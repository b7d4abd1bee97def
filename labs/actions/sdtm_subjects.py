"""DM into the trial: one subject per record, with site, arm and consent."""

from typing import Any

import polars as pl
from django.db import connection

from cart.endpoints.timing import PartialDate
from cart.models import Arm, Consent, Disposition, Site, Study, Subject
from labs.actions.sdtm_report import DomainCount, Refusal
from labs.imports.sdtm import text

NOT_ASSIGNED = {"SCRNFAIL", "NOTASSGN", "NOTTRT", "SCREEN FAILURE", "NOT ASSIGNED", "SCRNFL", ""}
SEXES = {"F", "M", "U", "UNDIFFERENTIATED"}
MAX_SUBJECT_CODE, MAX_CODE = 40, 20
IMPORTED_CONSENT = "as imported"
COLUMNS = ["USUBJID", "SITEID", "SEX", "BRTHDTC", "ARMCD", "ARM", "RFICDTC", "COUNTRY", "DTHFL"]


def store_subjects(study: Study, dm: pl.DataFrame, count: DomainCount, refusals: list[Refusal]) -> None:
    """Make or bring up to date the subjects of DM.

    What DM says of a subject (site, arm, sex, year of birth, death, consent) follows DM; the rest stays as it is.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sdtm'), %s)", [study.pk])
    sites = {site.code: site for site in study.sites.all()}
    arms = {arm.code: arm for arm in study.arms.all()}
    known = {subject.source_code or subject.code: subject for subject in study.subjects.all()}
    new: list[Subject] = []
    consents: dict[str, str] = {}
    for row in dm.select("record", *[text(dm, name).alias(name) for name in COLUMNS]).iter_rows(named=True):
        code = row["USUBJID"]
        problem = _subject_problem(row, seen=consents)
        if problem is not None:
            refusals.append(Refusal("DM", row["record"], *problem))
            count.refused += 1
            continue
        consents[code] = row["RFICDTC"][:10]
        said = _as_said(row, site=_site(study, sites, row), arm=_arm(study, arms, row))
        subject = known.get(code)
        if subject is None:
            status = Subject.Status.ENROLLED if said["arm"] else Subject.Status.SCREEN_FAILURE
            new.append(Subject(study=study, code=code, source_code=code, **{"status": status, **said}))
        elif _bring_up_to_date(subject, said):
            count.updated += 1
        else:
            count.unchanged += 1
    stored = Subject.objects.bulk_create(new)
    count.stored += len(stored)
    _store_consents(study, consents)


def _subject_problem(row: dict[str, Any], *, seen: dict[str, str]) -> tuple[str, str, str, str] | None:
    """Column, rule, found, expected of the first thing wrong with a DM record."""
    code, site = row["USUBJID"], row["SITEID"]
    if not code:
        return "USUBJID", "missing-subject", "", "a USUBJID"
    if code in seen:
        return "USUBJID", "duplicate-subject", code, "one record per USUBJID"
    if len(code) > MAX_SUBJECT_CODE:
        return "USUBJID", "too-long", code, f"at most {MAX_SUBJECT_CODE} characters"
    if len(site) > MAX_CODE:
        return "SITEID", "too-long", site, f"at most {MAX_CODE} characters"
    return None


def _as_said(row: dict[str, Any], *, site: Site, arm: Arm | None) -> dict[str, Any]:
    """Fields of a subject that DM decides."""
    birth = row["BRTHDTC"][:4]
    said: dict[str, Any] = {
        "site": site,
        "arm": arm,
        "sex": row["SEX"] if row["SEX"] in SEXES else Subject.Sex.UNKNOWN,
        # A year is what this database keeps of a birth date; an age is not turned into one.
        "year_of_birth": int(birth) if birth.isascii() and birth.isdigit() and 1900 <= int(birth) <= 2100 else None,
    }
    if row["DTHFL"] == "Y":
        said["status"] = Subject.Status.DEAD
    return said


def _bring_up_to_date(subject: Subject, said: dict[str, Any]) -> bool:
    if said["arm"] is not None and subject.status == Subject.Status.SCREEN_FAILURE:
        said = {"status": Subject.Status.ENROLLED, **said}
    status = said.pop("status", subject.status)
    changed = [name for name, value in said.items() if getattr(subject, name) != value]
    for name in changed:
        setattr(subject, name, said[name])
    if changed:
        subject.save(update_fields=changed)
    if status != subject.status:
        _follow_source(subject, status)
        return True
    return bool(changed)


def _follow_source(subject: Subject, status: str) -> None:
    # The columns of DM that are read say what became of a subject and not when: the day stays open.
    entry = Disposition(subject=subject, status=status, reason=Disposition.Reason.SOURCE)
    entry.full_clean()
    entry.save()
    subject.refresh_from_db(fields=["status", "ended_on"])


def _site(study: Study, sites: dict[str, Site], row: dict[str, Any]) -> Site:
    code = _as_code(row["SITEID"]) or "unknown"
    if code not in sites:
        sites[code] = Site.objects.create(
            study=study, code=code, name=f"Site {row['SITEID'] or 'unknown'}", country=row["COUNTRY"][:3]
        )
    return sites[code]


def _arm(study: Study, arms: dict[str, Arm], row: dict[str, Any]) -> Arm | None:
    source = row["ARMCD"] or row["ARM"]
    if source.upper() in NOT_ASSIGNED:
        return None
    code = _as_code(source)
    if code not in arms:
        arms[code] = Arm.objects.create(
            study=study, code=code, title=(row["ARM"] or source)[:200], anchor=Arm.Anchor.STUDY_DRUG
        )
    return arms[code]


def _as_code(source: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in source)[:MAX_CODE]


def _store_consents(study: Study, consents: dict[str, str]) -> None:
    """Consents that RFICDTC gives to the day and that are not recorded yet."""
    recorded = set(Consent.objects.filter(subject__study=study).values_list("subject__source_code", "signed_on"))
    subjects = {subject.source_code: subject for subject in study.subjects.all()}
    Consent.objects.bulk_create(
        Consent(subject=subjects[code], version=IMPORTED_CONSENT, signed_on=signed)
        for code, text_ in consents.items()
        if code in subjects and (signed := _whole_day(text_)) is not None and (code, signed) not in recorded
    )


def _whole_day(value: str) -> Any:
    try:
        date = PartialDate(value)
    except ValueError:
        return None
    return date.earliest if date.complete else None


def births(study: Study, dm: pl.DataFrame) -> pl.DataFrame:
    """Subjects of the study for the laboratory checks: source_code, subject_id, born.

    ``born`` is the birth date of DM as exactly as it says, else the year that is stored, else the earliest
    year that the age at the reference start (or consent) allows. It is used to judge dates and not stored.
    """
    reference = pl.coalesce(
        pl.when(text(dm, name).str.contains(r"^[0-9]{4}")).then(text(dm, name).str.head(4))
        for name in ("RFSTDTC", "RFICDTC", "DMDTC")
    ).cast(pl.Int64, strict=False)
    age = text(dm, "AGE").cast(pl.Float64, strict=False).floor().cast(pl.Int64, strict=False)
    in_years = text(dm, "AGEU").is_in(["YEARS", ""])
    by_age = pl.when(in_years & age.is_between(0, 130)).then(reference - age - 1).cast(pl.String)
    birth = text(dm, "BRTHDTC").str.head(10)
    told = dm.select(
        text(dm, "USUBJID").alias("source_code"),
        pl.when(birth.str.contains(r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")).then(birth).alias("told"),
        by_age.alias("by_age"),
    ).unique("source_code", keep="first")
    stored = pl.DataFrame(
        list(study.subjects.values_list("source_code", "pk", "year_of_birth")),
        schema={"source_code": pl.String, "subject_id": pl.Int64, "year": pl.Int64},
        orient="row",
    )
    return stored.join(told, on="source_code", how="left").select(
        "source_code", "subject_id", pl.coalesce("told", pl.col("year").cast(pl.String), "by_age").alias("born")
    )
