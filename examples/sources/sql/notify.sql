-- Postgres sends it when the transaction commits, once for each text.
CREATE OR REPLACE FUNCTION tell_product_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('product_changes', '{}');
        RETURN NULL;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        PERFORM pg_notify('product_changes', jsonb_build_object('id', OLD.id, 'category', OLD.category)::text);
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        PERFORM pg_notify('product_changes', jsonb_build_object('id', NEW.id, 'category', NEW.category)::text);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER tell_product_change AFTER INSERT OR UPDATE OR DELETE ON products
    FOR EACH ROW EXECUTE FUNCTION tell_product_change();
CREATE OR REPLACE TRIGGER tell_truncated_products AFTER TRUNCATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION tell_product_change();
