"""A template becomes a study; a changed one a new protocol version beside the old rows."""

import copy
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.forms.models import model_to_dict

from cart.actions.template_files import read_template, template_names
from cart.actions.template_shape import TemplateError
from cart.actions.templates import load_template
from cart.models import (
    Arm,
    Cohort,
    EligibilityCriterion,
    Panel,
    PanelAnalyte,
    PlannedPanel,
    PlannedVisit,
    Product,
    ProtocolVersion,
    ReleaseSpecification,
    Study,
)
from labs.models import Analyte
from tests.cart.actions.test_template_files import SMALL, changed
from tests.cart.records import make_trial
from trialsite.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
LOADED = (
    Study,
    ProtocolVersion,
    Arm,
    Cohort,
    PlannedVisit,
    Panel,
    PanelAnalyte,
    PlannedPanel,
    EligibilityCriterion,
    Product,
    ReleaseSpecification,
)


def load(template=SMALL, study="S-1"):
    return load_template(template=template, study_code=study, actor="dora", reason="protocol approved")


def stored():
    """Every row that a template makes."""
    return {model: [model_to_dict(row) for row in model.objects.order_by("pk")] for model in LOADED}


def refused(template, match, **where):
    before = stored()
    with pytest.raises(TemplateError, match=match):
        load(template, **where)
    assert stored() == before


def test_dual_cart_is_loaded_as_written():
    template = read_template("dual-cart")
    study, made = load(template)
    assert made
    assert (study.title, study.template) == (template["title"], "dual-cart")
    protocol = study.current_protocol()
    assert (protocol.number, protocol.parameters) == (1, template["endpoints"])
    month_6 = protocol.planned_visits.get(code="M6")
    assert (month_6.window_low_day, month_6.target_day, month_6.window_high_day) == (162, 183, 204)
    assert protocol.planned_visits.filter(phase="study").count() == len(template["visits"])
    assert study.arms.get().anchor == Arm.Anchor.INFUSION
    product = study.products.get()
    assert (product.version, product.kind, product.dose_tolerance_percent) == (1, "co-infused", 20)
    criteria = {s.test: (s.comparison, s.limit, s.may_follow_release) for s in product.specifications.all()}
    assert criteria["VCN"] == ("lt", Decimal(5), True)
    assert criteria["Sterility"] == ("negative", None, True)
    assert len(criteria) == 7


def test_cohorts_panels_criteria_and_calendar_are_loaded_as_written():
    study, _ = load(read_template("dual-cart"))
    protocol = study.current_protocol()
    doses = list(study.cohorts.order_by("level").values_list("code", "arm__code", "planned_cells_per_kg_e6"))
    assert doses == [("DL1", "DUAL", Decimal("0.5")), ("DL2", "DUAL", Decimal(1)), ("DL3", "DUAL", Decimal(2))]
    panel = protocol.panels.get(code="ANTIBODIES")
    assert list(panel.analytes.values_list("analyte_code", flat=True)) == ["ATA", "ARA", "ANA"]
    assert "D7" not in panel.visits.values_list("planned__code", flat=True)
    assert "Y5" in panel.visits.values_list("planned__code", flat=True)
    kinds = list(protocol.criteria.values_list("kind", flat=True))
    assert (kinds[0], kinds.count("inclusion"), kinds.count("exclusion")) == ("inclusion", 6, 10)
    late = protocol.planned_visits.filter(phase="long-term").order_by("target_day")
    assert [visit.code for visit in late] == [f"Y{year}" for year in range(2, 16)]
    # 15 years of 365.2425 days: 5478.6, and 60 days to either side.
    last = late.last()
    assert (last.window_low_day, last.target_day, last.window_high_day) == (5419, 5479, 5539)


@pytest.mark.parametrize("code", ["chelation", "cd19-vs-dual", "rituximab-mmf", "vedoss"])
def test_every_template_makes_its_study(code):
    template = read_template(code)
    study, made = load(template, study=code)
    protocol = study.current_protocol()
    assert made
    assert set(study.arms.values_list("code", flat=True)) == {arm["code"] for arm in template["arms"]}
    assert protocol.criteria.count() == len(template["criteria"])
    assert protocol.panels.count() == len(template["panels"])
    assert protocol.randomisation == template.get("randomisation", {})
    assert protocol.planned_visits.filter(phase="long-term").exists() == ("long_term" in template)


def cohort(**more):
    return changed(["cohorts"], [{"code": "DL1", "title": "One", "arm": "A", "planned_cells_per_kg_e6": 1, **more}])


def by_target(cd19, bcma):
    return {"planned_cd19_per_kg_e6": cd19, "planned_bcma_per_kg_e6": bcma}


def test_plan_of_each_target_is_loaded_and_no_later_template_changes_it():
    study, _ = load(cohort(**by_target(0.4, 0.6)))
    assert study.cohorts.get().planned_by_target() == {"CD19": Decimal("0.4"), "BCMA": Decimal("0.6")}
    refused(cohort(**by_target(0.5, 0.5)), r"another planned_cd19_per_kg_e6, planned_bcma_per_kg_e6; .*template-cohort")
    # A template that says less leaves what is known.
    load(cohort())
    assert study.cohorts.get().planned_by_target()


def test_plan_of_each_target_is_not_added_to_a_cohort_that_was_planned_in_total():
    load(cohort())
    refused(cohort(**by_target(0.4, 0.6)), "template-cohort")


def test_plan_of_each_target_adds_up_to_the_total():
    refused(cohort(**by_target(0.5, 0.6)), r"cohorts\[0\]: .*dose-plan")
    refused(cohort(planned_cd19_per_kg_e6=0.5), r"cohorts\[0\]: .*dose-plan")


def test_known_cohort_with_another_plan_is_refused():
    load(changed(["cohorts"], [{"code": "DL1", "title": "One", "arm": "A", "planned_cells_per_kg_e6": 0.5}]))
    again = changed(["cohorts"], [{"code": "DL1", "title": "One", "arm": "A", "planned_cells_per_kg_e6": 1}])
    refused(again, r"cohorts\[0\]: cohort DL1 .*template-cohort")
    study, made = load(changed(["cohorts"], [{"code": "DL2", "title": "Two", "arm": "A"}]))
    assert made
    assert set(study.cohorts.values_list("code", flat=True)) == {"DL1", "DL2"}


def test_rows_are_made_by_the_actor_for_the_reason():
    load()
    for table in ("cart_study", "cart_protocolversion", "cart_plannedvisit", "cart_releasespecification"):
        contexts = AuditEvent.objects.filter(table_name=table).values_list("context__actor", "context__reason")
        assert set(contexts) == {("dora", "protocol approved")}


def test_same_template_again_changes_nothing():
    load()
    before, events = stored(), AuditEvent.objects.count()
    study, made = load(copy.deepcopy(SMALL))
    assert not made
    assert study.code == "S-1"
    assert stored() == before
    assert AuditEvent.objects.count() == events


def test_order_of_keys_is_no_change():
    load()
    assert not load(dict(reversed(SMALL.items())))[1]


def test_changed_template_is_a_new_version_and_the_old_rows_stay():
    load()
    before = stored()
    study, made = load(changed(["visits", 0, "low"], -20))
    assert made
    after = stored()
    for model in LOADED:
        assert after[model][: len(before[model])] == before[model]
    first, second = study.protocol_versions.order_by("number")
    assert (first.planned_visits.get().window_low_day, second.planned_visits.get().window_low_day) == (-14, -20)
    assert study.current_protocol() == second
    assert study.arms.count() == 1
    assert list(study.products.values_list("version", flat=True)) == [1, 2]


def test_going_back_to_an_earlier_template_is_a_third_version():
    load()
    load(changed(["visits", 0, "low"], -20))
    study, made = load()
    assert made
    assert study.current_protocol().number == 3


def test_two_studies_from_one_template_stand_apart():
    load(study="S-1")
    study, made = load(study="S-2")
    assert made
    assert study.current_protocol().number == 1
    assert study.products.get().version == 1


def test_study_made_from_another_template_is_refused():
    load()
    refused({**SMALL, "code": "other"}, "template-of-other-study")


def test_study_entered_by_hand_takes_a_template(as_tester):
    trial = make_trial("S-9")
    study, made = load(study="S-9")
    assert made
    assert study == trial.study
    assert study.title == "Trial S-9"
    assert set(study.arms.values_list("code", flat=True)) == {"CART", "A"}


def test_known_arm_with_another_time_zero_is_refused():
    load()
    refused(changed(["arms", 0, "anchor"], "study-drug"), r"arms\[0\].anchor: .*template-anchor")


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        (["arms", 0, "anchor"], "birth", r"^arms\[0\]"),
        (["arms", 0, "code"], "two words", r"^arms\[0\].*code-characters"),
        (["visits", 0, "target"], 3, r"^visits\[0\].*window-target"),
        (["products", 0, "kind"], "magic", r"^products\[0\]"),
        (["products", 0, "dose_tolerance_percent"], -1, r"^products\[0\].*negative-number"),
        (
            ["products", 0, "specifications", 0, "comparison"],
            "negative",
            r"^products\[0\].specifications\[0\].*has none",
        ),
        (["products", 0, "specifications", 0, "limit"], ..., r"^products\[0\].specifications\[0\].*needs its limit"),
        (["products", 0, "specifications", 0, "limit"], float("inf"), r"^products\[0\].specifications\[0\]"),
    ],
)
def test_value_that_a_rule_refuses_leaves_nothing_behind(path, value, match):
    refused(changed(path, value), match)
    assert not Study.objects.exists()


def test_unchecked_template_is_checked():
    refused(changed(["visits", 0, "low"], "seven"), "template-type")


@pytest.mark.parametrize("code", ["", "two words", "Ü", "x" * 41])
def test_impossible_study_code_is_refused(code):
    refused(SMALL, "^study", study=code)


def test_limit_is_stored_as_written():
    load(changed(["products", 0, "specifications", 0, "limit"], 0.1))
    assert ReleaseSpecification.objects.get().limit == Decimal("0.1")


def test_command_makes_study_and_analytes_and_says_so(capsys):
    call_command("load_study_template", "dual-cart", study="S-1")
    assert "is now at protocol version 1" in capsys.readouterr().out
    assert Analyte.objects.get(code="ATA").unit == "{CU}"
    call_command("load_study_template", "dual-cart", study="S-1")
    assert "already was at protocol version 1" in capsys.readouterr().out


def test_analytes_of_every_template_have_a_standard_unit_also_those_that_were_there(as_tester):
    Analyte.objects.create(code="CRP", name="CRP", unit="mg/L")
    for name in template_names():
        call_command("load_study_template", name, study=name)
    units = dict(Analyte.objects.values_list("code", "standard_unit"))
    assert (units["CRP"], units["ATA"], units["ANA"]) == ("mg/L", "{CU}", "{titer}")
    assert "" not in units.values()


def test_command_refuses_an_unknown_template():
    with pytest.raises(CommandError, match="unknown-template"):
        call_command("load_study_template", "none", study="S-1")


def test_command_leaves_nothing_where_an_analyte_has_another_unit(as_tester):
    Analyte.objects.create(code="CRP", name="CRP", unit="mg/dL")
    with pytest.raises(
        CommandError, match=r"CRP is a quantity in mg/dL; found a quantity in mg/L.*\[analyte-differs\]"
    ):
        call_command("load_study_template", "dual-cart", study="S-1")
    assert not Study.objects.exists()
    assert Analyte.objects.count() == 1
