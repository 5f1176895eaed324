-- +goose Up

-- Confirmations that services ask for. Whoever nobody can ask has no citizen. A row of another epoch is void.
CREATE TABLE confirmations (
	id          TEXT   NOT NULL PRIMARY KEY,
	epoch       BIGINT NOT NULL,
	party       TEXT   NOT NULL,
	subject     BYTEA  NOT NULL,
	citizen     TEXT   NOT NULL,
	level       BIGINT NOT NULL,
	sealed      BYTEA  NOT NULL,
	at          BIGINT NOT NULL,
	expires_at  BIGINT NOT NULL,
	state       TEXT   NOT NULL,
	answered_at BIGINT,
	session     TEXT   NOT NULL,
	method      TEXT   NOT NULL,
	shown       BIGINT NOT NULL,
	shown_at    BIGINT,
	spent_at    BIGINT
);
CREATE INDEX confirmations_expire ON confirmations (expires_at);
CREATE INDEX confirmations_citizen ON confirmations (citizen, expires_at) WHERE state = 'waiting';
CREATE INDEX confirmations_subject ON confirmations (subject, party, expires_at) WHERE state = 'waiting';
