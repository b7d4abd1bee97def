"""Records of the laboratory, one module per noun."""

from labs.models.analyte import Analyte, AnalyteCode, Laboratory
from labs.models.assay import AssayVersion
from labs.models.conversion import BridgingFactor, ConversionFactor
from labs.models.delta_limit import DeltaLimit
from labs.models.judgement import Judgement
from labs.models.reference_range import ReferenceRange
from labs.models.result import Result, result_key
from labs.models.specimen import SPECIMEN_BITS, Specimen, lock_specimen_numbers
from labs.models.transfer import RawFile, Transfer, TransferRow

__all__ = [
    "SPECIMEN_BITS",
    "Analyte",
    "AnalyteCode",
    "AssayVersion",
    "BridgingFactor",
    "ConversionFactor",
    "DeltaLimit",
    "Judgement",
    "Laboratory",
    "RawFile",
    "ReferenceRange",
    "Result",
    "Specimen",
    "Transfer",
    "TransferRow",
    "lock_specimen_numbers",
    "result_key",
]
