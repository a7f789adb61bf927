CREATE TABLE IF NOT EXISTS products (
    id bigint PRIMARY KEY,
    category text NOT NULL,
    name text NOT NULL,
    price bigint NOT NULL
);
