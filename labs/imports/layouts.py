"""The layout that a laboratory declared, by its format. PURE."""

from collections.abc import Mapping
from typing import Any

from labs.imports import dataset_layout, fhir_layout, xlsx_layout
from labs.imports.dataset_layout import DatasetLayout
from labs.imports.fhir_layout import FhirLayout
from labs.imports.layout import Layout, LayoutError
from labs.imports.xlsx_layout import XlsxLayout

CSV = "csv"
AnyLayout = Layout | FhirLayout | XlsxLayout | DatasetLayout


def from_mapping(declared: Mapping[str, Any]) -> AnyLayout:
    """Layout from its JSON form; without ``format`` it is one of delimited files.

    Raises
    ------
    LayoutError
        Naming what is missing, unknown or impossible.
    """
    kind = declared.get("format", CSV)
    if kind == fhir_layout.FORMAT:
        return FhirLayout.from_mapping(declared)
    if kind == xlsx_layout.FORMAT:
        return XlsxLayout.from_mapping(declared)
    if kind == dataset_layout.FORMAT:
        return DatasetLayout.from_mapping(declared)
    if kind != CSV:
        known = f"{CSV}, {xlsx_layout.FORMAT}, {dataset_layout.FORMAT} or {fhir_layout.FORMAT}"
        raise LayoutError(f"The format is {known}; found {kind!r}. [layout-format]")
    return Layout.from_mapping({name: value for name, value in declared.items() if name != "format"})
