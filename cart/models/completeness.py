"""What a record needs before it is called complete. Stored is also less: a form is not filled in at once."""

from django.db.models import Model

from cart.models.chelation import Chelation
from cart.models.conditioning import ConditioningCourse
from cart.models.exposure import ConcomitantTherapy
from cart.models.infusion import Administration, InfusionCourse
from cart.models.product import Apheresis, Lot
from cart.models.subject import Visit

_required: dict[type[Model], tuple[str, ...]] = {}


def register_completable(model: type[Model], *fields: str) -> None:
    """Let a model's records be marked complete; ``fields`` may be empty before, and must not be then."""
    _required[model] = fields


def is_completable(model: type[Model]) -> bool:
    """Whether records of this model are marked."""
    return model in _required


def required_for_complete(model: type[Model]) -> tuple[str, ...]:
    """Fields without which a record of this model is not complete."""
    return _required.get(model, ())


register_completable(Visit)
register_completable(Apheresis, "volume_ml", "cd3_cells_e9")
register_completable(Lot, "manufactured_on")
register_completable(ConditioningCourse, "creatinine_clearance_ml_min")
register_completable(Chelation, "stopped_at", "ionised_calcium_before_mmol_l", "ionised_calcium_after_mmol_l")
register_completable(InfusionCourse)
register_completable(Administration)
register_completable(ConcomitantTherapy, "started", "indication")
