"""Error codes of the desk: consent forms, and what a form asks about assessments and safety records. PURE."""

from trialsite.codes import Code, Section

OFF_VISIT = Code(
    "off-visit", "An assessment or specimen is near its visit, or says why not.", "Correct day or visit, or say why."
)

DESK = Section(
    "Records",
    "",
    ("cart/models/consent_form.py", "cart/models/plausible"),
    (
        OFF_VISIT,
        Code(
            "unusual-change",
            "A value is near the one before, or says why not.",
            "Look at both; correct one, or say why it is right.",
        ),
        Code("unusual-day", "A record is of its usual days, or says why not.", "Correct the day, or say why."),
        Code(
            "seldom-not-serious",
            "A life-threatening event is serious, or says why not.",
            "Tick what makes it serious, or say why it is not.",
        ),
        Code(
            "consent-form-twice",
            "A site has each version of the consent form once.",
            "Change the entry that is there, with the reason.",
        ),
        Code("consent-form-unnamed", "A consent form has its version.", "Fill it in as it stands in the consents."),
    ),
)
