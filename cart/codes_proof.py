"""Error codes of worked cases and of the record of an installation. PURE."""

from cart.codes import CASES
from trialsite.codes import Code, Section

PROOF = Section(
    CASES.title,
    "",
    ("cart/endpoints/proof/", "cart/management/commands/validate_installation.py"),
    (
        *(one for one in CASES.codes if one.code in ("case-file", "cases-differ")),
        Code(
            "worked-case",
            "A worked case names frames and columns of the kernels, and of each answer its calculation.",
            "Correct the file in `cart/endpoints/proof/worked_cases`.",
        ),
        Code("vectors-folder", "A folder of case files has files ending in `.csv`.", "Name the folder that has them."),
        Code("report-target", "The record is written to a folder that can be written to.", "Name another with `--to`."),
    ),
)
