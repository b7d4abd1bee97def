"""A dose off its plan says why: only SQL sees the course whole, whatever the path on which a part of it changes."""

# As cart.endpoints.product.course_dose: cells from the factors as they were entered (the stored product is cut at six
# decimals), forty decimals of a quotient, the narrowest tolerance of the products, the limit included. Deferred: the
# components of a sitting come one by one, and the dose is that of all of them.
DOSE_EXPLAINED = """
CREATE FUNCTION cart_dose_deviates(course bigint) RETURNS text LANGUAGE sql STABLE AS $$
    WITH given AS (
        SELECT c.target, p.dose_tolerance_percent AS tolerance,
            (c.volume_ml * c.nucleated_cells_per_ml * c.viability_fraction * c.cd3_fraction * c.car_fraction
                * 1.0000000000000000000000000000000000000000) / c.weight_kg / 1000000 AS per_kg_e6
        FROM cart_infusioncomponent c JOIN cart_administration a ON a.id = c.administration_id
        JOIN cart_lot l ON l.id = c.lot_id JOIN cart_product p ON p.id = l.product_id
        WHERE a.course_id = course
    ), planned AS (
        SELECT v.what, v.plan FROM cart_infusioncourse k,
            LATERAL (VALUES ('total', k.planned_cells_per_kg_e6), ('CD19', k.planned_cd19_per_kg_e6),
                ('BCMA', k.planned_bcma_per_kg_e6)) v (what, plan)
        WHERE k.id = course AND v.plan > 0
    ), compared AS (
        SELECT p.what, p.plan, coalesce(sum(g.per_kg_e6) FILTER (WHERE p.what IN ('total', g.target)), 0) AS found,
            min(g.tolerance) AS tolerance
        FROM planned p CROSS JOIN given g GROUP BY p.what, p.plan
    )
    SELECT string_agg(
        format('%s %s %%', what, to_char(100 * (found - plan) / plan, 'FMSG999999990.0')), ', '
        ORDER BY what <> 'total', what DESC)
    FROM compared WHERE abs(found - plan) * 100 > tolerance * plan
$$;
CREATE FUNCTION cart_dose_explained() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sitting cart_administration;
    beyond text;
BEGIN
    IF TG_TABLE_NAME = 'cart_infusioncomponent' THEN
        SELECT * INTO sitting FROM cart_administration WHERE id = NEW.administration_id;
    ELSIF TG_TABLE_NAME = 'cart_administration' THEN
        SELECT * INTO sitting FROM cart_administration a WHERE a.id = NEW.id
            AND EXISTS (SELECT FROM cart_infusioncomponent c WHERE c.administration_id = a.id);
    ELSE
        -- A changed plan: the last sitting answers for the course.
        SELECT * INTO sitting FROM cart_administration a WHERE a.course_id = NEW.id
            AND EXISTS (SELECT FROM cart_infusioncomponent c WHERE c.administration_id = a.id)
            ORDER BY a.number DESC LIMIT 1;
    END IF;
    IF NOT FOUND OR btrim(sitting.deviation_reason) <> '' THEN
        RETURN NULL;
    END IF;
    beyond := cart_dose_deviates(sitting.course_id);
    IF beyond IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'dose_explained',
            MESSAGE = 'The dose of the course is not within the product''s tolerance: ' || beyond || ' of the plan. '
                || 'Correct the cells, or say why the dose deviates. [dose-deviation]';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER cart_dose_explained AFTER INSERT OR UPDATE ON cart_infusioncomponent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cart_dose_explained();
CREATE CONSTRAINT TRIGGER cart_dose_explained AFTER UPDATE OF deviation_reason ON cart_administration
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cart_dose_explained();
CREATE CONSTRAINT TRIGGER cart_dose_explained
    AFTER UPDATE OF planned_cells_per_kg_e6, planned_cd19_per_kg_e6, planned_bcma_per_kg_e6 ON cart_infusioncourse
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cart_dose_explained();
"""
DOSE_EXPLAINED_REVERSE = """
DROP TRIGGER cart_dose_explained ON cart_infusioncourse;
DROP TRIGGER cart_dose_explained ON cart_administration;
DROP TRIGGER cart_dose_explained ON cart_infusioncomponent;
DROP FUNCTION cart_dose_explained();
DROP FUNCTION cart_dose_deviates(bigint);
"""
