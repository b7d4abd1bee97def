"""The reference page of the endpoints, written from the registry."""

import inspect
from collections.abc import Iterable

from cart.endpoints.baseline import RULES
from cart.endpoints.catalogue import MODULES, PARAMETERS_OF_READING
from cart.endpoints.registry import READ_TIME, REGISTRY, Definition, Parameter

HEAD = """# Endpoints

Written from the registry by `cart.endpoints.reference.reference_page`; a test fails where the two differ.

Every subject has at least one answer to every endpoint. An answer has a status:

| status | meaning |
|---|---|
| evaluable | the answer is known; `reason`, if any, is a remark |
| bounded | only the interval `low` to `high` is known |
| ongoing | not finished at the last sample; `high` is open |
| not-evaluable | there is no answer; `reason` says why |

Days are protocol days: the day of the first dose is Day 0. `evidence` lists the laboratory results,
`therapy_evidence` the therapies and `record_evidence` the assessments (`table:id`) that made the answer. A
rule that changes gets a new version; stored answers keep theirs. A study sets a parameter under the
endpoint's code, or under `*` for all that have it.
"""


def _sentence(definition: Definition) -> str:
    return (inspect.getdoc(definition.compute) or "").strip()


def _default(parameter: Parameter) -> str:
    shown = ", ".join(parameter.default) if isinstance(parameter.default, list) else str(parameter.default)
    return f"`{shown}`"


def _allowed(parameter: Parameter) -> str:
    if parameter.choices:
        return ", ".join(f"`{choice}`" for choice in parameter.choices)
    if parameter.name == "baseline_rule":
        return ", ".join(f"`{rule}`" for rule in (*RULES, "visit:NAME"))
    if isinstance(parameter.default, (int, float)):
        top = "" if parameter.at_most == float("inf") else f" to {parameter.at_most:g}"
        return f"{parameter.at_least:g}{top}" if top else f"at least {parameter.at_least:g}"
    return "list of codes" if isinstance(parameter.default, list) else "text"


def _parameter_table(parameters: Iterable[Parameter]) -> list[str]:
    rows = [
        f"| `{p.name}` | {_default(p)} | {p.unit or '-'} | {_allowed(p)} | {p.description} | {p.source} |"
        for p in parameters
    ]
    if not rows:
        return ["No parameters.", ""]
    return [
        "| parameter | default | unit | allowed | meaning | source |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _section(definition: Definition) -> list[str]:
    facts = f"Unit: {definition.unit or 'none'}. Version {definition.version}. Source: {definition.source}."
    reads = f"Reads: {', '.join(definition.inputs)}"
    if definition.analytes:
        reads += f" ({', '.join(definition.analytes)})"
    if definition.needs:
        reads += f"; answers of {', '.join(definition.needs)}"
    return [
        f"## {definition.code}: {definition.label}",
        "",
        _sentence(definition),
        "",
        facts,
        "",
        f"{reads}.",
        "",
        *_parameter_table(definition.parameters),
    ]


def reference_page() -> str:
    """Markdown of ``docs/reference/endpoints.md``: every definition with its parameters, in registry order."""
    lines = [HEAD]
    for module in MODULES:
        codes = [code for code, definition in REGISTRY.items() if definition.compute.__module__ == module.__name__]
        for code in codes:
            lines += _section(REGISTRY[code])
    for code, (what, function) in PARAMETERS_OF_READING.items():
        first, _, _ = (inspect.getdoc(function) or "").partition("\n")
        said = f"{first} No endpoint of a subject, but a study sets its parameters likewise."
        lines += [
            f"## {code}: {what}",
            "",
            said,
            "",
            *_parameter_table(READ_TIME[code]),
        ]
    return "\n".join(lines).rstrip() + "\n"
