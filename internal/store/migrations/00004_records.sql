-- +goose Up

-- Messages owed to people. A decoy's accept_at and deliver_at are drawn when it is made; a real one's are what happened.
-- The row stays, without its body, as long as anybody may ask what became of it.
CREATE TABLE messages (
	id         TEXT    NOT NULL PRIMARY KEY,
	kind       TEXT    NOT NULL,
	channel    TEXT    NOT NULL,
	state      TEXT    NOT NULL,
	decoy      BOOLEAN NOT NULL,
	sealed     BYTEA,
	created_at BIGINT  NOT NULL,
	until_at   BIGINT  NOT NULL,
	due_at     BIGINT  NOT NULL,
	claimed_at BIGINT,
	accept_at  BIGINT,
	deliver_at BIGINT
);
CREATE INDEX messages_due ON messages (channel, due_at, id) WHERE state = 'queued' AND decoy = FALSE;
CREATE INDEX messages_claimed ON messages (claimed_at) WHERE state = 'sending';
CREATE INDEX messages_sealed ON messages (until_at) WHERE sealed IS NOT NULL;
CREATE INDEX messages_pace ON messages (kind, created_at) WHERE decoy = FALSE AND accept_at IS NOT NULL AND state <> 'refused';

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
