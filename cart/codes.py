"""Error codes of the trial: records, commands, endpoints. PURE."""

from trialsite.codes import Code, Section

UNKNOWN_STUDY = Code("unknown-study", "The study exists.", "Correct its code, or make it (load_study_template).")
WRONG_SUBJECT = Code(
    "wrong-subject",
    "Records that hang together are of one subject: apheresis and lot, course and component, visit and specimen.",
    "Choose the one of this subject.",
)
EDIT_CONFLICT = Code(
    "edit-conflict",
    "Nobody changed the page while you had it open.",
    "Open it again and enter your change; nothing of it is stored.",
)

RECORDS = Section(
    "Records",
    "",
    ("cart/models/", "cart/admin/", "cart/actions/", "cart/migrations/"),
    (
        Code("no-reason", "A change says why.", "Fill in the reason for the change."),
        EDIT_CONFLICT,
        WRONG_SUBJECT,
        Code("wrong-study", "A specimen's subject belongs to the specimen's study.", "Choose another subject."),
        Code("site-of-other-study", "The site belongs to the same study.", "Choose another site."),
        Code("arm-of-other-study", "The arm belongs to the same study.", "Choose another arm."),
        Code(
            "visit-window",
            "A visit lies in its window, or says why not.",
            "Correct the day, or fill in why it is outside the window.",
        ),
        Code("visit-of-other-study", "The planned visit belongs to the subject's study.", "Choose another visit."),
        Code(
            "wrong-chain",
            "A custody event's lot was made from its apheresis.",
            "Choose the lot of this apheresis, or the apheresis of this lot.",
        ),
        Code(
            "specification-of-other",
            "A release test's criterion belongs to the lot's product version.",
            "Choose a criterion of that version.",
        ),
        Code(
            "lot-not-released",
            "A lot is infused after its release: released, also conditionally or with an approved exception.",
            "Release it first; check both times.",
        ),
        Code("lot-target", "A component's target is one that its lot binds.", "Choose another lot or target."),
        Code(
            "lot-state",
            "A lot goes forward: it is infused by an infusion only, and an infused or destroyed lot stays so.",
            "Record the infusion, or choose a state that follows.",
        ),
        Code(
            "no-specification", "A product has a release specification before a lot is released.", "Enter its criteria."
        ),
        Code(
            "release-tests",
            "Every criterion has a test that passes, or may follow the release.",
            "Enter the tests that the message names.",
        ),
        Code(
            "already-released",
            "A lot is released once; a conditional release is completed when the late results are there.",
            "Enter the missing result, or leave the lot as it is.",
        ),
        Code(
            "release-time",
            "A completed release keeps the time of its conditional release.",
            "Leave the time as it was.",
        ),
        Code("no-component", "An infusion has at least one component.", "Give a lot and its target."),
        Code(
            "infusion-twice",
            "A lot is given against a target once at a time: the same cells are not recorded twice.",
            "Look at the infusion that is recorded; correct its times, or this one's.",
        ),
        Code("future-date", "A consent is signed today or earlier.", "Correct the date."),
        Code("before-birth", "Consent is signed after the year of birth.", "Correct one of the two."),
        Code(
            "partial-date",
            "A date is `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm`, and exists.",
            "Enter as much as is known.",
        ),
        Code("time-zone", "A time zone is an IANA name such as Europe/Brussels.", "Choose one."),
        Code(
            "code-characters",
            "A code holds letters, digits, '.', '_' and '-' and begins with a letter or digit.",
            "Choose another code.",
        ),
        Code(
            "refused-by-database",
            "The record keeps the rules of the database.",
            "The message holds PostgreSQL's own words; tell who operates the server.",
        ),
    ),
)
COMMANDS = Section(
    "Commands",
    "",
    (
        "cart/management/",
        "cart/actions/template",
        "cart/endpoints/baseline.py",
        "cart/endpoints/censoring.py",
    ),
    (
        UNKNOWN_STUDY,
        Code("export-format", "A file is CSV or Parquet.", "Give csv or parquet, or an ending .csv or .parquet."),
        Code(
            "stale-subjects",
            "No subject has inputs newer than its answers. A warning: the files are written.",
            "Recompute (Study set-up > Studies, or wait for the job), then export again.",
        ),
        Code("unknown-template", "The template is one that ships.", "Choose one that the message names."),
        Code("template-file", "A template is a file of UTF-8 text.", "Save it as UTF-8."),
        Code("template-yaml", "A template is YAML, each key once.", "Correct the line that is named."),
        Code("template-shape", "A template and its entries are mappings.", "Correct the template."),
        Code("template-key", "A template has its needed keys and no unknown one.", "Correct the key that is named."),
        Code("template-type", "A value has the type of its key.", "Correct the value that is named."),
        Code("template-unit", "A unit is written as in UCUM; '1' without dimension.", "Correct the unit."),
        Code("template-twice", "A code stands once in its section.", "Remove or rename one of the two."),
        Code("template-of-other-study", "A study keeps its template.", "Load the other into a study of its own."),
        Code("template-anchor", "An arm keeps the anchor of its days.", "Give the arm that differs another code."),
        Code("baseline-rule", "A baseline rule is one that the message names, or visit:NAME.", "Choose one."),
        Code("imputation", "A number for values below LLOQ comes by a rule that the message names.", "Choose one."),
    ),
)
ENDPOINTS = Section(
    "Computing endpoints",
    "In the error of a job that failed, or in a notebook that calls the kernels. Parameters are set per study; the "
    "other codes name faults of a program.",
    ("cart/endpoints/", "cart/actions/stored_answers.py"),
    (
        Code("unknown-endpoint", "Parameters are set for an endpoint that exists, or for `*`.", "Correct the code."),
        Code("unknown-parameter", "The endpoint has the parameter.", "Correct its name; endpoints.md lists them."),
        Code("parameter-type", "A parameter has the type of its default.", "Correct the value."),
        Code("parameter-value", "A parameter lies within its bounds, or is one of its choices.", "Correct the value."),
        Code("frame-missing", "Every input frame is given.", "Give the frame that is named."),
        Code("frame-column", "An input frame has its columns.", "Add the column."),
        Code("frame-type", "A column has its type.", "Cast the column."),
        Code("frame-duplicate", "A key stands once in a frame.", "Remove the second row."),
        Code("missing-without-reason", "An answer without value has a reason.", "Correct the kernel."),
        Code("answer-twice", "A kernel answers each subject, series and timepoint once.", "Correct the kernel."),
        Code("answer-not-a-number", "An answer's value and bounds are numbers or missing.", "Correct the kernel."),
        Code(
            "analyte-undeclared",
            "An endpoint declares every analyte whose results it reads: only those are read for it.",
            "Name it in the definition, or in a parameter with `reads`.",
        ),
        Code("answers-lost", "Every computed answer belongs to a subject of the run.", "Report it; nothing is stored."),
        Code("endpoint-code", "An endpoint's code has at most 8 capitals and digits.", "Choose another code."),
        Code("endpoint-label", "An endpoint's label has 1 to 40 characters.", "Choose another label."),
        Code("endpoint-twice", "An endpoint is registered once.", "Remove one."),
        Code("endpoint-order", "An endpoint is registered after those it reads.", "Change the order."),
        Code("partial-date", "A date is ISO 8601, cut off where unknown, and exists.", "Correct the date."),
        Code("titer", "A titer is written `1:640`, `<1:40` or `>1:5120`.", "Correct the text."),
        Code("count", "A count is a number, `<number` or `>number`.", "Correct the text."),
        Code("fold-change", "A fold change is taken of values above zero.", "Leave out the pair."),
        Code("half-life-points", "A half-life rests on as many points as the message says.", "Give more points."),
        Code("half-life-values", "Its values are above zero and on different days.", "Leave out the others."),
        Code("half-life-days", "A half-life is above zero.", "Correct the number."),
        Code("ctcae-version", "The version of the CTCAE is 4, 5 or 6.", "Choose one."),
        Code("ctcae-term", "The term has laboratory criteria in its version.", "Choose one that the message names."),
        Code("crs-component", "A component of CRS is a word of its scale.", "Correct the word."),
        Code("icans-component", "A finding of ICANS is a word of its scale.", "Correct the word."),
        Code("ice-score", "An ICE score is whole, 0 to 10, of its five parts.", "Correct the points."),
        Code("low-counts", "A count is not negative, of a day of the window.", "Give the counts of the window."),
        Code("icaht-method", "Days of ICAHT are of the longest spell, or cumulative.", "Choose one."),
        Code(
            "low-platelet-days",
            "Days of low platelets are whole, 0 to 31; those below 20 are below 50 too.",
            "Correct the days.",
        ),
        Code("hematotox-value", "A value of CAR-HEMATOTOX is not negative.", "Correct the value."),
        Code("outcomes", "Outcomes are cohorts such as `1NNN 2NT`, at doses of the study.", "Correct the text."),
        Code("escalation-rule", "A rule of escalation is 3+3 or BOIN.", "Choose one."),
        Code("three-plus-three", "Cohorts follow the 3+3 rule.", "Correct the outcomes, or leave out strict mode."),
        Code("boin-rates", "Rates of BOIN: target 0.05 to 0.6, the others a tenth of it away.", "Correct the rates."),
        Code("stopping-boundary", "A boundary has a subject, probabilities within 0 and 1.", "Correct the numbers."),
        Code("body-size", "Heights are 30 to 280 cm, weights 1 to 500 kg.", "Correct the value or its unit."),
        Code("bsa-formula", "A formula of body surface is one that the message names.", "Choose one."),
        Code("renal-value", "Creatinine, its unit, age and sex are ones that can be.", "Correct the value."),
        Code("dose-value", "Clearance, body surface and full dose are numbers that can be.", "Correct the value."),
        Code("cell-dose", "Amounts of cells are not negative, shares from 0 to 1.", "Correct the value."),
        Code(
            "delta-limit",
            "A delta limit is absolute with a unit or per cent, not negative, with window and source, once an analyte.",
            "Correct the limit.",
        ),
        Code("disease-value", "A score or measurement lies in the range that the message names.", "Correct the value."),
        Code("criss-improvement", "An improvement is above 0 and up to 100 %.", "Correct the parameter."),
        Code("criss-items", "A response needs 1 to 5 of the 5 items.", "Correct the parameter."),
        Code("confidence", "The coverage of an interval lies between 0 and 1.", "Correct the parameter."),
        Code("lung-equation", "The reference equations are ones that the message names.", "Choose one."),
        Code("lung-measure", "The equations have the measure.", "Choose one that the message names."),
        Code("lung-reading", "The tables are read in a way that the message names.", "Choose one."),
        Code("lung-sex", "The equations have tables of the sex: M or F.", "Leave it empty where it is not known."),
        Code("lung-group", "The equations have the group: 1 to 5.", "Leave it empty where it is not known."),
        Code("ild-definition", "The definition of progression is one that the message names.", "Choose one."),
    ),
)
CASES = Section(
    "Files of cases",
    "In the answer of `evaluate_vectors` and of `validate_installation`.",
    ("cart/endpoints/vectors/", "cart/management/commands/evaluate_vectors.py"),
    (
        Code("case-kind", "The name of a case file selects its kernel.", "Rename the file, or give `--kind`."),
        Code("case-file", "A case file is CSV in UTF-8, each row with the heading's columns.", "Correct the file."),
        Code("case-columns", "A case file has the columns of its kind.", "Add the columns that are named."),
        Code("case-value", "A value is one of its kind: a number, 1 or 0.", "Correct the value."),
        Code("cases-differ", "Every case agrees with its kernel.", "Look at each difference."),
    ),
)
SECTIONS = (RECORDS, COMMANDS, ENDPOINTS, CASES)
