"""Rules of randomisation: places in their order, given once, to eligible subjects; the arm follows and stays."""

RANDOMISATION_RULES = """
CREATE FUNCTION cart_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    list cart_randomisationlist;
    person record;
    last integer;
BEGIN
    -- Two editors at once: the second one waits here and gets the next place.
    SELECT * INTO list FROM cart_randomisationlist l WHERE l.id = NEW.randomisation_list_id FOR UPDATE;
    SELECT s.code, s.status, s.study_id, s.arm_id, z.code AS site INTO person FROM cart_subject s
        JOIN cart_site z ON z.id = s.site_id WHERE s.id = NEW.subject_id FOR UPDATE OF s;
    IF list.study_id <> person.study_id
            OR NOT EXISTS (SELECT FROM cart_arm a WHERE a.id = NEW.arm_id AND a.study_id = list.study_id) THEN
        RAISE EXCEPTION 'List, subject and arm are not of one study. [wrong-study]'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'allocation_study';
    END IF;
    IF list.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'The randomisation list is closed; no place is given from it. [randomisation-closed]'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'allocation_list';
    END IF;
    IF person.status <> 'enrolled' OR (SELECT d.verdict FROM cart_eligibilitydecision d
            WHERE d.subject_id = NEW.subject_id ORDER BY d.decided_at DESC, d.id DESC LIMIT 1)
            IS DISTINCT FROM 'eligible' THEN
        RAISE EXCEPTION 'Subject % is not randomised before it is enrolled by a signed decision. [not-eligible]', person.code
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'allocation_eligible';
    END IF;
    IF person.arm_id IS NOT NULL THEN
        RAISE EXCEPTION 'Subject % has an arm already. [randomised-twice]', person.code
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'allocation_once';
    END IF;
    SELECT coalesce(max(a.position), 0) INTO last FROM cart_allocation a
        WHERE a.randomisation_list_id = list.id AND a.stratum = NEW.stratum;
    IF NEW.position <> last + 1 OR NEW.stratum <> (CASE WHEN list.by_site THEN person.site ELSE '' END) THEN
        RAISE EXCEPTION 'Places are given in their order, in the stratum of the subject: the next is %. [allocation-place]',
            last + 1 USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'allocation_place';
    END IF;
    NEW.allocated_by := current_setting('trialsite.actor', true);
    NEW.allocated_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER cart_allocation BEFORE INSERT ON cart_allocation FOR EACH ROW EXECUTE FUNCTION cart_allocation();

CREATE FUNCTION cart_allocation_taken_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cart_subject SET arm_id = NEW.arm_id WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
CREATE TRIGGER cart_allocation_taken_over AFTER INSERT ON cart_allocation
    FOR EACH ROW EXECUTE FUNCTION cart_allocation_taken_over();

CREATE FUNCTION cart_subject_arm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM cart_randomisationlist l WHERE l.study_id = NEW.study_id) AND NEW.arm_id IS DISTINCT FROM
            (SELECT a.arm_id FROM cart_allocation a WHERE a.subject_id = NEW.id) THEN
        RAISE EXCEPTION 'The arm of subject % comes from the randomisation list of its study. [arm-by-randomisation]',
            NEW.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'subject_arm_randomised';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cart_subject_arm_given BEFORE INSERT ON cart_subject FOR EACH ROW
    WHEN (NEW.arm_id IS NOT NULL) EXECUTE FUNCTION cart_subject_arm();
CREATE TRIGGER cart_subject_arm_changed BEFORE UPDATE ON cart_subject FOR EACH ROW
    WHEN (NEW.arm_id IS DISTINCT FROM OLD.arm_id) EXECUTE FUNCTION cart_subject_arm();
"""  # noqa: E501 - a sentence of PostgreSQL stands on one line
RANDOMISATION_RULES_REVERSE = """
DROP TRIGGER cart_subject_arm_changed ON cart_subject;
DROP TRIGGER cart_subject_arm_given ON cart_subject;
DROP FUNCTION cart_subject_arm();
DROP TRIGGER cart_allocation_taken_over ON cart_allocation;
DROP FUNCTION cart_allocation_taken_over();
DROP TRIGGER cart_allocation ON cart_allocation;
DROP FUNCTION cart_allocation();
"""
