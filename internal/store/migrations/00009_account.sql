-- +goose Up

-- A login that was given up names nobody; whoever's PIN was asked for in it finds that out by the login.
CREATE INDEX audits_cancelled ON audits (flow) WHERE event = 'login.cancelled';

-- All browsers of a person are forgotten at once.
CREATE INDEX known_browsers_citizen ON known_browsers (citizen);
