CREATE TABLE IF NOT EXISTS users (
    id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, username text NOT NULL UNIQUE, password text NOT NULL, bio text, image text
);
CREATE TABLE IF NOT EXISTS follows (
    follower bigint REFERENCES users, followed bigint REFERENCES users, PRIMARY KEY (follower, followed)
);
CREATE TABLE IF NOT EXISTS articles (
    id bigserial PRIMARY KEY, slug text NOT NULL UNIQUE, author bigint NOT NULL REFERENCES users, title text NOT NULL,
    description text NOT NULL, body text NOT NULL, tags text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS favorites (
    reader bigint REFERENCES users, article bigint REFERENCES articles ON DELETE CASCADE, PRIMARY KEY (reader, article)
);
CREATE TABLE IF NOT EXISTS comments (
    id bigserial PRIMARY KEY, article bigint NOT NULL REFERENCES articles ON DELETE CASCADE, author bigint NOT NULL REFERENCES users,
    body text NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
