"""What the rows of a laboratory's file are checked against, read once per file."""

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
from django.utils import timezone

from cart.models import Study
from labs.imports.checks import References
from labs.models import Laboratory
from trialsite.isolation.columns import read_columns

# The last place on Earth where a day is still to come ends it for everybody: nothing is collected later.
LATEST_ZONE = ZoneInfo("Pacific/Kiritimati")


def read_references(study: Study, laboratory: Laboratory) -> References:
    """Small frames that rows are checked against."""
    subjects = read_columns(
        "SELECT s.code, s.id, z.time_zone, s.year_of_birth, min(c.signed_on)::text FROM cart_subject s"
        " JOIN cart_site z ON z.id = s.site_id LEFT JOIN cart_consent c ON c.subject_id = s.id"
        " WHERE s.study_id = %(study)s GROUP BY s.id, z.time_zone",
        {"study": study.pk},
        {
            "subject": pl.String,
            "subject_id": pl.Int64,
            "time_zone": pl.String,
            "year_of_birth": pl.Int64,
            "consent_on": pl.Date,
        },
    )
    codes = read_columns(
        "SELECT c.code, a.id, a.kind FROM labs_analytecode c JOIN labs_analyte a ON a.id = c.analyte_id"
        " WHERE c.laboratory_id = %(laboratory)s",
        {"laboratory": laboratory.pk},
        {"code": pl.String, "analyte_id": pl.Int64, "kind": pl.String},
    )
    assays = read_columns(
        "SELECT analyte_id, id, unit, valid_from::text, valid_to::text, dilution_start, dilution_factor"
        " FROM labs_assayversion"
        " WHERE laboratory_id = %(laboratory)s",
        {"laboratory": laboratory.pk},
        {
            "analyte_id": pl.Int64,
            "assay_id": pl.Int64,
            "assay_unit": pl.String,
            "valid_from": pl.Date,
            "valid_to": pl.Date,
            "dilution_start": pl.Int64,
            "dilution_factor": pl.Int64,
        },
    )
    return References(subjects, codes, assays, today=latest_today())


def latest_today() -> dt.date:
    """Today where the day is furthest on: a site east of the server is not in its future."""
    return timezone.now().astimezone(LATEST_ZONE).date()
