"""What a template must hold: every refusal names its place, and nothing is read that was not meant."""

import copy
from pathlib import Path

import pytest

from cart.actions.template_files import check_template, read_template, read_template_file, template_names
from cart.actions.template_shape import TemplateError
from cart.endpoints import catalogue  # noqa: F401 - fills the registry
from cart.endpoints.registry import REGISTRY

SMALL = {
    "code": "small",
    "title": "A small study",
    "arms": [{"code": "A", "title": "Arm A"}],
    "visits": [{"code": "BL", "name": "Baseline", "target": -7, "low": -14, "high": -6}],
    "products": [
        {
            "code": "P",
            "kind": "single",
            "title": "Product",
            "dose_tolerance_percent": 20,
            "specifications": [{"test": "Viability", "comparison": "ge", "limit": 70, "unit": "%"}],
        }
    ],
    "analytes": [{"code": "CRP", "name": "C-reactive protein", "kind": "quantity", "unit": "mg/L"}],
    "endpoints": {"BCDEPL": {"threshold": 10.0}},
}


def changed(path, value):
    """The small template with the value at ``path``; ``...`` takes the key away."""
    template = copy.deepcopy(SMALL)
    place = template
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    elif isinstance(place, list):
        place.insert(path[-1], value)
    else:
        place[path[-1]] = value
    return template


def refusal(template):
    with pytest.raises(TemplateError) as refused:
        check_template(template)
    return str(refused.value)


def test_small_template_is_one():
    check_template(SMALL)


@pytest.mark.parametrize("code", template_names())
def test_templates_that_ship_are_templates(code):
    assert read_template(code)["code"] == code


@pytest.mark.parametrize("code", ["dual-cart", "chelation", "cd19-vs-dual"])
def test_templates_of_cells_measure_what_their_endpoints_read(code):
    template = read_template(code)
    analytes = {analyte["code"] for analyte in template["analytes"]}
    planned = {analyte for panel in template["panels"] for analyte in panel["analytes"]}
    constructs = set(REGISTRY["CARCMAX"].in_force(template.get("endpoints", {}))["constructs"])
    # One per construct; the unit beside it is another laboratory's.
    read = {analyte for analyte in constructs if not analyte.endswith("_UL")}
    assert read | {"ANC", "PLT", "HGB", "FERRITIN", "CRP"} <= analytes & planned


def test_dual_cart_holds_what_its_trial_needs():
    template = read_template("dual-cart")
    assert [arm["code"] for arm in template["arms"]] == ["DUAL"]
    assert {"SCR", "BL", "D0", "D28", "M6", "M12"} <= {visit["code"] for visit in template["visits"]}
    (product,) = template["products"]
    follows = {s["test"] for s in product["specifications"] if s.get("may_follow_release")}
    assert follows == {"Sterility", "Mycoplasma", "VCN"}
    assert {"CD19_ABS", "ATA", "ARA", "ANA", "IGG", "TETANUS"} <= {a["code"] for a in template["analytes"]}


@pytest.mark.parametrize("content", [None, [], "code: x", 7])
def test_what_is_no_mapping_is_refused(content):
    assert "[template-shape]" in refusal(content)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (["armz"], "armz"),
        (["visits", 0, "day"], "visits[0].day"),
        (["products", 0, "limit"], "products[0].limit"),
        (["products", 0, "specifications", 0, "value"], "products[0].specifications[0].value"),
        (["analytes", 0, "units"], "analytes[0].units"),
    ],
)
def test_unknown_key_is_refused_with_its_path(path, name):
    said = refusal(changed(path, "x"))
    assert said.startswith(f"{name}:")
    assert "[template-key]" in said


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (["code"], "code"),
        (["arms"], "arms"),
        (["visits"], "visits"),
        (["visits", 0, "low"], "visits[0].low"),
        (["arms", 0, "title"], "arms[0].title"),
        (["products", 0, "kind"], "products[0].kind"),
        (["products", 0, "specifications", 0, "comparison"], "products[0].specifications[0].comparison"),
        (["analytes", 0, "unit"], "analytes[0].unit"),
    ],
)
def test_missing_key_is_refused_with_its_path(path, name):
    said = refusal(changed(path, ...))
    assert said.startswith(f"{name}:")
    assert "[template-key]" in said


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["title"], 7),
        (["arms"], {"code": "A"}),
        (["arms", 0, "code"], 7),
        (["visits"], "BL"),
        (["visits", 0, "target"], "seven"),
        (["visits", 0, "low"], -14.5),
        (["visits", 0, "high"], True),
        (["visits", 0, "low"], None),
        (["products"], None),
        (["products", 0, "dose_tolerance_percent"], "20"),
        (["products", 0, "specifications"], None),
        (["products", 0, "specifications", 0, "limit"], "70 %"),
        (["products", 0, "specifications", 0, "may_follow_release"], 1),
        (["analytes", 0, "unit"], None),
    ],
)
def test_wrong_type_is_refused_with_its_path(path, value):
    said = refusal(changed(path, value))
    assert "[template-type]" in said
    assert said.startswith(str(path[0]))


@pytest.mark.parametrize("path", [["arms", 0], ["visits", 0], ["products", 0], ["analytes", 0]])
def test_entry_that_is_no_mapping_is_refused(path):
    assert "[template-shape]" in refusal(changed(path, "x"))


@pytest.mark.parametrize("section", ["arms", "visits", "products", "analytes"])
def test_code_twice_in_a_section_is_refused(section):
    said = refusal(changed([section, 1], SMALL[section][0]))
    assert said.startswith(f"{section}[1].code:")
    assert "[template-twice]" in said


def test_release_test_twice_in_a_product_is_refused():
    again = {"test": "Viability", "comparison": "ge", "limit": 80}
    said = refusal(changed(["products", 0, "specifications", 1], again))
    assert said.startswith("products[0].specifications[1].test:")


@pytest.mark.parametrize("unit", ["µg/L", "10^9/L", "mg / L", "mg/", "{cells/uL", "[IU/mL", "g//L", ""])
def test_unit_not_written_as_in_ucum_is_refused(unit):
    said = refusal(changed(["analytes", 0, "unit"], unit))
    assert said.startswith("analytes[0].unit:")
    assert "[template-unit]" in said


@pytest.mark.parametrize("unit", ["%", "g/L", "{cells}/uL", "[IU]/mL", "10*9/L", "{CU}", "/uL", "mm[Hg]", "1", "m2"])
def test_unit_of_ucum_is_one(unit):
    check_template(changed(["analytes", 0, "unit"], unit))


def test_titer_has_no_unit():
    check_template(changed(["analytes", 0], {"code": "ANA", "name": "ANA", "kind": "titer", "unit": ""}))


@pytest.mark.parametrize(
    ("endpoints", "code"),
    [
        (None, "template-shape"),
        (["BCDEPL"], "template-shape"),
        ({"BCDEPL": 10}, "template-shape"),
        ({"BCDEPLX": {}}, "unknown-endpoint"),
        ({"BCDEPL": {"treshold": 10.0}}, "unknown-parameter"),
        ({"BCDEPL": {"threshold": "ten"}}, "parameter-type"),
        ({"BCDEPL": {"threshold": float("nan")}}, "parameter-value"),
    ],
)
def test_wrong_endpoint_parameters_are_refused(endpoints, code):
    said = refusal(changed(["endpoints"], endpoints))
    assert said.startswith("endpoints:")
    assert f"[{code}]" in said


PANEL = {"code": "P1", "name": "Panel", "analytes": ["CRP"], "visits": ["BL"]}


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        (["cohorts"], [{"code": "C", "title": "C", "arm": "B"}], "cohorts[0].arm: 'B' is none"),
        (["panels"], [{**PANEL, "analytes": ["CRP", "IGG"]}], "panels[0].analytes[1]: 'IGG' is none"),
        (["panels"], [{**PANEL, "visits": ["D0"]}], "panels[0].visits[0]: 'D0' is none"),
        (["panels"], [{**PANEL, "visits": ["BL", "BL"]}], "panels[0].visits[1]: 'BL' is there twice"),
        (["panels"], [{**PANEL, "analytes": [7]}], "panels[0].analytes[0]: a text"),
        (["panels"], [{**PANEL, "analytes": "CRP"}], "panels[0].analytes: a list"),
        (["criteria"], [{"code": "I1", "kind": "inclusion"}], "criteria[0].text: it is missing"),
        (["long_term"], [], "long_term: an entry is a mapping"),
        (["long_term"], {"first_year": 2}, "long_term.window_days: it is missing"),
        (["long_term"], {"first_year": 0, "window_days": 60}, "long_term.first_year: years are"),
        (["long_term"], {"first_year": 2, "every_years": 0, "window_days": 60}, "long_term.every_years: years are"),
        (["long_term"], {"first_year": 9, "last_year": 3, "window_days": 60}, "long_term.last_year"),
        (["randomisation"], {"ratio": {"A": 1}, "block_sizes": [2]}, "randomisation.ratio: two or more"),
        (["randomisation"], {"ratio": {"A": 1, "B": 1}, "block_sizes": [2]}, "randomisation.ratio: 'B' is none"),
    ],
)
def test_entry_that_names_what_is_not_there_is_refused_with_its_path(path, value, match):
    said = refusal(changed(path, value))
    assert said.startswith(match)
    assert said.endswith("]")


@pytest.mark.parametrize(("sizes", "place"), [([3], 0), ([2, 0], 1), ([200], 0), (["2"], 0), ([], None)])
def test_block_that_does_not_hold_the_ratio_is_refused(sizes, place):
    two_arms = changed(["arms", 1], {"code": "B", "title": "Arm B"})
    two_arms["randomisation"] = {"ratio": {"A": 1, "B": 1}, "block_sizes": sizes}
    where = "randomisation.block_sizes" + (f"[{place}]" if place is not None else "")
    assert refusal(two_arms).startswith(f"{where}:")
    check_template({**two_arms, "randomisation": {"ratio": {"A": 1, "B": 1}, "block_sizes": [2, 4]}})


def test_visit_of_its_own_is_not_one_of_the_calendar_too():
    twice = changed(["long_term"], {"first_year": 2, "window_days": 60})
    twice["visits"].append({"code": "Y3", "name": "Year 3", "target": 1000, "low": 900, "high": 1100})
    assert refusal(twice).startswith("long_term: Y3")


def test_unknown_template_is_refused_with_those_there_are():
    with pytest.raises(TemplateError, match=r"known: .*dual-cart.*\[unknown-template\]"):
        read_template("dual-crat")
    with pytest.raises(TemplateError, match="unknown-template"):
        read_template("../settings")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"code: [", "template-yaml"),
        (b"code: !!python/object/apply:os.getcwd []", "template-yaml"),
        (b"code: a\ncode: b", "template-yaml"),
        (b"code: Universit\xe9", "template-file"),
        (b"", "template-shape"),
        (b"- code", "template-shape"),
    ],
)
def test_file_that_is_no_template_is_refused(tmp_path: Path, content, code):
    file = tmp_path / "x.yaml"
    file.write_bytes(content)
    with pytest.raises(TemplateError, match=rf"\[{code}\]"):
        read_template_file(file)


def test_key_written_twice_below_the_top_is_refused_with_its_line(tmp_path: Path):
    file = tmp_path / "x.yaml"
    file.write_text("code: a\nvisits:\n  - {code: BL, target: 7, target: 14}\n")
    with pytest.raises(TemplateError, match=r"'target' is there twice.*line 3"):
        read_template_file(file)


@pytest.mark.parametrize("name", ["absent.yaml", "."])
def test_file_that_cannot_be_read_is_refused(tmp_path: Path, name):
    with pytest.raises(TemplateError, match=r"\[template-file\]"):
        read_template_file(tmp_path / name)
