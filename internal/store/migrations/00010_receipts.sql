-- +goose Up

-- What the carrier calls a message that it took. An operator may use a name again: the youngest is meant.
ALTER TABLE messages ADD COLUMN ref TEXT;
CREATE INDEX messages_ref ON messages (ref, id) WHERE ref IS NOT NULL;

-- Receipts whose message is not noted yet as taken: a carrier may be quicker than our commit, and may write nonsense.
CREATE TABLE receipts (
	channel TEXT   NOT NULL,
	ref     TEXT   NOT NULL,
	state   TEXT   NOT NULL,
	at      BIGINT NOT NULL,
	due_at  BIGINT NOT NULL,
	PRIMARY KEY (channel, ref)
);
CREATE INDEX receipts_due ON receipts (due_at);
CREATE INDEX receipts_at ON receipts (at);
