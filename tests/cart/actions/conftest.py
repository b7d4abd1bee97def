"""A trial whose product has a specification, and somebody who acts."""

import pytest

from cart.models import ReleaseSpecification
from tests.cart.records import make_trial


@pytest.fixture
def trial(db, as_tester):
    return make_trial()


@pytest.fixture
def specifications(trial):
    """Viability >= 70 % and endotoxin < 5 EU/mL before release; sterility and VCN <= 10 may follow."""
    criteria = [
        ("Viability", "ge", 70, False),
        ("Endotoxin", "lt", 5, False),
        ("VCN", "le", 10, True),
        ("Sterility", "negative", None, True),
    ]
    return {
        test: ReleaseSpecification.objects.create(
            product=trial.product, test=test, comparison=comparison, limit=limit, may_follow_release=follows
        )
        for test, comparison, limit, follows in criteria
    }
