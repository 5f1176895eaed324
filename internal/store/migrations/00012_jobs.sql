-- +goose Up

-- What is done once for all nodes, again and again: when it is due, and which node did it last.
CREATE TABLE jobs (
	name   TEXT   NOT NULL PRIMARY KEY,
	due_at BIGINT NOT NULL,
	ran_at BIGINT NOT NULL,
	node   TEXT   NOT NULL
);

-- The newest migration that a program must know to work on these tables: a migration that takes something away raises it.
ALTER TABLE house ADD COLUMN requires BIGINT NOT NULL DEFAULT 0;
