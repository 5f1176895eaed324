-- +goose Up

-- Codes that somebody was sent; the code itself is nowhere. A row of another epoch answers no code.
CREATE TABLE challenges (
	id         TEXT   NOT NULL PRIMARY KEY,
	epoch      BIGINT NOT NULL,
	purpose    TEXT   NOT NULL,
	flow       TEXT   NOT NULL,
	browser    BYTEA  NOT NULL,
	subject    BYTEA  NOT NULL,
	budget     BYTEA  NOT NULL,
	citizen    TEXT   NOT NULL,
	label      TEXT   NOT NULL,
	code       BYTEA  NOT NULL,
	message    TEXT   NOT NULL,
	tries      BIGINT NOT NULL,
	most       BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	state      TEXT   NOT NULL
);
CREATE INDEX challenges_expire ON challenges (expires_at);

-- The times of the last hits on each limit, eight bytes each.
CREATE TABLE counters (
	key       BYTEA NOT NULL PRIMARY KEY,
	hits      BYTEA NOT NULL,
	forget_at BIGINT
);
CREATE INDEX counters_forget ON counters (forget_at);

-- Requests that were answered: a request is answered once.
CREATE TABLE answered (
	party    TEXT   NOT NULL,
	request  TEXT   NOT NULL,
	until_at BIGINT NOT NULL,
	PRIMARY KEY (party, request)
);
CREATE INDEX answered_until ON answered (until_at);

CREATE TABLE sessions (
	id       TEXT   NOT NULL PRIMARY KEY,
	epoch    BIGINT NOT NULL,
	citizen  TEXT   NOT NULL REFERENCES citizens (id),
	browser  BYTEA  NOT NULL,
	method   TEXT   NOT NULL,
	level    BIGINT NOT NULL,
	party    TEXT   NOT NULL,
	request  TEXT   NOT NULL,
	at       BIGINT NOT NULL,
	until_at BIGINT NOT NULL
);
CREATE INDEX sessions_until ON sessions (until_at);
