-- +goose Up

-- What OpenID Connect must remember for a while: grants, pushed requests, requests for a confirmation, identifiers of
-- tokens that were used. The key is never a secret; a row of another epoch opens nothing.
CREATE TABLE oidc_records (
	kind     TEXT   NOT NULL,
	key      TEXT   NOT NULL,
	epoch    BIGINT NOT NULL,
	sealed   BYTEA  NOT NULL,
	until_at BIGINT NOT NULL,
	due_at   BIGINT,
	PRIMARY KEY (kind, key)
);
CREATE INDEX oidc_records_until ON oidc_records (until_at);
CREATE INDEX oidc_records_due ON oidc_records (kind, due_at) WHERE due_at IS NOT NULL;

-- What the services of one sector call a citizen: random, drawn once, the same for ever.
CREATE TABLE oidc_subjects (
	sector  TEXT NOT NULL,
	citizen TEXT NOT NULL REFERENCES citizens (id),
	subject TEXT NOT NULL UNIQUE,
	PRIMARY KEY (sector, citizen)
);
