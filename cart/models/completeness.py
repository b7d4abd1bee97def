"""What a record needs before it is called complete. Stored is also less: a form is not filled in at once."""

from django.db.models import Model

from cart.endpoints.clinical_frames import ITEMS_OF
from cart.models.adverse_event import AdverseEvent
from cart.models.bridging import BridgingTherapy
from cart.models.chelation import Chelation
from cart.models.conditioning import ConditioningCourse
from cart.models.disability import GlobalAssessment, HealthQuestionnaire
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure
from cart.models.heart import Echocardiogram, RightHeartCatheter
from cart.models.hyperinflammation import IecHsAssessment
from cart.models.infection import Infection
from cart.models.infusion import Administration, InfusionCourse
from cart.models.late_effects import Death, Pregnancy, RclTest, SecondMalignancy
from cart.models.lung import ZONES, DiffusingCapacity, HrctScan, LungUltrasound, Spirometry
from cart.models.product import Apheresis, Lot
from cart.models.skin import SITE_NAMES, DigitalUlcerCount, SkinScore
from cart.models.subject import Visit
from cart.models.syndrome import CrsAssessment, IcansAssessment
from cart.models.vedoss import Capillaroscopy, DiseaseFindings

_required: dict[type[Model], tuple[str, ...]] = {}


def register_completable(model: type[Model], *fields: str) -> None:
    """Let a model's records be marked complete; ``fields`` may be empty before, and must not be then.

    What was not done, and says why, is complete without them.
    """
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
register_completable(BridgingTherapy, "indication")
register_completable(StudyDrugExposure)
register_completable(InfusionCourse)
register_completable(Administration)
register_completable(ConcomitantTherapy, "started", "indication")
# What the kernels read: without it the assessment has no value.
register_completable(SkinScore, *SITE_NAMES)
register_completable(DigitalUlcerCount, "active", "new")
register_completable(HealthQuestionnaire, *(item for items in ITEMS_OF.values() for item in items))
register_completable(GlobalAssessment, "patient_global", "physician_global")
register_completable(Spirometry, "fvc_l", "height_cm", "quality")
register_completable(DiffusingCapacity, "dlco", "haemoglobin_g_dl", "height_cm", "quality")
register_completable(LungUltrasound, *ZONES)
register_completable(HrctScan, "ild")
register_completable(Echocardiogram, "trv_m_s", "rap_mmhg")
register_completable(RightHeartCatheter, "mpap_mmhg", "pawp_mmhg", "cardiac_output_l_min")
register_completable(Capillaroscopy, "pattern")
register_completable(DiseaseFindings)
# An event that is not decided is not counted as without a DLT.
register_completable(AdverseEvent, "ctcae_term", "dlt")
register_completable(CrsAssessment, "temperature_max_c", "hypotension", "hypoxia")
register_completable(IcansAssessment, "consciousness", "seizure", "motor_weakness", "oedema")
for _model in (IecHsAssessment, Infection, SecondMalignancy, RclTest, Pregnancy, Death):
    register_completable(_model)
