"""Error codes of the laboratory's records and commands. PURE."""

from cart.codes import UNKNOWN_STUDY, WRONG_SUBJECT
from trialsite.codes import Code, Section

_UNITS = (
    Code(
        "unit-not-ucum",
        "A standard unit, and the unit that a factor leads from, is a code of UCUM, at most 40 characters.",
        "Write the code, such as `ug/L`; beside a laboratory's own spelling enter it as its UCUM code.",
    ),
    Code(
        "not-commensurable",
        "A factor leads between units of one kind: `[IU]`, a titer or the unit of a kit is no mass.",
        "Look at the units; between two kits enter a bridging factor.",
    ),
    Code(
        "molar-mass-missing",
        "From mass to amount of substance and back leads the molar mass of the analyte, above zero.",
        "Enter it in g/mol, with its source.",
    ),
    Code(
        "factor-disagrees",
        "A declared factor is the exact one; one by a molar mass, or without end, may be rounded by a thousandth.",
        "Correct it, or leave it empty.",
    ),
    Code(
        "standard-unit-missing",
        "A factor leads to the analyte's standard unit of today.",
        "Enter the standard unit under Study set-up > Analytes, or propose the factor anew.",
    ),
    Code(
        "standard-unit-in-use",
        "A standard unit stays once a factor to it is approved.",
        "Enter another analyte with the other unit.",
    ),
    Code(
        "factor-two-people",
        "A factor is approved by another person than its proposer.",
        "Ask another data manager or study administrator.",
    ),
    Code(
        "factor-decided",
        "A decision is on a factor that is still proposed.",
        "Look at what was decided; propose another factor.",
    ),
    Code(
        "factor-results-moved",
        "What is approved is what the preview showed.",
        "Look at the preview again, then decide.",
    ),
    Code(
        "bridge-analyte",
        "A bridging factor joins two kits of one analyte.",
        "Choose another kit.",
    ),
    Code(
        "bridge-chain",
        "A bridge ends at a kit that is not bridged itself.",
        "Bridge both kits to the same third one.",
    ),
)
RECORDS = Section(
    "Records",
    "",
    (
        "labs/models/",
        "labs/admin/",
        "labs/migrations/",
        "labs/units/",
        "labs/actions/by_hand.py",
        "labs/actions/code_map.py",
        "labs/actions/reference_ranges.py",
        "labs/actions/conversions.py",
    ),
    (
        *_UNITS,
        Code(
            "range-two-people",
            "A range is approved by another person than its proposer.",
            "Ask another data manager or study administrator.",
        ),
        Code(
            "range-decided",
            "A decision is on a range that is still proposed.",
            "Look at what was decided; propose another range.",
        ),
        Code(
            "range-results-moved",
            "What is approved is what the preview showed.",
            "Look at the preview again, then decide.",
        ),
        Code(
            "code-mapped",
            "A code of a laboratory is one analyte for ever.",
            "Look at Study set-up > Analyte codes; ask the laboratory what its code means.",
        ),
        Code(
            "file-too-large",
            "A file fits the way it comes by: 50 MB at the desk, 2 GB by the API.",
            "Use the next larger way; manage.py import_labs takes any size.",
        ),
        Code(
            "correction-reason",
            "A result that is entered again says why it replaces the stored one.",
            "Fill in the reason; the old value stays.",
        ),
        Code(
            "unit-mismatch",
            "The unit is the one of the assay version in force.",
            "Leave the unit empty, or correct it.",
        ),
        Code("missing-without-reason", "A result without value says why.", "Fill in the reason."),
        Code("reason-and-result", "A reason belongs to 'not done'.", "Remove the reason, or the result."),
        Code(
            "number-grammar",
            "A result is typed as the report shows it: `12.5`, `<10`, `>5120`, `1:640`.",
            "Correct the result.",
        ),
        Code("as-received", "The text of a result is the one that was received.", "Fill it in."),
        WRONG_SUBJECT,
        Code(
            "unknown-specimen",
            "A result belongs to a specimen of a known subject.",
            "Enter the specimen first. Met only by SQL.",
        ),
        Code(
            "unknown-analyte",
            "A result belongs to an analyte, and to an assay version of it.",
            "Enter the analyte first. Met only by SQL.",
        ),
        Code("unknown-subject", "A specimen belongs to a subject of its study.", "Enter it first. Met only by SQL."),
        Code("unknown-laboratory", "A specimen comes from a known laboratory.", "Enter it first. Met only by SQL."),
        Code("unknown-transfer", "A result names an existing transfer, or none.", "Correct it. Met only by SQL."),
        Code("correction-of-nothing", "A correction follows an existing version.", "Correct it. Met only by SQL."),
    ),
)
COMMANDS = Section(
    "Commands",
    "",
    ("labs/management/", "labs/actions/catalogue.py", "labs/actions/watched_folder.py"),
    (
        UNKNOWN_STUDY,
        Code("unknown-range", "The reference range exists.", "Take its number from Study set-up > Reference ranges."),
        Code(
            "unknown-factor",
            "The factor exists, and is named by letter and number: F12, B3.",
            "Take it from Study set-up > Conversion factors or Bridging factors.",
        ),
        Code("no-folder", "The watched folder is a folder.", "Make it, or correct the path."),
        Code(
            "files-not-taken",
            "Every file of the watched folder is taken.",
            "See the line of each file above the sentence.",
        ),
        Code(
            "analyte-differs",
            "An analyte keeps its kind and unit: its results are stored in them.",
            "Give the analyte of the template a code of its own.",
        ),
        Code("unknown-laboratory", "The laboratory exists.", "Correct its code, or enter it under Study set-up."),
        Code(
            "file-refused",
            "Every row of the file holds, or the laboratory's agreement allows quarantine.",
            "See the report above the sentence; nothing is stored.",
        ),
        Code("migrate", "`demo` can make its database.", "The message holds the end of what `migrate` said."),
        Code(
            "job-failed",
            "The endpoint job of `demo` ends well.",
            "The message holds the error; var/demo/worker.log more.",
        ),
        Code("job-late", "The endpoint job of `demo` ends within 120 s.", "See var/demo/worker.log; start it again."),
        Code("web-start", "The web server of `demo` listens within 30 s.", "See var/demo/web.log."),
        Code("web-ended", "The web server of `demo` runs until Ctrl-C.", "See var/demo/web.log."),
    ),
)
