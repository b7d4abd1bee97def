"""``python -m trialsite.reference``: write ``docs/reference`` again. Needs no database."""

import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
os.environ.setdefault("DATABASE_URL", "postgresql://offline@127.0.0.1:1/offline")
django.setup()

from trialsite.reference.pages import write_pages  # noqa: E402 - the pages read Django's registries

folder = Path(__file__).resolve().parents[2] / "docs" / "reference"
for changed in write_pages(folder):
    sys.stdout.write(f"{changed.name} is written again\n")
