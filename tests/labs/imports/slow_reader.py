"""An importer that is slow and obvious: one character, one row at a time, no regular expression, no frame.

It says which lines of a file are stored and with which values; the importer must agree.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

DIGITS = "0123456789"
CONDITIONS = {"", "good", "ok", "haemolysed", "hemolysed", "hemolyzed", "insufficient", "other"}
WITHOUT_RESULT = {"haemolysed", "hemolysed", "hemolyzed", "insufficient"}


@dataclass(frozen=True)
class Person:
    """What rows of a subject are judged by."""

    zone: str
    year_of_birth: int | None = None
    consent_on: dt.date | None = None


@dataclass(frozen=True)
class Stored:
    """A row as it must be stored."""

    subject: str
    accession: str
    collected: str
    test: str
    qualifier: str
    value: Decimal | None
    received_text: str


def digits(text: str, most: int) -> bool:
    """Is it one to ``most`` ASCII digits?"""
    return 0 < len(text) <= most and all(c in DIGITS for c in text)


def slow_number(text: str, mark: str = ".") -> tuple[str, Decimal] | None:
    """Qualifier and number of a quantity; None outside the grammar."""
    text = text.strip(" ")
    sign = "="
    if text[:1] in ("<", ">", "="):
        sign, text = text[0], text[1:]
        text = text.removeprefix(" ")
    minus, text = (True, text[1:]) if text[:1] == "-" else (False, text)
    power = 0
    for letter in "eE":
        head, found, tail = text.partition(letter)
        if found:
            down, tail = (tail[0] == "-", tail[1:]) if tail[:1] in ("+", "-") else (False, tail)
            if not digits(tail, 2):
                return None
            text, power = head, -int(tail) if down else int(tail)
            break
    whole, found, part = text.partition(mark)
    if not digits(whole, 20) or (found and not digits(part, 20)):
        return None
    number = Decimal(whole + ("." + part if found else "")).scaleb(power)
    number = -number if minus else number
    return None if sign == "<" and number <= 0 else (sign, number)


def slow_titer(text: str) -> tuple[str, Decimal] | None:
    """Qualifier and dilution of a titer; None outside the grammar."""
    text = text.strip(" ")
    sign = "="
    if text[:1] in ("<", ">", "="):
        sign, text = text[0], text[1:].removeprefix(" ")
    one, colon, dilution = text.partition(":")
    if one not in ("1", "1 ") or not colon:
        return None
    dilution = dilution.removeprefix(" ")
    return (sign, Decimal(dilution)) if digits(dilution, 10) and dilution[0] != "0" else None


def slow_date(text: str) -> tuple[str, int] | None:
    """ISO text and how many of its parts are given; None where there is no such date."""
    if len(text) > 11 and text[10] == " ":
        text = text[:10] + "T" + text[11:]
    pieces = {4: 1, 7: 2, 10: 3, 16: 5, 19: 6}.get(len(text))
    if pieces is None:
        return None
    shape = "9999-99-99T99:99:99"[: len(text)]
    if any((c in DIGITS) != (s == "9") or (s != "9" and c != s) for c, s in zip(text, shape, strict=True)):
        return None
    parts = [int(text[a:b]) for a, b in [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)][:pieces]]
    try:
        dt.datetime(*[*parts, *[1, 1, 1, 0, 0, 0][pieces:]])  # noqa: DTZ001 - local time of a site
    except ValueError:
        return None
    return text, pieces


def split_record(line: str, separator: str) -> list[str] | None:
    """Fields of one line; None where quotes do not close."""
    if line.count('"') % 2:
        return None
    fields, at = [], 0
    while True:
        if line[at : at + 1] == '"':
            field, at = "", at + 1
            while True:
                if at >= len(line):
                    return None
                if line[at] != '"':
                    field, at = field + line[at], at + 1
                elif line[at + 1 : at + 2] == '"':
                    field, at = field + '"', at + 2
                else:
                    at += 1
                    break
        else:
            end = line.find(separator, at)
            end = len(line) if end < 0 else end
            field, at = line[at:end], end
        fields.append(field)
        if at == len(line):
            return fields
        if line[at] != separator:
            return None
        at += 1


def clashing_conditions(sound: Mapping[int, Stored], records: Mapping[int, Mapping[str, str]]) -> list[int]:
    """Lines of rows with a result that say a condition, where rows of one specimen say two."""
    said: dict[tuple[str, str, str], dict[int, str]] = {}
    for number, good in sound.items():
        row = records[number]
        word = row["CONDITION"].strip(" ").lower()
        if word and row["RESULT"].strip(" "):
            word = "haemolysed" if word.startswith("h") else "good" if word == "ok" else word
            said.setdefault((good.accession, row["MATERIAL"], good.collected), {})[number] = word
    return [number for words in said.values() if len(set(words.values())) > 1 for number in words]


class SlowReader:
    """Judges files of the layout of ``tests.labs.records``."""

    def __init__(
        self,
        *,
        people: Mapping[str, Person],
        tests: Mapping[str, tuple[str, str]],
        today: dt.date,
        separator: str = ",",
    ) -> None:
        self.separator = separator
        self.people = people
        self.tests = tests
        self.today = today

    def stored(self, data: bytes, header: list[str]) -> dict[int, Stored] | None:
        """Line -> row, of a file in quarantine mode; None where the file as a whole is refused."""
        data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            lines = data.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            return None
        # CRLF ends a line too; a carriage return anywhere else does not.
        lines = [line[:-1] if line.endswith("\r") and at < len(lines) - 1 else line for at, line in enumerate(lines)]
        if lines[-1] == "":
            lines.pop()
        names = split_record(lines[0], self.separator) if lines else None
        if names is None or sorted(names) != sorted(header) or "\r" in lines[0]:
            return None
        split = {
            number: None
            if "\x00" in line or "\r" in line or not line.strip(" ")
            else split_record(line, self.separator)
            for number, line in enumerate(lines[1:], 2)
        }
        return self.judged(
            {
                number: dict(zip(names, fields, strict=True))
                for number, fields in split.items()
                if fields is not None and len(fields) == len(names)
            }
        )

    def judged(self, records: Mapping[int, Mapping[str, str]]) -> dict[int, Stored]:
        """Line -> row, of the records of a file in quarantine mode."""
        rows: dict[int, Stored] = {}
        owners: dict[tuple[str, str, str], str] = {}
        taken: set[tuple[str, str, str, str]] = set()
        sound = {number: good for number, row in records.items() if (good := self._row(row)) is not None}
        for number in clashing_conditions(sound, records):
            del sound[number]
        for number, good in sound.items():
            row = records[number]
            specimen = (good.accession, row["MATERIAL"], good.collected)
            if owners.setdefault(specimen, good.subject) != good.subject or (*specimen, good.test) in taken:
                continue
            taken.add((*specimen, good.test))
            rows[number] = good
        return rows

    def _row(self, row: Mapping[str, str]) -> Stored | None:
        bare = {name: text.strip(" ") for name, text in row.items()}
        person, test = self.people.get(bare["SUBJECT"]), self.tests.get(bare["TEST"])
        date = slow_date(bare["COLLECTED"])
        if person is None or test is None or date is None or not bare["ACCESSION"]:
            return None
        collected, pieces = date
        kind, unit = test
        condition = bare["CONDITION"].lower()
        limits = [("ACCESSION", 80), ("REASON", 120), ("UNIT", 40)]
        long = any(len(bare[name]) > most for name, most in limits) or len(row["RESULT"]) > 200
        if long or len(row["MATERIAL"]) > 40 or len(row["VISIT"]) > 100 or condition not in CONDITIONS:
            return None
        if pieces < 3 or not self._possible(collected, pieces, person):
            return None
        if not bare["RESULT"]:
            reason = bare["REASON"] or ("condition" if condition in WITHOUT_RESULT else "")
            result: tuple[str, Decimal | None] | None = ("=", None) if reason else None
        else:
            result = slow_titer(bare["RESULT"]) if kind == "titer" else slow_number(bare["RESULT"])
            if bare["UNIT"] != unit:
                return None
        if result is None:
            return None
        return Stored(bare["SUBJECT"], bare["ACCESSION"], collected, bare["TEST"], *result, row["RESULT"])

    def _possible(self, collected: str, pieces: int, person: Person) -> bool:
        day = dt.date.fromisoformat(collected[:10])
        if not dt.date(2020, 1, 1) <= day <= self.today:
            return False
        if person.year_of_birth is not None and day.year < person.year_of_birth:
            return False
        if person.consent_on is not None and day < person.consent_on:
            return False
        if pieces < 5:
            return True
        local = dt.datetime.fromisoformat(collected[:16]).replace(tzinfo=ZoneInfo(person.zone))
        return local.astimezone(dt.UTC).astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)
