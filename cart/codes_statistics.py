"""Error codes of statistics, kinetics and study summaries. PURE."""

from cart.codes import ENDPOINTS
from trialsite.codes import Code, Section

STATISTICS = Section(
    ENDPOINTS.title,
    "",
    ("cart/endpoints/statistics/", "cart/endpoints/kinetics/", "cart/endpoints/summaries.py"),
    (
        Code(
            "proportion-counts",
            "Events are counted among the subjects.",
            "Count both over the same evaluable subjects.",
        ),
        Code(
            "proportion-interval",
            "The interval of a proportion is one of those the message lists.",
            "Choose one of them.",
        ),
        Code(
            "statistic-values",
            "A statistic is of one or more finite numbers, above zero where a logarithm is taken.",
            "Leave out, and count, the subjects without one; impute by a named rule what is below a limit.",
        ),
        Code("quartile-method", "Quartiles are computed by one of the listed methods.", "Choose one of them."),
        Code(
            "survival-interval", "The interval of a curve is made on one of the listed scales.", "Choose one of them."
        ),
        Code(
            "survival-times",
            "A curve is of times at or above 0, each with an event or not.",
            "Leave out, and count, the subjects without a time.",
        ),
        Code("area-method", "Areas are made by one of the listed methods.", "Choose one of them."),
        Code(
            "profile-columns",
            "Profiles have the columns profile, time, conc of the named types.",
            "Convert the columns.",
        ),
        Code(
            "profile-times",
            "Times of a profile are from 0 on, each once.",
            "Keep one sample of each time, the highest, say.",
        ),
        Code("profile-values", "A concentration is a number from 0 on.", "Correct the value; null is missing."),
        Code(
            "unregistered-endpoint",
            "Answers that are summarised are of registered endpoints.",
            "Import `cart.endpoints.catalogue`, which registers them all; correct the code.",
        ),
        Code(
            "comparison-groups",
            "Two groups are compared that have a subject each.",
            "Leave out the comparison, and say why.",
        ),
    ),
)
