"""Resources of a FHIR file one after the other: entries of a Bundle, lines of NDJSON, or a resource alone. PURE."""

import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs.imports.central_csv import FileRefusedError
from labs.imports.fhir_elements import ElementError, text_of
from labs.imports.json_text import MAX_VALUE, JsonText, json_text, text_pieces
from labs.imports.sdtm_variables import DatasetError

BUNDLE_TYPES = ("collection", "searchset", "message", "document", "transaction", "batch")
_CODE = re.compile(r"^(?P<said>.*) \[(?P<code>[a-z-]+)\]$", re.DOTALL)
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
ENTRY, LINE, ALONE = "entry", "line", "alone"


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource at its place; ``problem`` says why there is none."""

    line: int
    full_url: str
    kind: str
    resource: dict[str, Any]
    problem: ElementError | None = None


class FhirFile:
    """A file, to be gone through as often as wanted; never more of it in memory than a resource and a piece."""

    def __init__(self, path: Path, called: str) -> None:
        self._path = path
        self._called = called
        self._form: str | None = None

    @property
    def unit(self) -> str:
        """What the places of the file are counted in."""
        return ENTRY if self._form == ENTRY else LINE

    def entries(self) -> Iterator[Entry]:
        """Every entry or line, also those without a resource.

        Raises
        ------
        FileRefusedError
            Not JSON, no Bundle of resources, a value beyond every bound.
        """
        if self._form is None:
            with _as_refusal([1]):
                self._form = self._found_form()
        if self._form == ENTRY:
            return self._of_bundle()
        return self._of_lines() if self._form == LINE else self._alone()

    def _found_form(self) -> str:
        with json_text(self._path, self._called) as text:
            if not text.peek():
                raise FileRefusedError("The file is empty. [empty-file]", line=1, rule="empty-file")
            if text.peek() == "{":
                for name in text.names():
                    if name == "entry" and text.peek() == "[":
                        for _ in text.items():
                            pass
                    elif name == "resourceType":
                        if text.value() == "Bundle":
                            return ENTRY
                        break
                    else:
                        text.value()
        with text_pieces(self._path, self._called) as pieces, closing(_lines(pieces, self._called)) as lines:
            filled = (line for line in lines if line.strip("\r \t"))
            first, second = next(filled, ""), next(filled, "")
        # A resource alone may be spread over lines; the first of many stands on one.
        return LINE if second and first.rstrip("\r ").endswith("}") else ALONE

    def _of_bundle(self) -> Iterator[Entry]:
        place = [1]
        kind = None
        with _as_refusal(place), json_text(self._path, self._called) as text:
            for name in text.names():
                if name == "entry":
                    if text.peek() != "[":
                        raise DatasetError(f"{self._called}: `entry` is no list. [fhir-bundle]")
                    for number, entry in enumerate(text.items(), 1):
                        place[0] = number
                        yield _entry(number, entry)
                elif name == "type":
                    kind = text.value()
                else:
                    text.value()
            text.end()
            if kind not in BUNDLE_TYPES:
                raise DatasetError(
                    f"{self._called} is a Bundle of type {kind!r}; read are {', '.join(BUNDLE_TYPES)}. [fhir-bundle]"
                )

    def _alone(self) -> Iterator[Entry]:
        with _as_refusal([1]), json_text(self._path, self._called) as text:
            yield _resource(1, "", text.value(), "")
            text.end()

    def _of_lines(self) -> Iterator[Entry]:
        place = [1]
        with (
            _as_refusal(place),
            text_pieces(self._path, self._called) as pieces,
            closing(_lines(pieces, self._called)) as lines,
        ):
            for number, line in enumerate(lines, 1):
                place[0] = number
                if line.strip("\r \t"):
                    yield self._of_line(number, line)

    def _of_line(self, number: int, line: str) -> Entry:
        text = JsonText(self._called, iter([line]))
        try:
            value = text.value()
            text.end()
        except DatasetError as error:
            said = _said(error)
            found = said["said"].removeprefix(f"{self._called} ")
            problem = ElementError("", said["code"], f"{found} {line[:80]}", "one JSON object on the line")
            return Entry(number, "", "", {}, problem)
        return _resource(number, "", value, "")


def _entry(number: int, entry: Any) -> Entry:
    if not isinstance(entry, dict):
        return Entry(number, "", "", {}, ElementError("entry", "fhir-resource", entry, "an object with a resource"))
    try:
        full_url = text_of(entry, "fullUrl", "entry")
    except ElementError as error:
        return Entry(number, "", "", {}, error)
    return _resource(number, full_url, entry.get("resource"), "entry.resource")


def _resource(number: int, full_url: str, value: Any, place: str) -> Entry:
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if type(kind) is not str or not _TYPE.fullmatch(kind) or kind == "Bundle":
        at = f"{place}.resourceType" if place else "resourceType"
        found = "" if value is None else value if kind is None else kind
        return Entry(number, "", "", {}, ElementError(at, "fhir-resource", found, "a resource, and no Bundle in it"))
    return Entry(number, full_url, kind, value)


def _lines(pieces: Iterator[str], called: str) -> Generator[str, None, None]:
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        yield from whole
        if len(rest) > MAX_VALUE:
            raise DatasetError(f"{called} holds a value of more than {MAX_VALUE:,} characters. [json-too-large]")
    if rest:
        yield rest


@contextmanager
def _as_refusal(place: list[int]) -> Iterator[None]:
    """What is wrong with the file as a whole, at the place reached."""
    try:
        yield
    except DatasetError as error:
        raise FileRefusedError(str(error), line=place[0], rule=_said(error)["code"]) from error


def _said(error: DatasetError) -> dict[str, str]:
    match = _CODE.match(str(error))
    return match.groupdict() if match else {"said": str(error), "code": "json-broken"}
