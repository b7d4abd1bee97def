"""Every REST endpoint is documented from the OpenAPI schema."""

from django.urls import get_resolver

from tests.reference.pages import assert_up_to_date
from trialsite.reference.api import api_page, described, operations, schema

WHOLE = schema()


def test_page_is_what_the_schema_says():
    assert_up_to_date("api.md")


def test_every_address_below_the_reports_is_on_the_page():
    page = api_page()
    below = [pattern for pattern in get_resolver().url_patterns if str(pattern.pattern) == "api/v1/"]
    addresses = [
        str(one.pattern).replace("<str:", "{").replace(">", "}") for part in below for one in part.url_patterns
    ]
    assert "studies/{code}/endpoints" in addresses
    assert [address for address in addresses if f"/api/v1/{address}`" not in page] == []
    assert "`/healthz`" in page


def test_every_parameter_and_field_says_what_it_means():
    silent = [
        f"{method} {path}: {parameter['name']}"
        for method, path, operation in operations(WHOLE)
        for parameter in operation["parameters"]
        if not parameter.get("description")
    ]
    silent += [
        f"{name}.{field}"
        for name, component in WHOLE["components"]["schemas"].items()
        if "properties" in component
        for field, declared in described(WHOLE, name)
        if not declared.get("description")
    ]
    assert silent == [], "without help_text"


def test_every_endpoint_says_who_may_ask_and_what_it_refuses():
    for method, path, operation in operations(WHOLE):
        assert operation["x-roles"], f"{method} {path}"
        assert {"token": []} in operation["security"]
        assert {"401", "403", "404"} <= set(operation["responses"])
        assert operation["description"].endswith(".")
