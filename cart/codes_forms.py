"""Error codes of the desk's forms: warnings, completion, moves. PURE."""

from trialsite.codes import Code, Section

FORMS = Section(
    "Records",
    "",
    ("cart/admin/", "cart/actions/moves.py", "cart/models/record_state.py", "cart/models/plausible"),
    (
        Code(
            "soft-warning", "An implausible value is stored with the reason why it is right.", "Correct it, or say why."
        ),
        Code(
            "unusual-value", "A value lies in its usual span, or says why not.", "Correct it, or say why it is right."
        ),
        Code(
            "computed-differs",
            "A value that follows from others is near the computed one, or says why not.",
            "Correct one of them, or say why it is right.",
        ),
        Code("incomplete", "A record that is called complete lacks nothing.", "Enter it, or leave it incomplete."),
        Code("move-nowhere", "A record moves to another subject.", "Choose another one."),
        Code("move-other-study", "A record stays in its study.", "Enter it anew in the other study."),
        Code(
            "move-not-alone", "A record that others hang on stays with its subject.", "Enter it anew for the right one."
        ),
        Code("move-subject", "The right subject is of the study and of a site you look after.", "Correct the code."),
    ),
)
