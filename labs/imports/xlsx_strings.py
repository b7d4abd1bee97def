"""The texts of a workbook, which its cells refer to by number: on disk, however many there are. PURE."""

import re
import tempfile
from array import array
from functools import lru_cache
from types import TracebackType

from labs.imports.xlsx_package import Package
from labs.imports.xlsx_xml import feed, main_tags, refused

# Eight times what Excel lets into a cell: some characters are written as seven.
MAX_TEXT = 262_144
_CACHED = 1 << 16
_TAGS = main_tags("si", "t", "rPh")
# Excel writes characters that XML cannot hold by their number.
_ESCAPE = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")


def unescaped(text: str) -> str:
    """Text as Excel shows it: ``_x000D_`` is a carriage return, ``_x005F_`` an underscore.

    >>> unescaped("a_x005F_b")
    'a_b'
    """
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda found: _characters(found[0]), text)


def _characters(escapes: str) -> str:
    units = "".join(chr(int(one, 16)) for one in re.findall("_x([0-9A-Fa-f]{4})_", escapes))
    try:
        # Two halves of a pair are one character.
        return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        # A half alone stays, for the checks of cells to find.
        return units


class SharedTexts:
    """Texts by number; a context, because they are in a temporary file."""

    def __init__(self, package: Package) -> None:
        self._file = tempfile.TemporaryFile(prefix="trialsite-")  # noqa: SIM115 - closed by the context
        self._ends = array("Q", [0])
        self.text = lru_cache(_CACHED)(self._text)
        if package.strings is not None:
            reader = _Reader()
            with package.open(package.strings) as stream:
                for _ in feed(stream, reader, package.strings):
                    self._keep(reader.take())

    def __enter__(self) -> "SharedTexts":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _keep(self, texts: list[str]) -> None:
        end = self._ends[-1]
        for text in texts:
            piece = text.encode("utf-8", "surrogatepass")
            self._file.write(piece)
            end += len(piece)
            self._ends.append(end)

    def _text(self, number: int) -> str | None:
        """Text of a number; None where there is none."""
        if number + 1 >= len(self._ends):
            return None
        start, end = self._ends[number], self._ends[number + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode("utf-8", "surrogatepass")


class _Reader:
    """Collects the texts of ``si`` elements; how a name is read aloud (``rPh``) is no part of it."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._takes = False
        self._aside = 0

    def take(self) -> list[str]:
        """Texts that are whole by now."""
        texts, self._texts = self._texts, []
        return texts

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = _TAGS.get(tag)
        if kind == "si":
            self._pieces, self._length = [], 0
        elif kind == "rPh":
            self._aside += 1
        elif kind == "t":
            self._takes = not self._aside

    def end(self, tag: str) -> None:
        kind = _TAGS.get(tag)
        if kind == "si":
            self._texts.append(unescaped("".join(self._pieces)))
        elif kind == "rPh":
            self._aside -= 1
        elif kind == "t":
            self._takes = False

    def data(self, text: str) -> None:
        if self._takes:
            self._length += len(text)
            if self._length > MAX_TEXT:
                raise refused("xlsx-xml", f"A text of the workbook has more than {MAX_TEXT:,} characters.")
            self._pieces.append(text)
