-- +goose Up

-- The database itself, in one row: what it was born as, and how often its memory was found wanting.
CREATE TABLE house (
	id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	kind    TEXT   NOT NULL CHECK (kind IN ('demo', 'live')),
	epoch   BIGINT NOT NULL,
	born_at BIGINT NOT NULL
);

-- The units of work of late, on PostgreSQL, so that one whose commit was cut off can be looked up: kept, or void.
CREATE TABLE changes (
	id   TEXT    NOT NULL PRIMARY KEY,
	kept BOOLEAN NOT NULL,
	at   BIGINT  NOT NULL
);
CREATE INDEX changes_at ON changes (at);
