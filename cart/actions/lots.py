"""State changes of lots that follow from other records."""

from django.db import transaction

from cart.models import Administration, Lot
from trialsite.audit.context import acting


@transaction.atomic
def mark_lots_infused(*, administration: Administration, actor: str) -> int:
    """Mark the released lots given in this administration as infused; returns how many changed."""
    with acting(actor=actor, reason=f"infused: {administration}"):
        lots = (
            Lot.objects.select_for_update()
            .filter(components__administration=administration)
            .exclude(state=Lot.State.INFUSED)
            .order_by("pk")
        )
        # A set: a lot with components against both targets joins twice.
        changed = {lot.pk for lot in lots}
        return Lot.objects.filter(pk__in=changed).update(state=Lot.State.INFUSED)
