"""Error codes of data cuts, runs and endpoint tables. PURE."""

from trialsite.codes import Code, Section


class CutError(Exception):
    """What was asked of a cut or a run cannot be; the message says what must hold and what was found."""


RUNS = Section(
    "Data cuts and runs",
    "In the answer of a command, of the API, or on top of a page.",
    ("cart/actions/", "cart/admin/", "cart/api/", "cart/management/", "cart/models/", "trialsite/isolation/moment.py"),
    (
        Code(
            "cut-name",
            "A cut's name is new in its study and has letters, digits, '.', '_' and '-'.",
            "Choose another name.",
        ),
        Code("unknown-cut", "The study has the cut.", "Correct its name, or take it (take_cut)."),
        Code("unknown-run", "The study has the run.", "Correct its number; the page Runs lists them."),
        Code(
            "cut-without-digests",
            "The digests of a cut are written by a job after it was taken.",
            "Start a worker; look at Jobs for one that failed.",
        ),
        Code(
            "cut-without-endpoints",
            "The endpoints of a cut are computed before they are exported.",
            "Ask for them on the page of the cut, and wait until every part has ended.",
        ),
        Code(
            "cut-differs",
            "History gives the rows of a cut as its manifest says.",
            "Run audit_reconcile: somebody changed the database past its triggers.",
        ),
        Code(
            "run-of-cut",
            "The endpoints of a cut are computed once by the same rules and parameters.",
            "Use the run that is there.",
        ),
        Code("one-moment", "Reading as of a moment has a transaction of its own.", "Report it."),
    ),
)
