-- +goose Up

-- The services that trust us. What each registered is sealed: whoever can write here, but has no key ring, makes nobody
-- trusted.
CREATE TABLE parties (
	id     TEXT  NOT NULL PRIMARY KEY,
	sealed BYTEA NOT NULL
);

-- In one row: how often one of them was added, changed or removed, so that every node sees that it happened.
CREATE TABLE parties_version (
	id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	version BIGINT NOT NULL
);
INSERT INTO parties_version (id, version) VALUES (1, 0);
