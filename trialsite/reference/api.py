"""The reference page of the REST reports, written from their OpenAPI schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from cart.api.errors import ANSWERS, Answer
from trialsite.reference.markdown import page, table

HEAD = """Reports are read with GET and answer in JSON; files of laboratories are sent with POST. The schema in
OpenAPI 3 is at `/api/v1/schema`, its pages at `/api/v1/docs`; both want the same token.
[Pull a report with curl](../how-to/pull-a-report-with-curl.md) shows the first request,
[send a file with curl](../how-to/send-a-file-with-curl.md) the other way.

## Token

Every request carries the header `Authorization: Token TOKEN`. [`create_token`](commands.md#create_token) makes a token
for a user and prints it once. It expires, and sees what its user's memberships see now. The session of somebody who is
signed in to the admin serves too.

## Errors

Every answer that is not a success has the same body.
"""
OUTSIDE = """## Beside the schema

| request | answer |
|---|---|
| GET `/api/v1/schema` | the schema; YAML, or JSON with `Accept: application/json` |
| GET `/api/v1/docs` | the schema as pages |
| GET `/healthz` | without token: `status`, `version`, `database`, `broker`; 200, or 503 while the database is away |
"""
TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
FORMATS = {"date-time": "date and time, ISO 8601", "date": "date, ISO 8601"}
Schema = Mapping[str, Any]


def schema() -> dict[str, Any]:
    """The OpenAPI schema as the server gives it."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def operations(whole: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Method, path and operation of every endpoint."""
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def described(whole: Schema, name: str) -> list[tuple[str, Schema]]:
    """Fields of a component in their order, each with what stands behind its reference."""
    fields = whole["components"]["schemas"][name]["properties"]
    return [(field, _resolved(whole, declared)) for field, declared in fields.items()]


def sentence(text: str) -> str:
    """A description without the list of choices that the generator adds."""
    return " ".join(line for line in text.split("\n") if not line.startswith("* ")).strip()


def _resolved(whole: Schema, declared: Schema) -> Schema:
    """A field's schema with its references followed; what the field itself says comes first."""
    found: dict[str, Any] = {}
    for one in (declared, *declared.get("allOf", ())):
        if "$ref" in one:
            found = {**_component(whole, one["$ref"]), **found}
    return {**found, **{key: value for key, value in declared.items() if key not in ("$ref", "allOf")}}


def _component(whole: Schema, reference: str) -> dict[str, Any]:
    return dict(whole["components"]["schemas"][_name(reference)])


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _type(declared: Schema) -> str:
    if "enum" in declared:
        kind = ", ".join(f"`{choice}`" for choice in declared["enum"])
    elif declared.get("type") == "array":
        items = declared["items"]
        kind = f"list of {_name(items['$ref'])}" if "$ref" in items else f"list of {_type(items)}s"
    else:
        kind = FORMATS.get(declared.get("format", ""), TYPES.get(declared.get("type", ""), "object"))
    return f"{kind}, or null" if declared.get("nullable") else kind


def _allowed(declared: Schema) -> str:
    low, high = declared.get("minimum"), declared.get("maximum")
    # The largest key of the database bounds nothing that anybody would send.
    if high is not None and high < 2**63 - 1:
        return f"{_type(declared)}, {low} to {high:,}"
    return f"{_type(declared)}, at least {low}" if low is not None else _type(declared)


def _parameters(operation: Schema) -> list[str]:
    declared = sorted(operation.get("parameters", ()), key=lambda one: one["in"] != "path")
    rows = [
        (
            f"`{one['name']}`",
            one["in"],
            _allowed(one["schema"]),
            "required" if one.get("required") else str(one["schema"].get("default", "-")),
            sentence(one.get("description", "")),
        )
        for one in declared
    ]
    return table(("parameter", "in", "type", "default", "meaning"), rows) if rows else ["No parameters.", ""]


def _fields(whole: Schema, name: str) -> list[str]:
    """Table of a component's fields, and of the components that its lists hold."""
    fields = described(whole, name)
    rows = [(f"`{field}`", _type(one), sentence(one.get("description", ""))) for field, one in fields]
    lines = table(("field", "type", "meaning"), rows)
    for field, one in fields:
        reference = one.get("items", {}).get("$ref") if one.get("type") == "array" else None
        if reference:
            lines += [f"Each {_name(reference)} of `{field}`:", "", *_fields(whole, _name(reference))]
    return lines


def _codes(statuses: list[int]) -> list[str]:
    def spelled(answer: Answer) -> str:
        return f"`[{answer.code}]` in the message" if answer.narrower else f"`{answer.code}`"

    rows = [(str(one.status), spelled(one), one.holds, one.remedy) for one in ANSWERS if one.status in statuses]
    return table(("status", "code", "what must hold", "what to do"), rows)


def _section(whole: Schema, method: str, path: str, operation: Schema) -> list[str]:
    good = [status for status in operation["responses"] if status.startswith("2")]
    bad = [int(status) for status in operation["responses"] if not status.startswith("2")]
    lines = [
        f"## {operation['summary']}",
        "",
        f"{method} `{path}`",
        "",
        sentence(operation["description"]),
        "",
        f"Needs {' or '.join(_needs(whole, operation))}, and a membership in the study as "
        f"{_one_of(operation['x-roles'])}.",
        "",
        *_parameters(operation),
    ]
    for status in good:
        (kind, content), *_ = operation["responses"][status]["content"].items()
        if kind == "application/json":
            lines += [f"Answer {status}:", "", *_fields(whole, _name(content["schema"]["$ref"]))]
        else:
            lines += [f"Answer {status}: a file, `{kind}`.", ""]
    return [*lines, "Errors:", "", *_codes(bad)]


def _needs(whole: Schema, operation: Schema) -> list[str]:
    kinds = {"header": "a token", "cookie": "a session"}
    schemes = whole["components"]["securitySchemes"]
    return [kinds[schemes[name]["in"]] for one in operation["security"] for name in one]


def _one_of(roles: list[str]) -> str:
    words = [role.replace("-", " ") for role in roles]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def api_page() -> str:
    """Markdown of ``docs/reference/api.md``: every endpoint with parameters, fields and errors."""
    whole = schema()
    everywhere = [
        *_fields(whole, "Error"),
        "Every endpoint can answer with these; the others stand with each endpoint. An address that does not exist and",
        "an error of the server (500) have no such body.",
        "",
        *_codes([405, 406]),
    ]
    sections = [_section(whole, method, path, operation) for method, path, operation in operations(whole)]
    return page("REST API", HEAD.split("\n"), everywhere, *sections, OUTSIDE.split("\n"))
