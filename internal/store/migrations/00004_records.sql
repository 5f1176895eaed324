-- +goose Up

-- Messages owed to people. A decoy's accept_at and deliver_at are drawn when it is made; a real one's are what happened.
CREATE TABLE messages (
	id         TEXT    NOT NULL PRIMARY KEY,
	kind       TEXT    NOT NULL,
	channel    TEXT    NOT NULL,
	state      TEXT    NOT NULL,
	decoy      BOOLEAN NOT NULL,
	sealed     BYTEA,
	created_at BIGINT  NOT NULL,
	until_at   BIGINT  NOT NULL,
	claimed_at BIGINT,
	accept_at  BIGINT,
	deliver_at BIGINT
);
CREATE INDEX messages_waiting ON messages (channel, state, decoy, id);
CREATE INDEX messages_like ON messages (kind, decoy, id);

-- Who did what, when, from where.
CREATE TABLE audits (
	id      TEXT   NOT NULL PRIMARY KEY,
	at      BIGINT NOT NULL,
	event   TEXT   NOT NULL,
	subject BYTEA,
	citizen TEXT   NOT NULL,
	party   TEXT   NOT NULL,
	flow    TEXT   NOT NULL,
	outcome TEXT   NOT NULL,
	sealed  BYTEA  NOT NULL
);
CREATE INDEX audits_subject ON audits (subject, id);
