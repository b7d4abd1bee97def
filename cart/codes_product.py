"""Error codes of the product chain, of conditioning and of therapies. PURE."""

from trialsite.codes import Code, Section

PRODUCT = Section(
    "Records",
    "",
    ("cart/models/", "cart/admin/", "cart/actions/", "cart/migrations/"),
    (
        Code(
            "custody-correction",
            "A correction names the event that it corrects, says what was wrong, and is the only one of its event.",
            "Choose the event, or correct the correction.",
        ),
        Code("custody-lot", "What is infused is a lot.", "Choose the lot."),
        Code(
            "scan-mismatch",
            "A label that is scanned for a lot is the lot's own.",
            "Set the bag aside, compare label and subject; the attempt is recorded.",
        ),
        Code(
            "release-test-value",
            "The number of a release test is the one in its result as received.",
            "Correct one of the two, or leave the number empty.",
        ),
        Code(
            "dose-plan",
            "Cells are planned in total alone, or against both targets so that these are the total.",
            "Give the plan of both targets, 0 for none, or of neither.",
        ),
        Code(
            "dose-deviation",
            "A dose outside its tolerance says why.",
            "Look at the numbers; correct them, or fill in why the dose deviates.",
        ),
        Code(
            "calcium-missing",
            "A chelation has ionised calcium before and after, or says why not.",
            "Fill in the value, or the reason.",
        ),
        Code(
            "dose-missing",
            "A glucocorticoid has its daily dose and a plasma exchange its plasma volumes, or says why not.",
            "Fill in the value, or the reason.",
        ),
    ),
)
