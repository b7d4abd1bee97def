"""Which terms of the CTCAE grade which laboratory test.

By CDISC controlled terminology (codelist LBTESTCD). A test that is not here has no grade. Calcium is graded as it is
reported; the criteria mean calcium corrected for albumin, so an analyte with the test code ``CA`` should hold that.
"""

from collections.abc import Mapping

from cart.endpoints.ctcae_criteria import CRITERIA

_TERMS: Mapping[str, tuple[str, ...]] = {
    "NEUT": ("Neutrophil count decreased",),
    # One of the two, by version.
    "PLAT": ("Platelet count decreased", "Thrombocytopenia"),
    "LYM": ("Lymphocyte count decreased", "Lymphocyte count increased"),
    "WBC": ("White blood cell decreased", "Leukocytosis"),
    "HGB": ("Anemia", "Hemoglobin increased"),
    "EOS": ("Eosinophilia",),
    "HAPTOG": ("Haptoglobin decreased",),
    "BICARB": ("Blood bicarbonate decreased",),
    "CD4": ("CD4 lymphocytes decreased",),
    "ALT": ("Alanine aminotransferase increased",),
    "AST": ("Aspartate aminotransferase increased",),
    "ALP": ("Alkaline phosphatase increased",),
    "GGT": ("GGT increased",),
    "BILI": ("Blood bilirubin increased",),
    "LDH": ("Blood lactate dehydrogenase increased",),
    "CREAT": ("Creatinine increased",),
    "CREATCLR": ("Creatinine clearance decreased",),
    "CK": ("CPK increased",),
    "CA": ("Hypocalcemia", "Hypercalcemia"),
    "CAION": ("Hypocalcemia (Ionized)", "Hypercalcemia (Ionized)"),
    "K": ("Hypokalemia", "Hyperkalemia"),
    "SODIUM": ("Hyponatremia", "Hypernatremia"),
    "MG": ("Hypomagnesemia", "Hypermagnesemia"),
    "PHOS": ("Hypophosphatemia",),
    "ALB": ("Hypoalbuminemia",),
    "GLUC": ("Hypoglycemia", "Hyperglycemia"),
    "FIBRINO": ("Fibrinogen decreased",),
    "INR": ("INR increased",),
    "APTT": ("Activated partial thromboplastin time prolonged",),
    "LIPASE": ("Lipase increased",),
    "LIPASET": ("Lipase increased",),
    "AMYLASE": ("Serum amylase increased",),
    "CHOL": ("Cholesterol high",),
    "TRIG": ("Hypertriglyceridemia",),
    "URATE": ("Hyperuricemia",),
}


def terms_of(test_code: str, *, version: str) -> list[str]:
    """Terms of a version that grade a test; empty where there is none.

    >>> terms_of("PLAT", version="5"), terms_of("PLAT", version="6"), terms_of("PHOS", version="5")
    (['Platelet count decreased'], ['Thrombocytopenia'], [])
    """
    return [term for term in _TERMS.get(test_code, ()) if term in CRITERIA[version]]
