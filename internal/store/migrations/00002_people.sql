-- +goose Up

-- The State's register, when it is imported: who exists, sealed, found by the keyed hash of the NIF.
CREATE TABLE people (
	nif    BYTEA NOT NULL PRIMARY KEY,
	sealed BYTEA NOT NULL
);

-- Who is registered. Everything that names or reaches somebody is sealed; NIF and phone are found by keyed hash.
CREATE TABLE citizens (
	id            TEXT    NOT NULL PRIMARY KEY,
	nif           BYTEA   NOT NULL UNIQUE,
	phone         BYTEA   UNIQUE,
	sealed        BYTEA   NOT NULL,
	proofing      TEXT    NOT NULL,
	phone_binding BIGINT  NOT NULL,
	phone_since   BIGINT,
	activation    BYTEA,
	frozen        BOOLEAN NOT NULL,
	registered_at BIGINT  NOT NULL
);

-- Browsers that signed in before: one row for each browser and citizen.
CREATE TABLE known_browsers (
	browser BYTEA  NOT NULL PRIMARY KEY,
	citizen TEXT   NOT NULL REFERENCES citizens (id),
	since   BIGINT NOT NULL
);

-- Codes that freeze a registration, each until it is used.
CREATE TABLE freezes (
	code    BYTEA NOT NULL PRIMARY KEY,
	citizen TEXT  NOT NULL REFERENCES citizens (id)
);

-- Invitation letters.
CREATE TABLE letters (
	id         TEXT   NOT NULL PRIMARY KEY,
	reference  BYTEA  NOT NULL UNIQUE,
	subject    BYTEA  NOT NULL,
	csv        BYTEA  NOT NULL UNIQUE,
	message    TEXT   NOT NULL,
	asked_at   BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT,
	used_by    TEXT   NOT NULL
);
