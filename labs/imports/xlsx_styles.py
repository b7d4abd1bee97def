"""Which of a workbook's styles show a number as a date or a time. PURE."""

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from labs.imports.xlsx_package import Package
from labs.imports.xlsx_xml import main_tags

_TAGS = main_tags("numFmt", "cellXfs", "xf")
# Dates and times of East Asian Excel, which the standard names and openpyxl does not.
_EAST_ASIAN = frozenset({*range(27, 37), *range(50, 59)})


def date_styles(package: Package) -> frozenset[str]:
    """Numbers of the styles (attribute ``s`` of a cell) that show dates, times or durations."""
    if package.styles is None:
        return frozenset()
    reader = _Reader()
    package.tell(package.styles, reader)
    formats = {**BUILTIN_FORMATS, **reader.formats}
    dates = {number for number, code in formats.items() if is_date_format(code)}
    dates |= {number for number in _EAST_ASIAN if number not in reader.formats}
    return frozenset(str(style) for style, number in enumerate(reader.styles) if number in dates)


class _Reader:
    def __init__(self) -> None:
        self.formats: dict[int, str] = {}
        self.styles: list[int] = []
        self._of_cells = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = _TAGS.get(tag)
        if kind == "numFmt":
            self.formats[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif kind == "cellXfs":
            self._of_cells = True
        elif kind == "xf" and self._of_cells:
            self.styles.append(_number(attributes.get("numFmtId")))

    def end(self, tag: str) -> None:
        if _TAGS.get(tag) == "cellXfs":
            self._of_cells = False

    def data(self, text: str) -> None:
        """Everything is in the attributes."""


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
