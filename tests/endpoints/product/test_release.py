"""A release test against its criterion: at the limit, beyond a limit of detection, as a word."""

from decimal import Decimal

import pytest

from cart.endpoints.product.release import Measured, judge_result, read_result

LIMIT = Decimal(5)


def judge(text, comparison, limit=LIMIT):
    return judge_result(read_result(text), text=text, comparison=comparison, limit=limit)


@pytest.mark.parametrize(
    ("text", "comparison", "found"),
    [
        ("5", "ge", "pass"), ("4.9", "ge", "fail"), ("5", "gt", "fail"), ("5.1", "gt", "pass"),
        ("5", "le", "pass"), ("5.1", "le", "fail"), ("5", "lt", "fail"), ("4.9", "lt", "pass"),
        # Somewhere below 0.5, 5, 10: all below 5, all below 5, perhaps above 5.
        ("<0.5", "lt", "pass"), ("<5", "lt", "pass"), ("<10", "lt", "undecided"), ("<10", "le", "undecided"),
        # Somewhere above: all above 5 from 5 on.
        (">95", "ge", "pass"), (">5", "gt", "pass"), (">5", "ge", "pass"), (">1", "ge", "undecided"),
        # The whole interval lies on the wrong side.
        (">5", "le", "fail"), (">5", "lt", "fail"), (">1", "lt", "undecided"),
        ("<5", "ge", "fail"), ("<5", "gt", "fail"), ("<10", "gt", "undecided"),
        ("about 5", "ge", "fail"), ("", "le", "fail"), ("-1", "le", "fail"), ("5,1", "le", "fail"), ("٥", "le", "fail"),
    ],
)  # fmt: skip
def test_result_against_a_limit_of_five(text, comparison, found):
    assert judge(text, comparison) == found


@pytest.mark.parametrize(
    ("text", "found"), [("negative", "pass"), (" Negative ", "pass"), ("<1", "fail"), ("", "fail")]
)
def test_negative_is_a_word(text, found):
    assert judge(text, "negative", None) == found


def test_every_interval_is_judged_as_all_of_its_numbers_are():
    # The slow way: numbers of the interval one by one.
    candidates = [Decimal(step) / 10 for step in range(151)]
    for qualifier in "<>":
        for bound in (Decimal("0.5"), Decimal(4), Decimal(5), Decimal(6), Decimal(10)):
            inside = [n for n in candidates if (n < bound if qualifier == "<" else n > bound)]
            for comparison in ("ge", "gt", "le", "lt"):
                each = {judge_result(Measured("=", n), text=str(n), comparison=comparison, limit=LIMIT) for n in inside}
                expected = each.pop() if len(each) == 1 else "undecided"
                found = judge_result(Measured(qualifier, bound), text="", comparison=comparison, limit=LIMIT)
                assert found == expected, (qualifier, bound, comparison)


def test_read_result_keeps_digits_as_written():
    assert read_result("< 0.50") == Measured("<", Decimal("0.50"))
    assert str(read_result("0.50").value) == "0.50"
    assert read_result("1:640") is None
