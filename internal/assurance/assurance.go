// Package assurance says what a proof of identity is worth: the lowest of how the person was registered, how the
// authenticator was bound to them, and what they showed now.
//
// The levels are those of Regulation (EU) 910/2014 (eIDAS), article 8, as set out in Implementing Regulation
// (EU) 2015/1502; how a person was registered is that of Order PRE/1838/2014.
package assurance

import (
	"errors"
	"fmt"
)

// Level is an eIDAS level of assurance. A higher level compares greater; the zero Level means none.
type Level int

// The three levels of Regulation (EU) 910/2014, article 8(2).
const (
	Low Level = iota + 1
	Substantial
	High
)

var levelNames = map[Level]string{Low: "low", Substantial: "substantial", High: "high"}

// ErrLevel means that a text names no level of assurance.
var ErrLevel = errors.New("assurance: not a level")

// ParseLevel reads "low", "substantial" or "high".
func ParseLevel(name string) (Level, error) {
	for level, n := range levelNames {
		if n == name {
			return level, nil
		}
	}
	return 0, fmt.Errorf("%w: %q", ErrLevel, name)
}

// String is "low", "substantial", "high" or "none".
func (l Level) String() string {
	if name, ok := levelNames[l]; ok {
		return name
	}
	return "none"
}

// Proofing is how the person was registered.
type Proofing string

// The two levels of registration of Order PRE/1838/2014.
const (
	Basic    Proofing = "basic"    // from afar, by a letter to the domicile
	Advanced Proofing = "advanced" // face to face, or with a qualified certificate
)

// Method is a way to identify oneself.
type Method string

// The methods that Cl@ve offers.
const (
	PIN Method = "pin"
)

// Factor is a kind of thing shown to prove an identity (2015/1502, annex, 1(2)).
type Factor string

// The kinds of factor that our methods show.
const (
	Possession Factor = "possession" // the phone that got the code
)

// Policy is what the operator decides about the table.
type Policy struct {
	// NationalPractice lets the PIN of an advanced registration count as substantial, as Spain's administrations do,
	// although it shows one factor only and 2015/1502 (annex, 2.3.1) asks for two of different kinds.
	NationalPractice bool
}

// worth is one row of the table: what showing a method proves, whatever the registration.
type worth struct {
	factors  []Factor
	strict   Level  // by 2015/1502
	national Level  // by national practice
	ground   string // where the two come from
}

var table = map[Method]worth{
	PIN: {
		factors:  []Factor{Possession},
		strict:   Low,
		national: Substantial,
		ground:   "2015/1502 annex 2.3.1: one factor is low; Resolution of 14 December 2015: PIN of an advanced registration",
	},
}

// Factors are the factors that a method shows.
func (m Method) Factors() []Factor { return table[m].factors }

// Best is the highest level that a method can reach for anybody under this policy.
func (p Policy) Best(m Method) Level {
	if p.NationalPractice {
		return table[m].national
	}
	return table[m].strict
}

// ceiling is the highest level that a registration allows (2015/1502 annex, 2.1.2).
func (p Proofing) ceiling() Level {
	switch p {
	case Advanced:
		return High
	case Basic:
		return Low
	default:
		return 0
	}
}

// Binding is the level of what was shown when the authenticator was bound to a person registered so.
func (p Proofing) Binding() Level { return p.ceiling() }
