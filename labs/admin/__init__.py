"""Pages of the laboratory, one module per noun."""

from labs.admin import analyte, course, reference_range, result, specimen, transfer

__all__ = ["analyte", "course", "reference_range", "result", "specimen", "transfer"]
