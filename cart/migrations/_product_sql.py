"""Rules of the product chain that only SQL can hold: check character, custody, states of a lot, conditioning doses."""

# As cart.models.codes.check_character: upper case, other signs passed over. Without the upper() of a collation:
# a dotless i must not become an I on one server and not on another.
CHECK_CHARACTER = """
CREATE FUNCTION cart_check_character(content text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    alphabet constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    product integer := 36;
    total integer;
    sign text;
BEGIN
    FOREACH sign IN ARRAY string_to_array(
        translate(content, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'), NULL) LOOP
        CONTINUE WHEN strpos(alphabet, sign) = 0;
        total := (product + strpos(alphabet, sign) - 1) % 36;
        IF total = 0 THEN
            total := 36;
        END IF;
        product := total * 2 % 37;
    END LOOP;
    RETURN substr(alphabet, (37 - product) % 36 + 1, 1);
END $$;
"""
CHECK_CHARACTER_REVERSE = "DROP FUNCTION cart_check_character(text);"

CUSTODY_RULES = """
CREATE FUNCTION cart_custody_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    corrected cart_custodyevent;
BEGIN
    IF NEW.kind = 'infused' AND NEW.lot_id IS NULL THEN
        RAISE EXCEPTION 'What is infused is a lot. [custody-lot]'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'custody_lot';
    END IF;
    IF NEW.kind = 'correction' THEN
        IF NEW.corrects_id IS NULL OR NEW.note = '' THEN
            RAISE EXCEPTION 'A correction names its event and says what was wrong. [custody-correction]'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'custody_correction';
        END IF;
        SELECT * INTO corrected FROM cart_custodyevent WHERE id = NEW.corrects_id;
        IF corrected.apheresis_id <> NEW.apheresis_id THEN
            RAISE EXCEPTION 'The corrected event is of another apheresis. [wrong-chain]'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'custody_correction';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cart_custody_rules BEFORE INSERT ON cart_custodyevent
    FOR EACH ROW EXECUTE FUNCTION cart_custody_rules();
ALTER TABLE cart_custodyevent ADD CONSTRAINT custody_lot_of_apheresis
    FOREIGN KEY (lot_id, apheresis_id) REFERENCES cart_lot (id, apheresis_id);
"""
CUSTODY_RULES_REVERSE = """
ALTER TABLE cart_custodyevent DROP CONSTRAINT custody_lot_of_apheresis;
DROP TRIGGER cart_custody_rules ON cart_custodyevent;
DROP FUNCTION cart_custody_rules();
"""

# The pairs are those of Lot.FOLLOWS; a test compares the two.
LOT_STATES = """
CREATE FUNCTION cart_lot_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    used boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'infused' THEN
            RAISE EXCEPTION 'Lot % is entered before it is infused; record the infusion afterwards. [lot-state]',
                NEW.number USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'lot_transition';
        END IF;
        RETURN NEW;
    END IF;
    SELECT EXISTS (SELECT FROM cart_infusioncomponent c WHERE c.lot_id = NEW.id) INTO used;
    IF used AND (NEW.subject_id, NEW.target, NEW.released_at, NEW.apheresis_id, NEW.product_id) IS DISTINCT FROM
            (OLD.subject_id, OLD.target, OLD.released_at, OLD.apheresis_id, OLD.product_id) THEN
        RAISE EXCEPTION 'Lot % has been infused; its subject, target and release no longer change. [lot-state]',
            NEW.number USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'lot_transition';
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF used AND NEW.state <> 'infused' OR NOT used AND NEW.state = 'infused'
            OR NOT (OLD.state || ' ' || NEW.state) = ANY (ARRAY[
        'in-process quarantined', 'in-process conditionally-released', 'in-process released',
        'in-process out-of-specification', 'in-process rejected', 'in-process destroyed',
        'quarantined conditionally-released', 'quarantined released', 'quarantined out-of-specification',
        'quarantined rejected', 'quarantined destroyed',
        'conditionally-released released', 'conditionally-released out-of-specification',
        'conditionally-released quarantined', 'conditionally-released rejected', 'conditionally-released infused',
        'conditionally-released destroyed',
        'released out-of-specification', 'released quarantined', 'released rejected', 'released infused',
        'released destroyed',
        'out-of-specification quarantined', 'out-of-specification rejected', 'out-of-specification infused',
        'out-of-specification destroyed',
        'rejected out-of-specification', 'rejected destroyed']) THEN
        RAISE EXCEPTION 'Lot % does not go from ''%'' to ''%''%. [lot-state]', NEW.number, OLD.state, NEW.state,
            CASE WHEN used THEN ' after an infusion' WHEN NEW.state = 'infused' THEN ' without an infusion' ELSE '' END
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'lot_transition';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cart_lot_transition BEFORE INSERT OR UPDATE ON cart_lot
    FOR EACH ROW EXECUTE FUNCTION cart_lot_transition();
"""
LOT_STATES_REVERSE = "DROP TRIGGER cart_lot_transition ON cart_lot; DROP FUNCTION cart_lot_transition();"

CONDITIONING_DEVIATION = """
CREATE FUNCTION cart_conditioning_deviation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    course cart_conditioningcourse;
    planned_mg numeric;
    proposed numeric;
BEGIN
    SELECT * INTO course FROM cart_conditioningcourse WHERE id = NEW.course_id;
    IF NOT FOUND OR NEW.deviation_reason <> '' THEN
        RETURN NEW;
    END IF;
    planned_mg := NEW.planned_mg_m2 * course.bsa_m2;
    proposed := CASE WHEN NEW.drug = 'fludarabine' THEN course.fludarabine_proposed_mg_m2 END;
    IF 100 * abs(NEW.given_mg - planned_mg) > course.dose_tolerance_percent * planned_mg
            OR 100 * abs(NEW.planned_mg_m2 - proposed) > course.dose_tolerance_percent * proposed THEN
        RAISE EXCEPTION 'A dose off by more than % %% says why; found % mg of %, planned % mg/m2%. [dose-deviation]',
            course.dose_tolerance_percent, NEW.given_mg, NEW.drug, NEW.planned_mg_m2,
            coalesce(', proposed ' || proposed || ' mg/m2', '')
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'conditioning_dose_deviation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cart_conditioning_deviation BEFORE INSERT OR UPDATE ON cart_conditioningdose
    FOR EACH ROW EXECUTE FUNCTION cart_conditioning_deviation();
"""
CONDITIONING_DEVIATION_REVERSE = """
DROP TRIGGER cart_conditioning_deviation ON cart_conditioningdose;
DROP FUNCTION cart_conditioning_deviation();
"""
