"""Error codes of a laboratory's Excel workbooks. PURE."""

from labs.codes import IMPORTS, SEND_AGAIN
from trialsite.codes import Code, Section

_SAVE_AGAIN = "Open it in Excel and save it anew as .xlsx, or have the laboratory send it again."
XLSX = Section(
    "Laboratory file: Excel workbooks",
    "In the report with row, column, what was found and what is expected; those of the whole workbook refuse it. "
    "Beside these, the codes of rows and of the header above.",
    IMPORTS,
    (
        Code("xlsx-error-value", "No cell holds an error of Excel, such as #N/A.", SEND_AGAIN),
        Code("xlsx-formula", "A formula has been computed: its value stands in the file.", _SAVE_AGAIN),
        Code(
            "xlsx-date-cell",
            "Only collection and receipt are cells that Excel holds as dates or times.",
            "Have the column formatted as text before it is filled: Excel takes 1:40 for a time and 3-1 for a date.",
        ),
        Code(
            "xlsx-number",
            "What is no result is a text where digits count: numbers of 16 digits and more, and dates whose pattern "
            "does not begin with the year.",
            "Have the column formatted as text before it is filled.",
        ),
        Code("xlsx-cell", "A cell holds what its type says.", _SAVE_AGAIN),
        Code(
            "xlsx-outside", "No value stands in a column without a name.", "Name the column, and declare or ignore it."
        ),
        Code("xlsx-merged", "Every row states its own values: no merged cells.", "Have them unmerged and filled."),
        Code("xlsx-order", "Rows and cells stand in their order, each once, inside the sheet.", _SAVE_AGAIN),
        Code(
            "xlsx-sheet",
            "The declared sheet is there; without one, the first sheet is visible and has cells.",
            "Correct `sheet` of the layout, or have the file corrected.",
        ),
        Code("xlsx-workbook", "The file is an .xlsx workbook: no .xls, no .xlsb, no password.", _SAVE_AGAIN),
        Code("xlsx-macros", "A workbook holds no macros.", "Save it as .xlsx, without them."),
        Code("xlsx-damaged", "The zip file that a workbook is can be unpacked to its end.", "Fetch it again."),
        Code("xlsx-xml", "Its parts are sound XML without document types, entities or texts without end.", _SAVE_AGAIN),
        Code(
            "xlsx-expands",
            "A workbook unpacks to at most 2 GB; a part of more than 10 MB to at most 200 times its size.",
            "Check where it comes from.",
        ),
    ),
)
