-- +goose Up

-- The master keys that rows may be under, and from when: a node that lacks one must not work here, for it would not find everybody.
CREATE TABLE masters (
	id    TEXT    NOT NULL PRIMARY KEY,
	since BIGINT  NOT NULL,
	gone  BOOLEAN NOT NULL
);
