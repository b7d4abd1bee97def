"""Error codes of imports, laboratory records and the commands of this app. PURE."""

from trialsite.codes import Code, Section

IMPORTS = ("labs/imports/", "labs/actions/")
SEND_AGAIN = "Have the laboratory correct it and send the file again."
_FILE_UNREADABLE = Code(
    "file-unreadable",
    "The path names a file that this account may read.",
    "Correct the path, or the file's rights.",
)
_STORE_FULL = Code(
    "store-full",
    "The store of raw files can take the file: nothing is imported that is not kept.",
    "Make room in RAW_STORE, or correct its rights.",
)
_DATABASE_FULL = Code(
    "database-full",
    "The database's disk has room for what a file stores.",
    "Make room, then import again: nothing of the file is stored.",
)
_TOO_MANY_VERSIONS = Code(
    "too-many-versions",
    "A result has at most 255 versions.",
    "Ask the laboratory why it sends the value anew each time.",
)

ROWS = Section(
    "Laboratory file: rows",
    "In the report with line, column, what was found and what is expected. One such row refuses the whole file, unless "
    "the agreement with the laboratory allows quarantine: then it waits, and the others are stored.",
    IMPORTS,
    (
        Code("missing-subject", "A row names its subject.", SEND_AGAIN),
        Code(
            "unknown-subject",
            "The subject code is one of this study.",
            "Enter the subject, or have the code corrected; import again.",
        ),
        Code("missing-accession", "A row names its specimen by the accession number.", SEND_AGAIN),
        Code(
            "unknown-analyte",
            "The test code is one of this laboratory.",
            "Add it under Study set-up > Analyte codes; import again.",
        ),
        Code(
            "no-assay",
            "An assay version of the analyte is in force at this laboratory on the day of collection.",
            "Enter it under Study set-up > Assay versions, or have the date corrected.",
        ),
        Code("missing-date", "A row says when its specimen was collected.", SEND_AGAIN),
        Code(
            "date-format",
            "A date is in the format that the layout declares.",
            "Correct `date_format` of the layout, or have the file corrected. Nothing is guessed.",
        ),
        Code("impossible-date", "The day and the time exist in the calendar.", SEND_AGAIN),
        Code(
            "clock-gap",
            "The time exists in the layout's time zone, without one at the site: clocks skip an hour when summer time "
            "begins.",
            SEND_AGAIN,
        ),
        Code(
            "clock-twice",
            "A remark: the clocks showed the time twice, when summer time ended; the earlier is taken.",
            "Nothing, or ask the laboratory for times with their offset.",
        ),
        Code(
            "future-date",
            "Nothing is collected later than today, wherever on Earth the day is furthest on.",
            SEND_AGAIN,
        ),
        Code(
            "before-birth",
            "Nothing is collected before the subject's year of birth.",
            "Correct the year of birth, or have the date or the subject corrected.",
        ),
        Code(
            "before-consent",
            "Nothing is collected before the subject's first consent.",
            "Correct the consent's date, or have the date of collection corrected.",
        ),
        Code(
            "date-without-day",
            "The day of collection is known, unless the result is a text: the day decides the assay version.",
            "Ask the site for the day.",
        ),
        Code(
            "unknown-condition",
            "The condition is good, haemolysed, insufficient, other, or empty (good).",
            SEND_AGAIN,
        ),
        Code(
            "unit-mismatch",
            "The unit is the one of the assay version in force. Nothing is converted.",
            "Have the unit corrected, or enter the assay version with its new unit.",
        ),
        Code(
            "number-grammar",
            "A result is a number, a censored number (`<10`, `>5120`) or a titer (`1:640`) in plain ASCII, with the "
            "decimal mark of the layout.",
            "Have the result corrected; for results in words the analyte's kind is text.",
        ),
        Code(
            "missing-without-reason",
            "A row without a result says why.",
            "Have the reason filled in, or a condition that explains it (haemolysed, insufficient).",
        ),
        Code(
            "specimen-of-other-subject",
            "An accession number with its material and collection time belongs to one subject.",
            "Find out whose specimen it is; have the other corrected.",
        ),
        Code(
            "newer-value",
            "A quarantined row is taken later only where no later file gave another value.",
            "Ask the laboratory which value counts, and for a file with it.",
        ),
        Code(
            "vanished-row",
            "A cumulative file holds every row of the files before it. A warning: the file is taken.",
            "Answer the data query: the row was withdrawn, or forgotten.",
        ),
        Code("conflicting-rows", "A file gives one value for one specimen and analyte.", SEND_AGAIN),
        _TOO_MANY_VERSIONS,
        Code("too-long", "A text fits its column; the report says how many characters that are.", SEND_AGAIN),
        Code("field-count", "A line has as many fields as line 1.", SEND_AGAIN),
        Code("quotes", "A quoted field closes on its line; a quote inside it is doubled.", SEND_AGAIN),
        Code("nul", "A line holds no NUL character.", SEND_AGAIN),
        Code("line-end", "A line ends with LF or CRLF, and no CR stands inside it.", SEND_AGAIN),
        Code("blank-line", "Every line is a record.", SEND_AGAIN),
    ),
)
FILES = Section(
    "Laboratory file: the whole",
    "The file is refused; rows after the place are not looked at.",
    IMPORTS,
    (
        Code("empty-file", "Line 1 holds the column names.", "Ask the laboratory for the file."),
        Code(
            "encoding",
            "Every byte is text in the encoding of the layout.",
            "Correct `encoding` of the layout, or have the file corrected.",
        ),
        Code("header", "The column names can be read.", SEND_AGAIN),
        Code(
            "missing-column",
            "The file has every column that the layout names.",
            "Correct the layout, or have the file corrected.",
        ),
        Code("duplicate-column", "A column name stands once.", SEND_AGAIN),
        Code(
            "undeclared-column",
            "Every column of the file is declared, or named in `ignored`.",
            "Declare or ignore it in the layout.",
        ),
        Code("no-line-end", "A line has an end within 5 MB.", "Check that this is the right file, and a text file."),
        Code(
            "specimen-key",
            "A subject has at most 65,535 specimens.",
            "Check that the subject code is right; no trial comes near.",
        ),
        _FILE_UNREADABLE,
        Code(
            "file-changed",
            "A file is read, kept and known by its digest as the same bytes: nobody changes it meanwhile.",
            "Send it again once it is whole; nothing of it was stored.",
        ),
        _STORE_FULL,
        _DATABASE_FULL,
    ),
)
LAYOUTS = Section(
    "Laboratory file: its layout",
    "The layout of the laboratory (Study set-up > Laboratories) is looked at before the file.",
    IMPORTS,
    (
        Code("layout-entry", "A layout has known entries only.", "Correct or remove the entry."),
        Code(
            "layout-columns",
            "`columns` names every needed field once: subject, accession, collected, code, result, unit.",
            "Complete `columns`.",
        ),
        Code("layout-separator", "The separator is comma, semicolon, tab or |.", "Correct `separator`."),
        Code(
            "layout-decimal-mark",
            "The decimal mark is point or comma, and not the separator.",
            "Correct `decimal_mark`.",
        ),
        Code(
            "layout-format",
            "`format` is csv, xlsx, sdtm or fhir-r4.",
            "Correct it; without it the files are delimited.",
        ),
        Code(
            "layout-fhir",
            "A layout of FHIR declares subject, codes and accession; the other entries are as documented.",
            "Complete or correct the entry that the message names.",
        ),
        Code("layout-domain", "`domain` of an SDTM layout is LB, IS or CP.", "Correct it."),
        Code(
            "layout-sheet",
            "`sheet` is the name of a sheet, `header_row` the number of the row with the column names.",
            "Correct the entry.",
        ),
        Code(
            "layout-time-zone",
            "`time_zone` is a name of the IANA time zone database.",
            "Correct it, such as Europe/Brussels; without it times are the site's.",
        ),
        Code("layout-delivery", "The delivery is incremental or cumulative.", "Correct `delivery`."),
        Code("layout-encoding", "The encoding is utf-8, ascii, latin-1, iso8859-15 or cp1252.", "Correct `encoding`."),
        Code(
            "layout-date",
            "`date_format` is `iso` or a strptime pattern with day, month and year.",
            "Correct the pattern.",
        ),
    ),
)
_EXPORT_AGAIN = "Export it again; the message says what broke."
JSON = (
    Code("json-number", "JSON knows neither NaN nor Infinity: a missing number is null.", _EXPORT_AGAIN),
    Code("json-encoding", "Text is UTF-8, and every character of it whole.", "Export it as UTF-8."),
    Code("json-cut-off", "The file is whole: everything that opens closes.", "Fetch it again."),
    Code("json-broken", "The file is JSON, or a JSON value per line.", _EXPORT_AGAIN),
    Code("json-name-twice", "A name stands once in its object.", _EXPORT_AGAIN),
    Code("json-nesting", "A row holds texts and numbers, nothing nested without end.", _EXPORT_AGAIN),
    Code("json-too-large", "A value, such as a row, is at most 4,194,304 characters.", _EXPORT_AGAIN),
    Code("json-compression", "A compressed file is gzip or zlib, undamaged to its end.", "Fetch it again."),
    Code(
        "json-expands",
        "A compressed file expands to at most 200 times its size, and 16 GB.",
        "Check where it comes from; send it uncompressed.",
    ),
)
RECORDS_OF_SDTM = Section(
    "SDTM: records",
    "In the report with record, variable, what was found and what is expected. It is not stored, the others are.",
    IMPORTS,
    (
        Code("missing-subject", "A record of DM has a USUBJID.", "Complete DM."),
        Code("duplicate-subject", "DM has one record per USUBJID.", "Leave the one that counts."),
        Code(
            "unknown-subject",
            "USUBJID of EX and LB is in DM.",
            "Complete DM and import the folder again; what was refused is then stored.",
        ),
        Code("missing-drug", "EXTRT names the drug.", "Complete EX."),
        Code("missing-test", "LBTESTCD is not empty.", "Complete LB."),
        Code("missing-date", "LBDTC says when the specimen was collected, as exactly as known.", "Complete LB."),
        Code(
            "date-format",
            "LBDTC, EXSTDTC and EXENDTC are ISO 8601, cut off where unknown; EXSTDTC is not empty.",
            "Correct the date in the dataset.",
        ),
        Code("impossible-date", "The day and the time exist in the calendar.", "Correct LBDTC."),
        Code("future-date", "Nothing is collected later than today.", "Correct LBDTC."),
        Code(
            "before-birth",
            "Nothing is collected before the birth: BRTHDTC, else the earliest year that AGE allows.",
            "Correct LBDTC, BRTHDTC or AGE.",
        ),
        Code("sequence-range", "LBSEQ and EXSEQ are whole numbers from 0 to 2,147,483,647.", "Correct the sequence."),
        Code(
            "duplicate-sequence",
            "A sequence names one record of its subject.",
            "Number the records anew; what refers to them must follow.",
        ),
        Code("visit-number-range", "VISITNUM lies between -100,000 and 100,000.", "Correct VISITNUM."),
        Code("negative-dose", "EXDOSE is not negative.", "Correct EXDOSE."),
        Code("dose-range", "EXDOSE is under 10,000,000,000.", "Correct EXDOSE, or choose a larger EXDOSU."),
        Code(
            "specimen-of-other-subject",
            "A specimen belongs to one subject.",
            "Find out whose it is; correct USUBJID or LBREFID.",
        ),
        Code("conflicting-rows", "LB gives one value for one specimen and test.", "Leave the value that counts."),
        _TOO_MANY_VERSIONS,
        Code("too-long", "A text fits its column; the report says how many characters that are.", "Shorten the value."),
    ),
)
_DATASET_JSON = (
    Code("not-dataset-json", "A dataset is an object with datasetJSONVersion.", "Export it as Dataset-JSON 1.1."),
    Code("json-version", "datasetJSONVersion is 1.1, or 1.1 with a third number.", "Export it as Dataset-JSON 1.1."),
    Code(
        "json-domain",
        "`name` is the domain of the file, and `itemGroupOID` names no other domain.",
        "Correct the name of the file, or export it again.",
    ),
    Code("json-columns", "Every column has a name of SAS and a dataType of the standard.", _EXPORT_AGAIN),
    Code("json-column-twice", "A column stands once, whatever its case.", "Leave the one that counts."),
    Code(
        "json-records",
        "`records` is the number of rows: a file cut off between two is not half-read.",
        "Fetch it again.",
    ),
    Code("json-row", "A row is an array with a value for every column.", _EXPORT_AGAIN),
    Code(
        "json-value",
        "A value is of its column's dataType: texts and dates are strings, numbers bare and finite, decimals of "
        "at most 30 digits a side. Missing is null.",
        _EXPORT_AGAIN,
    ),
    Code("json-nul", "A text holds no NUL character.", "Correct the value."),
    *JSON,
)
DATASETS = Section(
    "SDTM: datasets",
    "Nothing is stored.",
    IMPORTS,
    (
        Code("folder-missing", "The path names a folder.", "Correct the path."),
        Code("folder-unreadable", "This account may read the folder.", "Correct the folder's rights."),
        Code(
            "dataset-missing",
            "The folder holds DM and LB as .xpt, .json, .ndjson or .dsjc, in any case.",
            "Add the dataset.",
        ),
        Code(
            "dataset-twice",
            "A dataset is there once, in one format, whatever its case.",
            "Leave the one that counts.",
        ),
        Code("dataset-empty", "DM and LB hold records.", "Export the dataset again."),
        Code("not-xpt", "A dataset is a SAS transport file of version 5.", "Export it as XPORT version 5."),
        Code("xpt-cut-off", "The file is whole: it ends with the end of a record.", "Fetch it again."),
        Code("xpt-several-datasets", "A file holds one dataset.", "Export one dataset per file."),
        Code("xpt-encoding", "Text is UTF-8 or ASCII.", "Export it with such text."),
        Code(
            "xpt-unreadable", "The file can be read as SAS transport.", "Export it again; the message says what broke."
        ),
        *_DATASET_JSON,
        Code(
            "variable-missing",
            "DM has STUDYID, USUBJID, SITEID; EX USUBJID, EXTRT, EXSTDTC; LB USUBJID, LBTESTCD, LBDTC, LBORRES.",
            "Add the variable to the dataset.",
        ),
        Code(
            "variable-type",
            "Codes and dates are texts, in the source too (no targetDataType): a date as a number has lost how exactly "
            "it was known.",
            "Export the variable as text.",
        ),
        _FILE_UNREADABLE,
        _STORE_FULL,
        _DATABASE_FULL,
    ),
)
SECTIONS = (ROWS, FILES, LAYOUTS, RECORDS_OF_SDTM, DATASETS)
