"""Error codes of assessments and of what is computed from them. PURE."""

from cart.codes import ENDPOINTS, RECORDS
from trialsite.codes import Code, Section

ASSESSMENTS = Section(
    RECORDS.title,
    "",
    ("cart/models/assessment.py",),
    (
        Code(
            "assessment-of-missed-visit",
            "What was assessed was not assessed at a visit that was missed.",
            "Choose the visit at which it was, or leave the visit empty.",
        ),
    ),
)
INDICES = Section(
    ENDPOINTS.title,
    "",
    ("cart/endpoints/disease/predicted.py", "cart/endpoints/disease/early.py"),
    (
        Code("dlco-unit", "DLCO is in mmol/min/kPa or mL/min/mm[Hg].", "Correct the unit."),
        Code(
            "subset-rules",
            "A table of subsets has rules `NAME: FINDING` and ends with `NAME: otherwise`.",
            "Correct the rule; the message names the findings.",
        ),
    ),
)
SECTIONS = (ASSESSMENTS, INDICES)
