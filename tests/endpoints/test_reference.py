import doctest
import importlib
from pathlib import Path

import pytest

from cart import endpoints
from cart.endpoints.reference import reference_page
from cart.endpoints.registry import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "endpoints.md"
FOLDER = Path(endpoints.__path__[0])
MODULES = sorted(
    ".".join(path.relative_to(FOLDER).with_suffix("").parts) for path in FOLDER.rglob("*.py") if path.stem != "__init__"
)


def test_reference_page_is_what_the_registry_says() -> None:
    assert PAGE.read_text() == reference_page(), (
        "docs/reference/endpoints.md is out of date; write it again with: "
        "python -c \"from cart.endpoints.reference import reference_page; print(reference_page(), end='')\" "
        "> docs/reference/endpoints.md"
    )


def test_every_endpoint_and_parameter_is_on_the_page() -> None:
    page = reference_page()
    for code, definition in REGISTRY.items():
        assert page.count(f"## {code}: {definition.label}\n") == 1
        assert all(f"| `{parameter.name}` |" in page for parameter in definition.parameters)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_docstrings_run(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"cart.endpoints.{name}"))
    assert results.failed == 0
