"""What is odd about a chain of custody: steps without their partner, broken seals, temperatures not recorded."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

COLLECTED, SHIPPED, RECEIVED, FROZEN, THAWED, INFUSED = (
    "collected", "shipped", "received", "frozen", "thawed", "infused",
)  # fmt: skip
KINDS = (COLLECTED, SHIPPED, RECEIVED, FROZEN, THAWED, INFUSED)
# A step asks for the one before it: what is received was shipped, what is thawed was frozen.
_BEFORE = {RECEIVED: SHIPPED, THAWED: FROZEN}
_MEASURED = (SHIPPED, RECEIVED, FROZEN)


@dataclass(frozen=True)
class Step:
    """One step of the chain as it stands after corrections, with the number of its row."""

    number: int
    kind: str
    occurred_at: dt.datetime
    temperature_min_c: Decimal | None
    temperature_max_c: Decimal | None
    seal_intact: bool | None


def custody_remarks(steps: Sequence[Step]) -> list[str]:
    """Sentences about a chain in the order of its steps; empty where it is whole.

    Parameters
    ----------
    steps
        Steps of one apheresis, or of it and one lot, in any order; corrected ones left out.

    Notes
    -----
    Nothing is refused by these: what happened is recorded. Rules [D]: the chain begins with the collection; what is
    received was shipped and what is thawed was frozen, since the last such step; the seal of a received or thawed bag
    is intact; a transport and a freezing have a temperature range.

    >>> custody_remarks([Step(1, "received", dt.datetime(2024, 3, 1), Decimal(3), Decimal(6), False)])
    ['the collection is not recorded', 'received (1) without being shipped', 'received (1) with a broken seal']
    """
    ordered = sorted(steps, key=lambda step: (step.occurred_at, step.number))
    remarks = []
    if ordered and ordered[0].kind != COLLECTED:
        kinds = {step.kind for step in ordered}
        remarks.append(
            f"{ordered[0].kind} ({ordered[0].number}) before the collection"
            if COLLECTED in kinds
            else "the collection is not recorded"
        )
    waiting: set[str] = set()
    for step in ordered:
        before = _BEFORE.get(step.kind)
        if before is not None and before not in waiting:
            remarks.append(f"{step.kind} ({step.number}) without being {before}")
        waiting.discard(before or "")
        waiting.add(step.kind)
        if step.seal_intact is False:
            remarks.append(f"{step.kind} ({step.number}) with a broken seal")
        if step.kind in _MEASURED and (step.temperature_min_c is None or step.temperature_max_c is None):
            remarks.append(f"{step.kind} ({step.number}) without its temperature range")
    if SHIPPED in waiting:
        remarks.append("shipped and not received yet")
    return remarks
