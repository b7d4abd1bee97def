"""Error codes of specimens and dilution series. PURE."""

from labs.codes import ROWS, SEND_AGAIN
from labs.codes_records import COMMANDS, RECORDS
from trialsite.codes import Code, Section

SPECIMENS = Section(
    ROWS.title,
    "",
    ROWS.rooms,
    (
        Code(
            "conflicting-conditions",
            "Rows of one specimen that have a result give it one condition, or leave it empty.",
            "Ask the laboratory which condition the specimen had; where only one test failed, that row has no result.",
        ),
        Code(
            "before-collection",
            "A specimen is received and processed on the day of its collection or later.",
            SEND_AGAIN,
        ),
        Code(
            "titer-off-series",
            "A titer is a dilution of the series that its kit declares: the first times the factor, again and again.",
            "Have the result corrected, or the series under Study set-up > Assay versions.",
        ),
        Code(
            "specimen-corrected",
            "A remark: of specimens of earlier files this one gives another condition, receipt, processing or visit; "
            "what it leaves empty stays.",
            "Nothing; the specimen's history shows what was there before.",
        ),
    ),
)
KITS = Section(
    COMMANDS.title,
    "",
    ("labs/management/", "labs/actions/kits.py"),
    (
        Code("unknown-analyte", "The analyte exists.", "Correct its code: Study set-up > Analytes."),
        Code(
            "kit-unit",
            "Results are moved to a kit in their unit; a result has at most 255 versions.",
            "Correct the unit of the kit, or enter the results anew.",
        ),
    ),
)
DILUTIONS = Section(
    RECORDS.title,
    "",
    RECORDS.rooms,
    (
        Code(
            "dilution-series",
            "A dilution series belongs to a titer: a first dilution from 1 on, and a factor from 2 on.",
            "Correct both, or leave both empty.",
        ),
        Code(
            "titer-off-series",
            "A titer is a dilution of the series that its kit declares.",
            "Correct the result, or the series under Study set-up > Assay versions.",
        ),
    ),
)
