"""Where the files of cases are, if they are at hand."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("TRIALSITE_VECTORS") or ROOT.parent / "shared" / "vectors")
needs_folder = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no cases at {FOLDER}; set TRIALSITE_VECTORS to their folder"
)
