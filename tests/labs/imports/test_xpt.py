"""SAS transport read byte by byte: IBM numbers, missing values, blanks, the end of the file, odd descriptions."""

import struct

import polars as pl
import pyreadstat
import pytest

from labs.imports.sdtm_variables import DatasetError
from labs.imports.xpt import CARD, MEMBER_MARK, NAMESTR_MARK, XPT_MARK, read_xpt
from tests.labs.imports.sdtm_folder import lb, write_folder


def card(text):
    return text.ljust(CARD, b" ") if isinstance(text, bytes) else text


def described(name, *, text, at, length):
    head = struct.pack(">hhhh", 2 if text else 1, 0, length, 1) + name.encode().ljust(8)
    return (head + b" " * 68 + struct.pack(">i", at)).ljust(140, b"\0")


def transport(variables, *records):
    """A file of these variables ``(name, is text, length)`` and records of bytes; places follow one another."""
    at, descriptions = 0, b""
    for name, text, length in variables:
        descriptions += described(name, text=text, at=at, length=length)
        at += length
    header = card(XPT_MARK) + card(b"SAS") * 2
    header += card(MEMBER_MARK.ljust(74, b"0") + b"0140") + card(b"D") * 3
    header += card(NAMESTR_MARK.ljust(54, b"0") + b"%04d" % len(variables))
    body = b"".join(records)
    return header + pad(descriptions) + card(b"OBS") + pad(body)


def pad(data):
    return data.ljust(-(-len(data) // CARD) * CARD, b" ")


KEYS = [("USUBJID", True, 4), ("DOMAIN", True, 2)]


def read(tmp_path, variables, *records, monkeypatch):
    monkeypatch.setattr("labs.imports.xpt.check_variables", lambda *_: None)
    path = tmp_path / "d.xpt"
    path.write_bytes(transport(variables, *records))
    return pl.concat(read_xpt(path, "LB"))


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ("4110000000000000", 1.0),
        ("c276a00000000000", -118.625),
        ("401999999999999a", 0.1),
        ("0000000000000000", 0.0),
        ("8000000000000000", 0.0),
        ("4000000000000000", 0.0),
        ("7fffffffffffff00", (1 - 2.0**-48) * 16.0**63),
        ("2e00000000000000", None),
        ("5f00000000000000", None),
        ("4100000000000000", None),
        ("5a00000000000000", None),
        # The letter A with something behind it is an exponent.
        ("4100000000000001", 2.0**-52),
        ("427b", 123.0),
        ("42010000", 1.0),
    ],
)
def test_numbers_of_the_ibm_360(tmp_path, monkeypatch, stored, value):
    data = bytes.fromhex(stored)
    frame = read(tmp_path, [("X", False, len(data))], data, data, monkeypatch=monkeypatch)
    assert frame["X"].to_list() == [value, value]
    assert frame["record"].to_list() == [1, 2]


def test_texts_lose_the_blanks_that_fill_them_up_and_nothing_else(tmp_path, monkeypatch):
    texts = [b" a  b ", b"", b"\xc3\xa9\xe2\x82\xac", b"123456", b"\ttab"]
    frame = read(
        tmp_path, [("T", True, 6), ("U", True, 1)], *(t.ljust(6) + b"x" for t in texts), monkeypatch=monkeypatch
    )
    assert frame["T"].to_list() == [" a  b", "", "é€", "123456", "\ttab"]


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 15, 16, 17])
@pytest.mark.parametrize("length", [1, 10, 79, 80, 81])
def test_blanks_of_the_last_card_are_no_records(tmp_path, monkeypatch, count, length):
    records = [b"x".ljust(length)] * count
    assert read(tmp_path, [("T", True, length)], *records, monkeypatch=monkeypatch).height == count


def test_chunks_are_numbered_on(tmp_path, monkeypatch):
    monkeypatch.setattr("labs.imports.xpt.CHUNK_RECORDS", 3)
    frame = read(tmp_path, [("T", True, 4)], *(b"%04d" % n for n in range(8)), monkeypatch=monkeypatch)
    assert frame["T"].to_list() == [f"{n:04d}" for n in range(8)]
    assert frame["record"].to_list() == list(range(1, 9))


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ([("X", False, 9)], "neither text nor a number"),
        ([("", True, 3)], "neither text nor a number"),
        ([("T", True, 3), ("T", True, 3)], "variable T stands twice"),
    ],
)
def test_odd_descriptions_are_refused(tmp_path, monkeypatch, variables, what):
    with pytest.raises(DatasetError, match=rf"{what}.*\[xpt-unreadable\]"):
        read(tmp_path, variables, b"x" * 9, monkeypatch=monkeypatch)


def test_variables_that_overlap_are_refused(tmp_path):
    path = tmp_path / "d.xpt"
    good = transport([("A", True, 3), ("B", True, 3)], b"aaabbb" * 20)
    path.write_bytes(good.replace(described("B", text=True, at=3, length=3), described("B", text=True, at=2, length=3)))
    with pytest.raises(DatasetError, match=r"\[xpt-unreadable\]"):
        list(read_xpt(path, "LB"))


def test_a_written_dataset_reads_as_by_the_other_reader(tmp_path):
    rows = [lb(sequence=float(n), LBSTRESN=n / 7 - 3, VISITNUM=None if n % 5 else 2.1) for n in range(1, 60)]
    path = write_folder(tmp_path, lb=rows) / "lb.xpt"
    other, _ = pyreadstat.read_xport(str(path), output_format="polars", disable_datetime_conversion=True)
    assert pl.concat(read_xpt(path, "LB")).drop("record").equals(other, null_equal=True)
