package node

import (
	"log/slog"

	"clave/internal/authn/pin"
	"clave/internal/confirm"
	"clave/internal/enrolment"
	"clave/internal/login"
	"clave/internal/throttle"
)

// warn logs every limit that is weaker than the security guide's, and the practice that a strict reading forbids.
func warn(c Config) {
	if c.Policy.NationalPractice {
		slog.Info("a PIN of an advanced registration counts as substantial (national practice)")
	}
	for _, name := range weak(c) {
		slog.Warn("a limit is weaker than the security guide's", "limit", name)
	}
}

// weak names the limits that let more pass than the defaults do.
func weak(set Config) (names []string) {
	p, l := set.PIN, set.Letters
	usual, letters := pin.DefaultLimits(), enrolment.DefaultLimits()
	sessions, asked := login.DefaultLimits(), confirm.DefaultLimits()
	for _, c := range []struct{ set, usual throttle.Limit }{
		{p.Asked, usual.Asked}, {p.Often, usual.Often}, {p.Wrong, usual.Wrong}, {p.InARow, usual.InARow},
		{l.Letters, letters.Letters}, {l.CSV, letters.CSV}, {l.Codes, letters.Codes}, {l.Letter, letters.Letter},
		{l.Abroad, letters.Abroad}, {l.Takeover, letters.Takeover},
		{set.Confirm.Person, asked.Person}, {set.Confirm.Party, asked.Party}, {set.Confirm.Reported, asked.Reported},
	} {
		if c.set.Count > c.usual.Count || c.set.Per < c.usual.Per && c.set.Per > 0 || c.usual.Per == 0 && c.set.Per > 0 {
			names = append(names, c.usual.Name)
		}
	}
	for _, c := range []struct {
		name string
		weak bool
	}{
		{"tries of a PIN", p.Tries > usual.Tries},
		{"life of a PIN", p.Lifetime > usual.Lifetime},
		{"life of a letter", l.LetterLife > letters.LetterLife},
		{"tries of a code", l.CodeTries > letters.CodeTries},
		{"life of a code", l.CodeLife > letters.CodeLife},
		{"age to register by letter", l.Age < letters.Age},
		{"idle session", set.Sessions.Idle > sessions.Idle},
		{"longest session", set.Sessions.Ceiling > sessions.Ceiling},
		{"life of a confirmation", set.Confirm.Life > asked.Life},
	} {
		if c.weak {
			names = append(names, c.name)
		}
	}
	return names
}
