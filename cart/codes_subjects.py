"""Error codes of a subject's way: protocol versions, eligibility, participation, randomisation. PURE."""

from trialsite.codes import Code, Section

RECORDS = Section(
    "Records",
    "",
    ("cart/models/", "cart/admin/", "cart/actions/", "cart/migrations/"),
    (
        Code(
            "check-character",
            "A code of site, number and check character agrees with its check character.",
            "Compare it with the source; one sign is wrong.",
        ),
        Code("cohort-of-other-study", "The cohort belongs to the same study.", "Choose another cohort."),
        Code("protocol-of-other-study", "The protocol version belongs to the subject's study.", "Choose another."),
        Code(
            "protocol-in-use",
            "Visits, panels and criteria of a protocol version stay once a subject consented to it.",
            "Make the next version: load the changed template, or add a version by hand.",
        ),
        Code(
            "criterion-unknown",
            "An answer is to a criterion of the subject's protocol version.",
            "Take the code from the eligibility page.",
        ),
        Code(
            "eligibility-answer",
            "A criterion is answered yes or no; 'not applicable' says why; an answer is not taken away.",
            "Choose an answer, or fill in the note.",
        ),
        Code("eligibility-signed", "Signed answers stay.", "Begin another round of answers."),
        Code(
            "eligibility-two-people",
            "Whoever answered criteria does not decide on them.",
            "Ask another investigator of the site.",
        ),
        Code(
            "eligibility-investigator",
            "Eligibility is decided by an investigator of the subject's site.",
            "Ask one; memberships stand under Study set-up > Memberships.",
        ),
        Code("eligibility-open", "Every criterion is answered.", "Answer those that the message names."),
        Code(
            "eligibility-answers",
            "The verdict agrees with the answers.",
            "Correct the answer or the verdict; a note says why a subject without such an answer is not eligible.",
        ),
        Code("eligibility-no-criteria", "A decision without criteria has a note.", "Say on what it rests."),
        Code(
            "no-answers",
            "A decision is about answers to the criteria of the version that the subject consented to last.",
            "Answer the criteria first.",
        ),
        Code(
            "decided-after-infusion",
            "No decision is added that would have come before an infusion that took place.",
            "Correct the time, or the infusion.",
        ),
        Code(
            "consent-missing",
            "A consent is in force on the day: signed by then and not withdrawn before.",
            "Enter the consent, or correct the day.",
        ),
        Code(
            "not-eligible",
            "Enrolment, randomisation and infusion follow an investigator's signed decision 'eligible'.",
            "Have the decision signed on the eligibility page.",
        ),
        Code("not-enrolled", "An infused subject is enrolled, and its participation goes on.", "Look at its status."),
        Code(
            "status-order",
            "A status follows the one before; the last entry alone is corrected.",
            "Choose a status that follows, or correct the last entry.",
        ),
        Code(
            "status-entry",
            "A status changes by an entry of the course of participation.",
            "Enter it under Subjects > Changes of status.",
        ),
        Code("consent-period", "A consent is withdrawn after it was signed.", "Correct one of the two days."),
        Code(
            "randomisation-key",
            "RANDOMISATION_KEY is set, and is the one that the list was made with.",
            "Set it; tell who operates the server.",
        ),
        Code(
            "not-randomised",
            "A study that randomises has a plan in its protocol and an open list.",
            "Load a template with a section 'randomisation'; make the list.",
        ),
        Code("randomisation-list-open", "A study has one open list.", "Go on with it."),
        Code(
            "randomisation-list",
            "A list has two or more arms of the study, and blocks that hold them in their ratio.",
            "Correct the template.",
        ),
        Code("randomisation-closed", "Places are given from an open list.", "Make a list."),
        Code("randomised-twice", "A subject is randomised once, and has no arm before.", "Leave it as it is."),
        Code(
            "allocation-place",
            "Places are given in their order, each once, in the subject's stratum.",
            "Randomise on the subject's page.",
        ),
        Code(
            "arm-by-randomisation",
            "In a study with a list the arm comes from it.",
            "Randomise the subject, or leave its arm.",
        ),
        Code(
            "day-zero-moves",
            "Whoever moves time zero has seen which visits move with it.",
            "Look at the list on the page, tick that you have, and save again.",
        ),
    ),
)
COMMANDS = Section(
    "Commands",
    "",
    ("cart/management/", "cart/actions/template"),
    (
        Code("template-reference", "An entry names arms, analytes and visits of its template.", "Correct the name."),
        Code("template-value", "A number fits the others of its section.", "Correct the number that is named."),
        Code("template-cohort", "A cohort keeps its plan.", "Give the cohort that differs another code."),
        Code(
            "randomisation-differs",
            "Every place was given the arm that the list has.",
            "Look at the audit trail of the places that are named.",
        ),
    ),
)
ENDPOINTS = Section(
    "Computing endpoints",
    "",
    ("cart/endpoints/permuted_blocks.py",),
    (
        Code(
            "randomisation-list", "A list has a seed of 32 bytes, arms, and blocks that hold them.", "Correct the plan."
        ),
    ),
)
