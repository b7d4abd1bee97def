"""Parts of a workbook as a stream of XML events: bounded, without document types or entities. PURE."""

from collections.abc import Iterator
from typing import IO, Any, Protocol
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile
from zlib import error as ZlibError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from labs.imports.central_csv import FileRefusedError

# Excel writes the first, or the second where it is asked for the strict form of the standard.
MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
PIECE = 1 << 16
MAX_DEPTH = 100
# Names of elements and attributes are kept by the parser: a sheet has some fifty.
MAX_NAMES = 5_000
# A tag, an attribute or a comment is held until it is whole.
MAX_TAG = 1 << 20


class Target(Protocol):
    """What is told of a part, as by ``xml.etree``: it keeps what it wants."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def data(self, text: str) -> None:
        """Text, perhaps a piece of it."""


def refused(rule: str, sentence: str, *, line: int = 1) -> FileRefusedError:
    """A refusal of the workbook as a whole."""
    return FileRefusedError(f"{sentence} [{rule}]", line=line, rule=rule)


def main_tags(*names: str) -> dict[str, str]:
    """Full names of elements of a workbook to their short ones."""
    return {f"{{{space}}}{name}": name for space in MAIN for name in names}


class _Bounded:
    """Passes events on, counts them and the depth."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._depth = 0
        self.events = 0
        self.data = target.data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.events += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refused("xlsx-xml", f"Elements are nested more than {MAX_DEPTH} deep; no workbook is.")
        self._target.start(tag, attributes)

    def end(self, tag: str) -> None:
        self.events += 1
        self._depth -= 1
        self._target.end(tag)

    def close(self) -> None:
        """Nothing is built."""


def feed(stream: IO[bytes], target: Target, part: str) -> Iterator[None]:
    """Tell the target of a part, piece by piece; what it made of a piece can be fetched in between.

    Raises
    ------
    FileRefusedError
        Damaged, no XML, with a document type, or beyond every bound.
    """
    bounded = _Bounded(target)
    parser: Any = DefusedXMLParser(target=bounded, forbid_dtd=True)
    silent, events = 0, 0
    try:
        while piece := stream.read(PIECE):
            parser.feed(piece)
            silent = silent + len(piece) if bounded.events == events else 0
            events = bounded.events
            if silent > MAX_TAG or len(parser.parser.intern) > MAX_NAMES:
                raise refused("xlsx-xml", f"{part} holds what no workbook does: a tag or text without end.")
            yield
        parser.close()
    except FileRefusedError:
        raise
    except DefusedXmlException as error:
        raise refused("xlsx-xml", f"{part} declares a document type or entities, which no workbook needs.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise refused("xlsx-xml", f"{part} is not sound XML ({error}).") from error
    except (BadZipFile, ZlibError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise refused("xlsx-damaged", f"{part} cannot be unpacked ({error}).") from error
    yield
