package assurance

import (
	"errors"
	"time"
)

// ErrOtherLogin means that a proof was made for another login or in another browser.
var ErrOtherLogin = errors.New("assurance: the proof belongs to another login")

// Proof says that a citizen identified themselves: the only ticket that opens anything. Only authenticators mint
// one (TestFloors lists them), after a successful check, and it serves only the login and browser it was made for.
type Proof struct{ claim Claim }

// Claim is what an authenticator states when it mints a Proof.
type Claim struct {
	Citizen  string   // the citizen's id
	Login    string   // the id of the login it was made for
	Browser  string   // the nonce of the browser that showed the factors
	Method   Method   // how
	Proofing Proofing // how the person was registered
	Binding  Level    // the weakest proof ever used to bind, change or recover the authenticator
	At       time.Time
}

// Mint makes a Proof. It panics on an incomplete claim: an authenticator that forgets a field must not pass.
func Mint(c Claim) Proof {
	if c.Citizen == "" || c.Login == "" || c.Browser == "" || table[c.Method].strict == 0 ||
		c.Proofing.ceiling() == 0 || c.Binding == 0 || c.At.IsZero() {
		panic("assurance: incomplete claim")
	}
	return Proof{c}
}

// Citizen is the id of the person who proved their identity.
func (p Proof) Citizen() string { return p.claim.Citizen }

// Method is how they did it.
func (p Proof) Method() Method { return p.claim.Method }

// At is when they did it.
func (p Proof) At() time.Time { return p.claim.At }

// Level is the lowest of registration, binding and authentication.
func (p Proof) Level(policy Policy) Level {
	return min(p.claim.Proofing.ceiling(), p.claim.Binding, policy.Best(p.claim.Method))
}

// Check refuses a proof made for another login or in another browser, and the zero Proof.
func (p Proof) Check(login, browser string) error {
	if p.claim.Citizen == "" || p.claim.Login != login || p.claim.Browser != browser {
		return ErrOtherLogin
	}
	return nil
}
