"""Error codes of the laboratory's records and commands. PURE."""

from cart.codes import UNKNOWN_STUDY, WRONG_SUBJECT
from trialsite.codes import Code, Section

RECORDS = Section(
    "Records",
    "",
    ("labs/models/", "labs/admin/", "labs/migrations/", "labs/actions/code_map.py", "labs/actions/reference_ranges.py"),
    (
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
