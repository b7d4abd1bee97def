"""Error codes of the safety records. PURE."""

from trialsite.codes import Code, Section

SAFETY = Section(
    "Records",
    "",
    ("cart/admin/adverse_event.py", "cart/admin/syndrome.py"),
    (
        Code(
            "dlt-window",
            "A DLT begins in the protocol's window after infusion, or says why it is one all the same.",
            "Correct the start, or fill in why.",
        ),
        Code("day-twice", "A day is assessed once for a syndrome.", "Open the day's own row and change it."),
    ),
)
