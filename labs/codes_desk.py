"""Error codes of the laboratory grid: results typed as a panel, and their judgement. PURE."""

from cart.codes import EDIT_CONFLICT
from cart.codes_desk import OFF_VISIT
from trialsite.codes import Code, Section

DESK = Section(
    "Records",
    "",
    (
        "labs/actions/by_hand.py",
        "labs/actions/judgements.py",
        "labs/admin/grid.py",
        "labs/admin/transfer.py",
        "labs/models/plausible_specimens.py",
    ),
    (
        OFF_VISIT,
        EDIT_CONFLICT,
        Code(
            "judgement-without-value",
            "What is called clinically significant or not is a present result with a value.",
            "Open the panel again; leave the answer empty where the analyte was not done.",
        ),
        Code("offer", "A checked file is accepted within a day, by whoever checked it.", "Check it again."),
        Code("judgement-reason", "A changed judgement says why.", "Fill in the row's reason."),
    ),
)
