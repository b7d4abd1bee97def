"""Permuted blocks: every block holds the ratio, every order is as likely, the seed alone decides."""

import hashlib
import hmac
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.permuted_blocks import BlocksError, place_of

SEED = bytes(range(32))


def arms_of(places, **plan):
    values = {"seed": SEED, "stratum": "", "ratio": {"A": 1, "B": 1}, "block_sizes": [4], **plan}
    return [place_of(position=n, **values) for n in range(1, places + 1)]


def block_by_hand(seed, stratum, number, arms, sizes):
    """The rule of the docstring, written a second time and slowly."""
    text = b"".join(
        hmac.new(seed, f"permuted-blocks-1\x1f{stratum}\x1f{number}\x1f{n}".encode(), hashlib.sha256).digest()
        for n in range(40)
    )
    words = [int.from_bytes(text[4 * n : 4 * n + 4], "big") for n in range(len(text) // 4)]

    def draw(bound):
        while True:
            word = words.pop(0)
            if word < 2**32 // bound * bound:
                return word % bound

    size = sorted(sizes)[draw(len(sizes))]
    left = sorted(arms) * (size // len(arms))
    left.sort()
    for last in reversed(range(1, size)):
        other = draw(last + 1)
        left[last], left[other] = left[other], left[last]
    return left


@pytest.mark.parametrize("stratum", ["", "KUL", "Ü"])
@pytest.mark.parametrize("sizes", [[4], [2, 4], [2, 6, 10]])
def test_list_agrees_with_the_slow_rule(stratum, sizes):
    expected = [arm for n in range(1, 20) for arm in block_by_hand(SEED, stratum, n, ["A", "B"], sizes)]
    found = [place.arm for place in arms_of(len(expected), stratum=stratum, block_sizes=sizes)]
    assert found == expected


@settings(max_examples=60, deadline=None)
@given(
    seed=st.binary(min_size=32, max_size=32),
    shares=st.lists(st.integers(1, 3), min_size=2, max_size=4),
    repeats=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    places=st.integers(1, 60),
)
def test_every_whole_block_holds_the_ratio(seed, shares, repeats, places):
    ratio = {f"A{n}": share for n, share in enumerate(shares)}
    found = arms_of(places, seed=seed, ratio=ratio, block_sizes=[sum(shares) * n for n in repeats])
    blocks: dict[int, list[str]] = {}
    for place in found:
        blocks.setdefault(place.block, []).append(place.arm)
        assert place.place_in_block == len(blocks[place.block])
    for number, arms in blocks.items():
        if number < max(blocks):
            factor = len(arms) // sum(shares)
            assert Counter(arms) == {arm: share * factor for arm, share in ratio.items()}


def test_every_order_of_a_block_is_as_likely():
    orders = Counter()
    for n in range(6000):
        seed = hashlib.sha256(str(n).encode()).digest()
        orders["".join(place.arm for place in arms_of(4, seed=seed))] += 1
    expected = {"".join(order) for order in permutations("AABB")}
    assert set(orders) == expected
    # Chi-square with 5 degrees of freedom: 20.5 is exceeded once in 1000.
    assert sum((count - 1000) ** 2 / 1000 for count in orders.values()) < 20.5


def test_strata_and_seeds_have_lists_of_their_own():
    lists = [tuple(place.arm for place in arms_of(40, stratum=stratum)) for stratum in ("", "A", "B")]
    lists.append(tuple(place.arm for place in arms_of(40, seed=bytes(32))))
    assert len(set(lists)) == 4


def test_order_of_arms_and_sizes_in_the_plan_does_not_matter():
    one = arms_of(30, ratio={"A": 1, "B": 2}, block_sizes=[3, 6])
    assert arms_of(30, ratio={"B": 2, "A": 1}, block_sizes=[6, 3]) == one


@pytest.mark.parametrize(
    "plan",
    [
        {"seed": b"short"},
        {"ratio": {"A": 1}},
        {"ratio": {"A": 1, "B": 0}},
        {"block_sizes": []},
        {"block_sizes": [3]},
        {"block_sizes": [0]},
    ],
)
def test_plan_that_no_list_can_have_is_refused(plan):
    with pytest.raises(BlocksError, match=r"\[randomisation-list\]"):
        arms_of(1, **plan)


def test_place_before_the_first_is_refused():
    with pytest.raises(BlocksError):
        place_of(seed=SEED, stratum="", position=0, ratio={"A": 1, "B": 1}, block_sizes=[2])
