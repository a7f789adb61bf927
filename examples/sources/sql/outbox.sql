-- What has changed and is not invalidated yet. A row is written by the transaction that makes the change, and deleted when the cache no longer has the old value.
CREATE TABLE IF NOT EXISTS cache_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);

-- With the rights of its owner: who may write products need not have any at the outbox.
CREATE OR REPLACE FUNCTION note_product_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO cache_changes (change) VALUES ('{}');
        RETURN NULL;
    END IF;
    -- Both rows of an UPDATE: where the category has changed, the lists of both have.
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        INSERT INTO cache_changes (change) VALUES (jsonb_build_object('id', OLD.id, 'category', OLD.category));
    END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND (NEW.id, NEW.category) IS DISTINCT FROM (OLD.id, OLD.category) THEN
        INSERT INTO cache_changes (change) VALUES (jsonb_build_object('id', NEW.id, 'category', NEW.category));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER note_product_change AFTER INSERT OR UPDATE OR DELETE ON products
    FOR EACH ROW EXECUTE FUNCTION note_product_change();
CREATE OR REPLACE TRIGGER note_truncated_products AFTER TRUNCATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION note_product_change();
