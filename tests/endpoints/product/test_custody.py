"""Remarks on a chain of custody."""

import datetime as dt
from decimal import Decimal

from cart.endpoints.product.custody import Step, custody_remarks

START = dt.datetime(2024, 2, 1, 9, 0, tzinfo=dt.UTC)


def steps(*kinds, seal=True, low=Decimal(3), high=Decimal(7)):
    return [Step(n, kind, START + dt.timedelta(hours=n), low, high, seal) for n, kind in enumerate(kinds, start=1)]


WHOLE = ("collected", "shipped", "received", "frozen", "shipped", "received", "thawed", "infused")


def test_whole_chain_has_no_remark_in_any_order_of_rows():
    chain = steps(*WHOLE)
    assert custody_remarks(chain) == []
    assert custody_remarks(chain[::-1]) == []
    assert custody_remarks([]) == []


def test_step_without_its_partner_is_named_with_its_number():
    assert custody_remarks(steps("collected", "received")) == ["received (2) without being shipped"]
    assert custody_remarks(steps("collected", "thawed")) == ["thawed (2) without being frozen"]
    # One shipment is received once.
    assert custody_remarks(steps("collected", "shipped", "received", "received")) == [
        "received (4) without being shipped"
    ]


def test_shipment_on_its_way_is_told():
    assert custody_remarks(steps("collected", "shipped")) == ["shipped and not received yet"]


def test_step_before_the_collection_and_a_chain_without_one():
    assert custody_remarks(steps("shipped", "received", "collected")) == ["shipped (1) before the collection"]
    assert custody_remarks(steps("infused")) == ["the collection is not recorded"]


def test_broken_seal_and_missing_temperature():
    assert custody_remarks(steps("collected", seal=False)) == ["collected (1) with a broken seal"]
    assert custody_remarks(steps("collected", seal=None)) == []
    assert custody_remarks(steps("collected", "frozen", high=None)) == ["frozen (2) without its temperature range"]
