"""The zip file that a workbook is, and which of its parts hold what. PURE."""

import posixpath
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import unquote
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from labs.imports.xlsx_xml import Target, feed, main_tags, refused

MAX_EXPANDED = 2_000_000_000
MAX_RATIO = 200
# Small parts may be as repetitive as they like.
ALWAYS_FINE = 10_000_000
MAX_SMALL_PART = 4_000_000
MAX_DIRECTORY = 1_000_000
_END, _END64_LOCATOR, _END64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
_END_SIZE, _LOCATOR_SIZE, _END64_SIZE, _COMMENT = 22, 20, 56, 1 << 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TYPES, _PACKAGE_RELATIONS = "[Content_Types].xml", "_rels/.rels"
_WORKBOOK = main_tags("workbookPr", "sheet")
_WORKBOOK_TYPES = ("spreadsheetml.sheet.main+xml", "spreadsheetml.template.main+xml")


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook, in its order."""

    name: str
    part: str
    hidden: bool
    # Charts and dialogs are sheets too.
    has_cells: bool


class Package:
    """An opened workbook; a context.

    Raises
    ------
    FileRefusedError
        Not a workbook, damaged, with macros, or larger unpacked than anything it can rightly be.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._zip = _opened(self._file)
            try:
                # Names of parts are the same in whatever case.
                self._parts = _checked_parts(self._zip, path.stat().st_size)
                self._read_structure()
            except BaseException:
                self._zip.close()
                raise
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Package":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def open(self, part: str) -> IO[bytes]:
        """The bytes of a part; reading them may fail as damaged."""
        try:
            return self._zip.open(part)
        except (BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
            raise refused("xlsx-damaged", f"{part} cannot be unpacked ({error}).") from error

    def tell(self, part: str, target: Target) -> None:
        """Tell a target of a small part."""
        size = self._zip.getinfo(part).file_size
        if size > MAX_SMALL_PART:
            raise refused("xlsx-expands", f"{part} unpacks to {size:,} bytes; at most {MAX_SMALL_PART:,}.")
        with self.open(part) as stream:
            for _ in feed(stream, target, part):
                pass

    def _read_structure(self) -> None:
        relations = self._relations(_PACKAGE_RELATIONS, "")
        workbook = next((part for kind, part in relations.values() if kind == "officeDocument"), "")
        types = _ContentTypes()
        self.tell(self._known(_TYPES), types)
        kind = types.of(workbook)
        if "macroenabled" in kind.lower() or any("vbaproject" in name for name in self._parts):
            raise refused("xlsx-macros", "The workbook holds macros; save it as .xlsx, without them.")
        if not kind.endswith(_WORKBOOK_TYPES):
            raise refused(
                "xlsx-workbook", f"The file is a zip file but no .xlsx workbook; found {kind or 'no type'!r}."
            )
        book = _Book()
        self.tell(self._known(workbook), book)
        folder, name = posixpath.split(workbook)
        own = self._relations(posixpath.join(folder, "_rels", f"{name}.rels"), folder)
        self.counts_from_1904 = book.counts_from_1904
        self.sheets = []
        for one, key, hidden in book.sheets:
            kind, part = own.get(key, ("", ""))
            self.sheets.append(Sheet(one, self._known(part), hidden, kind == "worksheet"))
        parts = {kind: self._known(part) for kind, part in own.values() if kind in ("sharedStrings", "styles")}
        self.strings, self.styles = parts.get("sharedStrings"), parts.get("styles")

    def _known(self, part: str) -> str:
        known = self._parts.get(part.lower())
        if known is None:
            raise refused("xlsx-workbook", f"The file is no whole .xlsx workbook: it has no part {part[:100]!r}.")
        return known

    def _relations(self, part: str, folder: str) -> dict[str, tuple[str, str]]:
        """Id of each relation to its kind and the part it names."""
        relations = _Relations(folder)
        self.tell(self._known(part), relations)
        return relations.found


class _ContentTypes:
    def __init__(self) -> None:
        self._by_part: dict[str, str] = {}
        self._by_ending: dict[str, str] = {}

    def of(self, part: str) -> str:
        """Content type of a part."""
        ending = part.rpartition(".")[2].lower()
        return self._by_part.get(part.lower()) or self._by_ending.get(ending, "")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "")
        if tag.endswith("}Override"):
            self._by_part[unquote(attributes.get("PartName", "")).removeprefix("/").lower()] = kind
        elif tag.endswith("}Default"):
            self._by_ending[attributes.get("Extension", "").lower()] = kind

    def end(self, tag: str) -> None:
        """Everything is in the attributes."""

    def data(self, text: str) -> None:
        """Everything is in the attributes."""


class _Relations:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.found: dict[str, tuple[str, str]] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag.endswith("}Relationship") and attributes.get("TargetMode") != "External":
            target = unquote(attributes.get("Target", ""))
            part = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(self._folder, target))
            self.found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], part)

    def end(self, tag: str) -> None:
        """Everything is in the attributes."""

    def data(self, text: str) -> None:
        """Everything is in the attributes."""


class _Book:
    def __init__(self) -> None:
        self.counts_from_1904 = False
        self.sheets: list[tuple[str, str, bool]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = _WORKBOOK.get(tag)
        if kind == "workbookPr":
            self.counts_from_1904 = attributes.get("date1904", "0").lower() in ("1", "true", "on")
        elif kind == "sheet":
            key = next((value for name, value in attributes.items() if name.endswith("relationships}id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), key, hidden))

    def end(self, tag: str) -> None:
        """Everything is in the attributes."""

    def data(self, text: str) -> None:
        """Everything is in the attributes."""


def _opened(file: IO[bytes]) -> ZipFile:
    """The zip file, after a look at what it begins and ends with."""
    head = file.read(len(_OLE))
    if not head:
        raise refused("empty-file", "The file is empty; it must be an .xlsx workbook.")
    if head == _OLE:
        raise refused("xlsx-workbook", "The file is an old .xls workbook, or one with a password; save it as .xlsx.")
    if not head.startswith(b"PK"):
        shown = head.decode("ascii", "replace")
        raise refused("xlsx-workbook", f"The file is no .xlsx workbook: it begins with {shown!r}. Is it a text file?")
    if _directory_size(file) > MAX_DIRECTORY:
        raise refused("xlsx-expands", f"The list of the file's parts has more than {MAX_DIRECTORY:,} bytes.")
    try:
        return ZipFile(file)
    except (BadZipFile, OSError, ValueError, NotImplementedError, struct.error, UnicodeDecodeError) as error:
        raise refused("xlsx-damaged", f"The workbook is cut off or damaged ({error}).") from error


def _directory_size(file: IO[bytes]) -> int:
    """Bytes of the list of parts, as ``zipfile`` is about to read it whole."""
    length = file.seek(0, 2)
    reach = _COMMENT + _END_SIZE
    file.seek(max(0, length - reach - _LOCATOR_SIZE - _END64_SIZE))
    tail = file.read()
    file.seek(0)
    at = len(tail) - _END_SIZE
    if not (tail[at:].startswith(_END) and tail.endswith(b"\0\0")):
        at = tail.rfind(_END, max(0, len(tail) - reach))
    if at < 0 or len(tail) < at + _END_SIZE:
        raise refused("xlsx-damaged", "The workbook is cut off: a zip file ends with the list of its parts.")
    locator = at - _LOCATOR_SIZE
    record = locator - _END64_SIZE
    if record >= 0 and tail[locator:at].startswith(_END64_LOCATOR) and tail[record:locator].startswith(_END64):
        return int(struct.unpack("<Q", tail[record + 40 : record + 48])[0])
    return int(struct.unpack("<L", tail[at + 12 : at + 16])[0])


def _checked_parts(archive: ZipFile, length: int) -> dict[str, str]:
    """Name of each part in small letters to its name."""
    parts: dict[str, str] = {}
    unpacked = packed = 0
    for part in archive.infolist():
        _check_part(part)
        if part.filename.lower() in parts:
            raise refused("xlsx-damaged", f"The part {part.filename[:100]!r} stands twice in the file.")
        parts[part.filename.lower()] = part.filename
        unpacked += part.file_size
        packed += part.compress_size
    if unpacked > MAX_EXPANDED:
        raise refused("xlsx-expands", f"The workbook unpacks to {unpacked:,} bytes; at most {MAX_EXPANDED:,}.")
    if packed > length:
        raise refused("xlsx-damaged", f"The parts of the workbook claim {packed:,} bytes of a file of {length:,}.")
    return parts


def _check_part(part: ZipInfo) -> None:
    if part.flag_bits & 1 or part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise refused("xlsx-damaged", f"The part {part.filename[:100]!r} is encrypted, or packed as no workbook is.")
    if part.file_size > max(ALWAYS_FINE, MAX_RATIO * part.compress_size):
        raise refused(
            "xlsx-expands",
            f"The part {part.filename[:100]!r} unpacks to {part.file_size:,} bytes from {part.compress_size:,}; "
            f"at most {MAX_RATIO} times.",
        )
