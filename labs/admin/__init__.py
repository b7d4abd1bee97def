"""Pages of the laboratory, one module per noun."""

from labs.admin import analyte, course, result, specimen, transfer

__all__ = ["analyte", "course", "result", "specimen", "transfer"]
