"""JSON values of a file one after the other, the file never whole in memory. PURE.

Standard library only: its decoder gives every value of a text, wherever it stands, and numbers as they are
written; what is missing for large files (reading on where a value goes on) is here.
"""

import codecs
import json
import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

from labs.imports.sdtm_variables import DatasetError

PIECE = 1 << 20
# Characters of one value (a row, the columns): far beyond any dataset, and little enough to hold.
MAX_VALUE = 4 << 20
# Names in the outermost object; the standard knows some twenty, extensions add a few.
MAX_NAMES = 1000
# The pilot's LB shrinks to a thirteenth; deflate can reach a thousandth, which no records of subjects do.
MAX_RATIO = 200
MAX_EXPANDED = 16 << 30
_GZIP = b"\x1f\x8b"
_SPACE = re.compile(r"[ \t\r\n]*")
# Where the text ends inside a literal (`tru`), a number or an escape, the decoder points at its beginning.
_NEAR_END = 10
_UNFINISHED = re.compile(r"t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|[-+.eE0-9]*|\\?u?[0-9a-fA-F]*")


class Number(str):
    """A JSON number as it is written."""

    __slots__ = ()


@contextmanager
def json_text(path: Path, called: str = "") -> Iterator["JsonText"]:
    """Values of a file's text, see ``text_pieces``."""
    with text_pieces(path, called) as pieces:
        yield JsonText(called or path.name, pieces)


@contextmanager
def text_pieces(path: Path, called: str = "") -> Iterator[Iterator[str]]:
    """Text of a file in pieces, compressed (gzip or zlib, told by its first bytes) or not.

    ``called``: its name in sentences, where it is kept under another one.

    Raises
    ------
    DatasetError
        Unreadable, not UTF-8, not JSON, cut off, or larger than anything it can rightly be.
    """
    try:
        with path.open("rb") as file, closing(_characters(called or path.name, file)) as pieces:
            yield pieces
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}. [file-unreadable]") from error


class JsonText:
    """The values of a text, taken one by one."""

    def __init__(self, file_name: str, pieces: Iterator[str]) -> None:
        self._file_name = file_name
        self._pieces = pieces
        self._text, self._at, self._before = "", 0, 0
        self._decode = json.JSONDecoder(
            parse_int=Number, parse_float=Number, parse_constant=self._no_number, object_pairs_hook=self._object
        ).raw_decode

    @property
    def taken(self) -> int:
        """Characters behind us."""
        return self._before + self._at

    def names(self) -> Iterator[str]:
        """Names of the object that begins here; whoever iterates takes the value of each before the next."""
        seen: set[str] = set()
        self._take("{")
        if self.peek() == "}":
            self._take("}")
            return
        while True:
            name = self.value() if self.peek() == '"' else self._take('"')
            if name in seen:
                self._twice(name)
            seen.add(name)
            if len(seen) > MAX_NAMES:
                raise DatasetError(f"{self._file_name} has more than {MAX_NAMES} members. [json-too-large]")
            self._take(":")
            yield name
            if self._take(",}") == "}":
                return

    def items(self) -> Iterator[Any]:
        """Values of the array that begins here."""
        self._take("[")
        if self.peek() == "]":
            self._take("]")
            return
        while True:
            yield self.value()
            if self._take(",]") == "]":
                return

    def value(self) -> Any:
        """The value that begins here, numbers as ``Number``."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except RecursionError as error:
                raise DatasetError(
                    f"{self._file_name} nests its values absurdly deep; a row holds texts and numbers. [json-nesting]"
                ) from error
            except json.JSONDecodeError as error:
                unclosed = error.msg.startswith("Unterminated")
                # An error well before the end is one whatever follows.
                if (unclosed or error.pos >= len(self._text) - _NEAR_END) and self._read_on():
                    continue
                self._broken(error.pos, error.msg, unclosed=unclosed)
            # A number at the end of what is read may go on behind it.
            if end == len(self._text) and self._read_on():
                continue
            self._at = end
            return value

    def peek(self) -> str:
        """The next character that is no white space; '' at the end."""
        while True:
            # The pattern matches everywhere, if only nothing.
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def end(self) -> None:
        """Refuse whatever follows."""
        if self.peek():
            self._broken(self._at, "Nothing may follow the dataset")

    def _take(self, marks: str) -> str:
        found = self.peek()
        if not found or found not in marks:
            self._broken(self._at, f"Expecting {' or '.join(marks)}")
        self._at += 1
        return found

    def _read_on(self) -> bool:
        """Whether there was more; what is taken already is let go."""
        if len(self._text) - self._at > MAX_VALUE:
            raise DatasetError(
                f"{self._file_name} holds a value of more than {MAX_VALUE:,} characters. [json-too-large]"
            )
        piece = next(self._pieces, "")
        # At the end the text stays: an error is told by its place in it.
        if piece:
            self._before += self._at
            self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            self._twice(next(name for name in names if names.count(name) > 1))
        return members

    def _twice(self, name: str) -> NoReturn:
        raise DatasetError(f"{self._file_name} has {name[:40]!r} twice in one object. [json-name-twice]")

    def _no_number(self, literal: str) -> NoReturn:
        raise DatasetError(f"{self._file_name} holds {literal}, which is no number; missing is null. [json-number]")

    def _broken(self, at: int, message: str, *, unclosed: bool = False) -> NoReturn:
        """Told as cut off where the text ends too early, else as broken."""
        near_end = at >= len(self._text) - _NEAR_END
        if unclosed or (near_end and _UNFINISHED.fullmatch(self._text, at)):
            raise cut_off(self._file_name)
        raise DatasetError(
            f"{self._file_name} is no JSON at character {self._before + at + 1:,}: {message}. [json-broken]"
        )


def cut_off(file_name: str) -> DatasetError:
    """The refusal of a file that ends too early."""
    return DatasetError(f"{file_name} is cut off; fetch it again. [json-cut-off]")


def _characters(file_name: str, file: IO[bytes]) -> Generator[str, None, None]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for piece in _bytes(file_name, file):
            # An empty piece would say that the text is at its end.
            if characters := decoder.decode(piece):
                yield characters
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{file_name} holds bytes that are not UTF-8; export it as UTF-8. [json-encoding]"
        ) from error
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise cut_off(file_name) from error


def _bytes(file_name: str, file: IO[bytes]) -> Iterator[bytes]:
    first = file.read(PIECE)
    pieces = iter(lambda: file.read(PIECE), b"")
    # Zlib's two bytes are a multiple of 31 and name method 8; no JSON text begins with such a byte.
    zlib_mark = len(first) > 1 and first[0] & 0x8F == 8 and int.from_bytes(first[:2]) % 31 == 0
    if first.startswith(_GZIP) or zlib_mark:
        yield from _expanded(file_name, first, pieces)
        return
    yield first
    yield from pieces


def _expanded(file_name: str, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Bytes of a compressed file, at most a piece at a time and never more than the limits."""
    engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
    taken, given, waiting, piece = 0, 0, first, b""
    while True:
        taken += len(waiting)
        # A full piece may have more behind it, although every byte is taken.
        while waiting or len(piece) == PIECE:
            if engine.eof:
                if not waiting:
                    break
                # Parts compressed one by one and put together are one file (RFC 1952).
                engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
            try:
                piece = engine.decompress(waiting, PIECE)
            except zlib.error as error:
                raise DatasetError(
                    f"{file_name} cannot be decompressed ({error}); fetch it again. [json-compression]"
                ) from error
            given += len(piece)
            if given > min(MAX_EXPANDED, MAX_RATIO * taken + PIECE):
                raise DatasetError(
                    f"{file_name} expands to more than {MAX_RATIO} times its size, or {MAX_EXPANDED >> 30} GB; "
                    "no dataset does. [json-expands]"
                )
            yield piece
            waiting = engine.unused_data if engine.eof else engine.unconsumed_tail
        waiting = next(pieces, b"")
        if not waiting:
            break
    if not engine.eof:
        raise cut_off(file_name)
