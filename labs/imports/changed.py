"""What a cumulative file holds that the one accepted before it did not, line by line. PURE.

Both files are read as bytes. A line of the later file is left out where the very same line stood in the earlier
one; what is left is split and checked like any file. Where it cannot be told for certain, there is no answer and
the whole file is checked.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from labs.imports.central_csv import (
    Block,
    FileRefusedError,
    block_of_lines,
    read_header,
    read_pieces,
    split_lines,
)
from labs.imports.layout import Layout

Hashes = NDArray[np.uint64]
# Lines differ by one hash; a second, of another seed, is summed: a line that was taken for another shows in the sums.
_SEED, _SUM_SEED = 0x5EED, 0xACC7
# What differs is held in memory; a file that differs in more lines is checked as a whole.
MOST_CHANGED = 500_000
_LOOKED_UP = 1 << 17
_BLOCK_LINES = 60_000
# Small: what is held besides the hashes is the block.
_BLOCK_BYTES = 2_000_000


class _NotComparable(Exception):
    pass


@dataclass(frozen=True)
class _Lines:
    """Lines of a file below its header: hashes in order, and their other hashes summed (modulo 2^64)."""

    hashes: Hashes
    checksum: int


@dataclass(frozen=True)
class _Picked:
    """Lines of a file by number (header = 1), with their text."""

    numbers: pl.Series
    texts: pl.Series


@dataclass(frozen=True)
class Changes:
    """Blocks of the lines to check, and the rest.

    ``unchanged``: lines that stood in the earlier file and need no check. ``subjects``: those to be read again, and
    those of lines of the earlier file that the later one no longer holds; every line of the later file that holds
    such a text is among the blocks.
    """

    blocks: list[Block]
    unchanged: int
    subjects: list[str]


def changes(
    earlier: Path, later: Path, layout: Layout, *, doubtful: pl.Series, reread: Sequence[str] = ()
) -> Changes | None:
    """Lines of ``later`` that ``earlier`` did not hold.

    Parameters
    ----------
    doubtful
        Numbers of the lines of ``earlier`` that were not taken: the same lines in ``later`` are changed.
    reread
        Subjects whose lines are to be read all.

    Returns
    -------
    None where the files cannot be compared: other column names, lines repeated in one of them, odd bytes, or too
    much changed to be worth it.
    """
    try:
        return _changes(earlier, later, layout, doubtful, reread)
    except (_NotComparable, FileRefusedError, pl.exceptions.PolarsError):
        return None


def _changes(earlier: Path, later: Path, layout: Layout, doubtful: pl.Series, reread: Sequence[str]) -> Changes:
    header = read_header(later, layout)
    if read_header(earlier, layout) != header:
        raise _NotComparable
    before = _lines(earlier, layout, without=doubtful)
    now = _lines(later, layout, without=pl.Series(dtype=pl.Int64))
    gone, fresh = _only_in_one(before.hashes, now.hashes)
    most = min(MOST_CHANGED, (before.hashes.size + now.hashes.size) // 2)
    if gone.size + fresh.size > most:
        raise _NotComparable
    gone_lines, gone_sum = _pick(earlier, layout, gone, skipped=doubtful, most=most)
    subjects = sorted({*reread, *_subjects(gone_lines, header, layout)})
    fresh_lines, fresh_sum = _pick(later, layout, fresh, most=most)
    unchanged = now.hashes.size - fresh_lines.numbers.len()
    if (
        before.hashes.size - gone_lines.numbers.len() != unchanged
        or (before.checksum - gone_sum - now.checksum + fresh_sum) % 2**64
    ):
        raise _NotComparable
    if subjects:
        fresh_lines, _ = _pick(later, layout, fresh, holding=subjects, most=most)
    return Changes(list(_blocks(fresh_lines, header, layout)), now.hashes.size - fresh_lines.numbers.len(), subjects)


def _subjects(lines: _Picked, header: list[str], layout: Layout) -> set[str]:
    codes = [block.rows["subject"] for block in _blocks(lines, header, layout)]
    return {code.strip() for series in codes for code in series.unique() if code.strip()}


def _blocks(lines: _Picked, header: list[str], layout: Layout) -> Iterator[Block]:
    for at in range(0, lines.numbers.len(), _BLOCK_LINES):
        yield block_of_lines(lines.numbers[at : at + _BLOCK_LINES], lines.texts[at : at + _BLOCK_LINES], header, layout)


def _lines(path: Path, layout: Layout, *, without: pl.Series) -> _Lines:
    out, checksum = array("Q"), 0
    left_out = without.sort().to_numpy()
    for first, texts in _text_blocks(path, layout):
        hashes, others = texts.hash(_SEED).to_numpy(), texts.hash(_SUM_SEED).to_numpy()
        if left_out.size:
            low, high = np.searchsorted(left_out, [first, first + texts.len()])
            hashes, others = (np.delete(h, left_out[low:high] - first) for h in (hashes, others))
        out.frombytes(hashes.tobytes())
        checksum += int(others.sum(dtype=np.uint64))
    return _Lines(np.frombuffer(out, dtype=np.uint64), checksum)


def _text_blocks(path: Path, layout: Layout) -> Iterator[tuple[int, pl.Series]]:
    """Number of the first line, and the texts of the lines, block by block; the header is left out."""
    first = 2
    for piece in read_pieces(path, layout, block_bytes=_BLOCK_BYTES):
        texts = split_lines(piece)
        if texts is None:
            raise _NotComparable
        yield first, texts
        first += texts.len()


def _only_in_one(before: Hashes, now: Hashes) -> tuple[Hashes, Hashes]:
    """Hashes that only one of them holds, sorted, each once."""
    # Most files only grow at their end: what stands in the same place need not be sorted.
    start = _first_difference(before, now)
    before, now = before[start:], now[start:]
    # In place: two more copies of ten million lines would not fit.
    before.sort()
    now.sort()
    return _absent(before, now), _absent(now, before)


def _first_difference(before: Hashes, now: Hashes) -> int:
    common = min(before.size, now.size)
    for at in range(0, common, _LOOKED_UP):
        differs = before[at : min(at + _LOOKED_UP, common)] != now[at : min(at + _LOOKED_UP, common)]
        if differs.any():
            return at + int(differs.argmax())
    return common


def _absent(these: Hashes, those: Hashes) -> Hashes:
    """Sorted hashes that are not among the sorted others."""
    if not those.size:
        return np.unique(these)
    parts = [these[:0]]
    for at in range(0, these.size, _LOOKED_UP):
        some = these[at : at + _LOOKED_UP]
        place = np.minimum(np.searchsorted(those, some), those.size - 1)
        parts.append(some[those[place] != some])
    return np.unique(np.concatenate(parts))


def _pick(
    path: Path,
    layout: Layout,
    wanted: Hashes,
    *,
    most: int,
    skipped: pl.Series | None = None,
    holding: Sequence[str] = (),
) -> tuple[_Picked, int]:
    """Lines of these hashes (or that hold one of these texts), and their other hashes summed."""
    numbers, texts, total, held = [pl.Series(dtype=pl.Int64)], [pl.Series(dtype=pl.String)], 0, 0
    for first, block in _text_blocks(path, layout) if wanted.size or holding else ():
        number = pl.int_range(first, first + block.len(), dtype=pl.Int64, eager=True)
        mask = block.hash(_SEED).is_in(pl.Series(wanted).implode())
        if holding:
            mask |= block.str.contains_any(list(holding))
        if skipped is not None:
            mask &= ~number.is_in(skipped.implode())
        number, text = number.filter(mask), block.filter(mask)
        held += number.len()
        if held > most:
            raise _NotComparable
        numbers.append(number)
        # A copy: a filtered series keeps the whole block in memory.
        texts.append(pl.Series(text.to_list(), dtype=pl.String))
        total += int(text.hash(_SUM_SEED).to_numpy().sum(dtype=np.uint64))
    return _Picked(pl.concat(numbers), pl.concat(texts)), total
