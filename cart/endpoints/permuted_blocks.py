"""Randomisation by permuted blocks: the arm of each place of a list, from its seed alone.

A list has no end and is stored nowhere: block after block follows from the seed, so nobody without the seed knows
what comes next, and whoever has it can check every place that was given.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ALGORITHM = "permuted-blocks-1"
SEED_BYTES = 32
_WORD = 2**32


class BlocksError(ValueError):
    """Ratio, block sizes, seed or place are none that a list can have."""


@dataclass(frozen=True)
class Place:
    """One place of a list: its arm, and the block it stands in (both counted from 1)."""

    arm: str
    block: int
    place_in_block: int


def place_of(
    *, seed: bytes, stratum: str, position: int, ratio: Mapping[str, int], block_sizes: Sequence[int]
) -> Place:
    """Place of a list of permuted blocks.

    Parameters
    ----------
    seed
        32 bytes from a cryptographic generator, kept secret.
    stratum
        Every stratum has a list of its own; '' without stratification.
    position
        From 1.
    ratio
        Share of each arm in a block.
    block_sizes
        Sizes from which each block draws its own; multiples of the sum of the shares.

    Notes
    -----
    Words of 32 bits come from HMAC-SHA-256 with the seed as key over the name of the algorithm, stratum, number of
    the block and a counter. The first word of a block chooses its size, the next ones shuffle its arms, in the order
    of their codes, from the last place to the second (Fisher-Yates). A word that would favour a remainder is passed
    over, so every order of a block is as likely as every other.

    Examples
    --------
    >>> seed = bytes(range(32))
    >>> plan = {"seed": seed, "stratum": "BOS", "ratio": {"A": 1, "B": 1}, "block_sizes": [4]}
    >>> [place_of(position=n, **plan).arm for n in range(1, 9)]
    ['B', 'A', 'A', 'B', 'B', 'B', 'A', 'A']
    """
    _check(seed, position, ratio, block_sizes)
    before, number = 0, 1
    while True:
        block = _block(seed, stratum, number, ratio, block_sizes)
        if position <= before + len(block):
            return Place(arm=block[position - before - 1], block=number, place_in_block=position - before)
        before, number = before + len(block), number + 1


def _check(seed: bytes, position: int, ratio: Mapping[str, int], block_sizes: Sequence[int]) -> None:
    whole = sum(ratio.values())
    if len(seed) != SEED_BYTES or position < 1:
        raise BlocksError(
            f"A list has a seed of {SEED_BYTES} bytes and places from 1; found {len(seed)} bytes, place {position}. "
            "[randomisation-list]"
        )
    if len(ratio) < 2 or min(ratio.values()) < 1 or not block_sizes or any(n < 1 or n % whole for n in block_sizes):
        raise BlocksError(
            "Two or more arms with shares above zero, and block sizes that are multiples of their sum, are needed; "
            f"found {dict(ratio)} in blocks of {list(block_sizes)}. [randomisation-list]"
        )


def _block(seed: bytes, stratum: str, number: int, ratio: Mapping[str, int], block_sizes: Sequence[int]) -> list[str]:
    words = _words(seed, f"{ALGORITHM}\x1f{stratum}\x1f{number}")
    sizes = sorted(set(block_sizes))
    size = sizes[_below(len(sizes), words)]
    repeats = size // sum(ratio.values())
    arms = [arm for arm in sorted(ratio) for _ in range(ratio[arm] * repeats)]
    for last in range(size - 1, 0, -1):
        other = _below(last + 1, words)
        arms[last], arms[other] = arms[other], arms[last]
    return arms


def _words(seed: bytes, message: str) -> Iterator[int]:
    counter = 0
    while True:
        digest = hmac.new(seed, f"{message}\x1f{counter}".encode(), hashlib.sha256).digest()
        yield from (int.from_bytes(digest[start : start + 4], "big") for start in range(0, len(digest), 4))
        counter += 1


def _below(bound: int, words: Iterator[int]) -> int:
    fair = _WORD - _WORD % bound
    return next(word for word in words if word < fair) % bound
