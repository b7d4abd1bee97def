"""A trial whose laboratory sends FHIR resources."""

import pytest

from tests.cart.records import make_infused_subject, make_trial
from tests.labs.imports.fhir_records import LAYOUT, import_text, make_fhir_laboratory


@pytest.fixture
def trial():
    """A study with one site in Brussels."""
    return make_trial()


@pytest.fixture
def subject(trial):
    """KUL-001, infused."""
    return make_infused_subject(trial)


@pytest.fixture
def send(trial, subject, tmp_path):
    """Function that imports a text as a file of the trial's laboratory; ``declared`` changes its layout for good."""
    made = {}

    def send(text, *, quarantine=False, check_only=False, name="a.json", **declared):
        if not made:
            made["laboratory"] = make_fhir_laboratory(quarantine=quarantine)
        if declared:
            made["laboratory"].layout = {**LAYOUT, **declared}
            made["laboratory"].save()
        return import_text(trial.study, made["laboratory"], tmp_path, text, name=name, check_only=check_only)

    return send
