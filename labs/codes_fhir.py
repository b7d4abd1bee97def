"""Error codes of a laboratory's FHIR resources. PURE."""

from labs.codes import IMPORTS, JSON, SEND_AGAIN
from trialsite.codes import Code, Section

FHIR = Section(
    "Laboratory file: FHIR resources",
    "In the report with entry or line, element, what was found and what is expected. Of an Observation that does not "
    "hold nothing is taken; beside these, the codes of rows above.",
    IMPORTS,
    (
        Code("fhir-resource", "An entry, or line, is a resource with its type, and no Bundle.", SEND_AGAIN),
        Code("fhir-shape", "An element is a text, an object or a list, as FHIR has it; text has no NUL.", SEND_AGAIN),
        Code(
            "fhir-modifier",
            "No modifierExtension and no implicitRules: they can turn the meaning of the rest round.",
            "Ask the laboratory what it says; have it sent without.",
        ),
        Code(
            "fhir-status",
            "An Observation is final, amended or corrected, or withdrawn; a report has a status of the standard.",
            "Wait for the final result, or declare `preliminary`: take.",
        ),
        Code(
            "fhir-reference",
            "A reference means one resource of the file: by address, by type and id, or contained.",
            "Have the laboratory send the resource too, once.",
        ),
        Code(
            "fhir-subject",
            "A Patient has one identifier of the declared system; specimen and result are of it, without focus.",
            "Correct `subject` of the layout, or have the file corrected.",
        ),
        Code(
            "fhir-accession",
            "There is one identifier where the accession number is declared to stand.",
            "Name its system in `accession` of the layout.",
        ),
        Code(
            "fhir-code",
            "A result has one code of a declared system.",
            "Add the system to `codes` of the layout, or have the code corrected.",
        ),
        Code("fhir-specimen", "The specimen of a result was not entered in error.", SEND_AGAIN),
        Code(
            "fhir-time",
            "A time has its offset from UTC; a result has a date, a time or a period, and no timing.",
            SEND_AGAIN,
        ),
        Code(
            "fhir-value",
            "A result has one value: a quantity, text, concept, integer or ratio without units; or a reason.",
            SEND_AGAIN,
        ),
        Code(
            "fhir-comparator",
            "A comparator is < or >, in a ratio of the denominator. A limit is stored as an open interval.",
            "Ask the laboratory for < or >, or for the result as text.",
        ),
        Code(
            "fhir-unit",
            "A coded unit is of UCUM. A unit without code is the assay's, or declared in `units`.",
            SEND_AGAIN,
        ),
        Code("fhir-range", "A limit of a reference range is a number in the unit of its value.", SEND_AGAIN),
        Code(
            "fhir-report",
            "What a report or panel names is in the file, and withdrawn where the report or panel is.",
            "Have the laboratory send what is missing, or say which counts.",
        ),
        Code(
            "fhir-bundle",
            "A Bundle is a collection, searchset, message, document, transaction or batch with a list of entries.",
            "Ask for one of these; a history holds several versions of a result.",
        ),
        *JSON,
    ),
)
