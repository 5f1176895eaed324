-- +goose Up

-- What a browser holds after an identification, found by the keyed hash of its token. Sessions made before could open
-- nothing, and go.
DROP TABLE sessions;
CREATE TABLE sessions (
	id       TEXT    NOT NULL PRIMARY KEY,
	epoch    BIGINT  NOT NULL,
	citizen  TEXT    NOT NULL REFERENCES citizens (id),
	token    BYTEA   NOT NULL UNIQUE,
	party    TEXT    NOT NULL,
	held     TEXT    NOT NULL,
	sealed   BYTEA   NOT NULL,
	began_at BIGINT  NOT NULL,
	seen_at  BIGINT  NOT NULL,
	until_at BIGINT  NOT NULL,
	ended_at BIGINT
);
CREATE INDEX sessions_until ON sessions (until_at);
CREATE INDEX sessions_citizen ON sessions (citizen);

-- The services that rely on a session, and what became of telling them that it ended.
CREATE TABLE participations (
	id       TEXT   NOT NULL PRIMARY KEY,
	session  TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
	party    TEXT   NOT NULL,
	protocol TEXT   NOT NULL,
	subject  TEXT   NOT NULL,
	at       BIGINT NOT NULL,
	state    TEXT   NOT NULL,
	due_at   BIGINT,
	tries    BIGINT NOT NULL,
	UNIQUE (session, party, protocol)
);
CREATE INDEX participations_owed ON participations (due_at) WHERE state IN ('owed', 'told');
