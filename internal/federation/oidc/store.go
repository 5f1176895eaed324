package oidc

import (
	"context"
	"time"

	"clave/internal/citizen"
	"clave/internal/login"
)

// Store is what the provider keeps. The changing methods need a unit of work.
type Store interface {
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	// Citizen finds a person.
	Citizen(ctx context.Context, id string) (citizen.Citizen, bool, error)

	// AddRecord keeps a new record. The bool is false when there is one of that kind and key already.
	AddRecord(ctx context.Context, r Record) (bool, error)
	// SaveRecord saves body and times of a known one.
	SaveRecord(ctx context.Context, r Record) error
	// Record finds one of this epoch; a unit of work locks it. The bool tells whether there is one.
	Record(ctx context.Context, kind Kind, key string) (Record, bool, error)
	// DueRecords locks up to n records whose time has come, but for those that somebody else has locked.
	DueRecords(ctx context.Context, kind Kind, now time.Time, n int) ([]Record, error)
	// ForgetRecords deletes those whose time is over.
	ForgetRecords(ctx context.Context, now time.Time) (more bool, err error)
	// Once does a job's work, in a unit, if no other process has done it within a time; again while there is more.
	Once(ctx context.Context, job string, every time.Duration, work func(ctx context.Context) (more bool, err error)) error

	// Subject is what the services of a sector call a citizen: fresh, if they never called them anything. An empty one is not
	// kept.
	Subject(ctx context.Context, sector, citizen, fresh string) (string, error)

	// ClaimLogouts marks up to n participations of a protocol that are owed the end of their session as being told, and
	// due again at another moment.
	ClaimLogouts(ctx context.Context, protocol string, now, again time.Time, n int) ([]Owed, error)
	// SetParticipation says what became of one; it is tried again at due, unless that is zero.
	SetParticipation(ctx context.Context, id string, state login.State, due time.Time) error
}

// Record is something kept for a while. Its body is sealed where it is kept; its key is no secret.
type Record struct {
	Kind  Kind
	Key   string
	Body  []byte
	Until time.Time // then it is forgotten
	Due   time.Time // when something is to be done about it; zero: never
}

// Kind says what a record is.
type Kind string

// The kinds.
const (
	grantKind  Kind = "grant"  // what a service may know of a person, from the code to the last refresh
	pushedKind Kind = "pushed" // a request pushed beforehand (RFC 9126)
	askedKind  Kind = "asked"  // a confirmation asked for by a back channel
	pingKind   Kind = "ping"   // somebody waits to be told that a confirmation was answered
	usedKind   Kind = "used"   // the identifier of a token that must not be used twice
)

// Owed is a participation that is owed the end of its session, and whose session it was.
type Owed struct {
	login.Participation
	Citizen string
}
