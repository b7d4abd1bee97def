"""Pages of the laboratory, one module per noun."""

from labs.admin import analyte, conversion, course, reference_range, result, specimen, study_titers, transfer

__all__ = ["analyte", "conversion", "course", "reference_range", "result", "specimen", "study_titers", "transfer"]
