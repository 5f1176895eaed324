package account

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
)

// Result is what became of a visit.
type Result string

// The results.
const (
	NotSent   Result = "not-sent"   // a PIN was asked for and none was sent
	WrongData Result = "wrong-data" // it was asked for with data that are not those of the person's document
	Unused    Result = "unused"     // it was sent, and never typed
	WrongPIN  Result = "wrong-pin"  // one was typed that did not serve, and no right one
	Proven    Result = "proven"     // somebody identified themselves, and went no further
	Cancelled Result = "cancelled"
	TooLow    Result = "too-low" // the level did not reach what the service asks
	Refused   Result = "refused"
	Entered   Result = "entered" // the service was told who it is

	LetterAsked   Result = "letter-asked"
	LetterWrong   Result = "letter-wrong" // its code was not taken
	LetterOpened  Result = "letter-opened"
	Registered    Result = "registered"
	PhoneLost     Result = "phone-lost" // the number passed to another person
	Frozen        Result = "frozen"
	ConfirmAsked  Result = "confirm-asked" // and not answered
	ConfirmFailed Result = "confirm-failed"
	ConfirmNo     Result = "confirm-no"
	ConfirmNotMe  Result = "confirm-not-me"
	ConfirmYes    Result = "confirm-yes" // and the service has not used it
	Confirmed     Result = "confirmed"   // the service was told who it is
	SessionEnded  Result = "session-ended"
	Blocked       Result = "blocked"
	Copied        Result = "copied"
	Language      Result = "language"
	Other         Result = "other"
)

// weight orders what was recorded in one visit: what comes later says more of how it ended.
var weight = []Result{
	Other, NotSent, WrongData, Unused, WrongPIN, Proven, Refused, TooLow, Cancelled, Entered,
	LetterAsked, LetterWrong, LetterOpened, PhoneLost, Registered,
	ConfirmAsked, ConfirmFailed, ConfirmNo, ConfirmNotMe, ConfirmYes, Confirmed,
}

// results are what each event says by itself.
var results = map[audit.Event]Result{
	audit.PINRefused: WrongPIN, audit.LoginIdentified: Proven, audit.LoginCancelled: Cancelled, audit.LoginCompleted: Entered,
	audit.LetterAsked: LetterAsked, audit.LetterRefused: LetterWrong, audit.LetterOpened: LetterOpened,
	audit.CitizenRegistered: Registered, audit.PhoneTaken: PhoneLost, audit.CitizenFrozen: Frozen,
	audit.ConfirmationAsked: ConfirmAsked, audit.ConfirmationFailed: ConfirmFailed, audit.ConfirmationRefused: ConfirmNo,
	audit.ConfirmationReported: ConfirmNotMe, audit.ConfirmationGiven: ConfirmYes, audit.ConfirmationUsed: Confirmed,
	audit.SessionEnded: SessionEnded, audit.MethodBlocked: Blocked, audit.RecordCopied: Copied,
	audit.CitizenLanguage: Language,
}

func resultOf(e audit.Entry) Result {
	switch {
	case e.Event == audit.PINAsked && e.Outcome == "":
		return Unused
	case e.Event == audit.PINAsked && e.Outcome == "wrong datum":
		return WrongData
	case e.Event == audit.PINAsked:
		return NotSent
	case e.Event == audit.LoginFailed && e.Outcome == "too-low":
		return TooLow
	case e.Event == audit.LoginFailed:
		return Refused
	default:
		return cmp.Or(results[e.Event], Other)
	}
}

// Visit is one line of a person's history: a login with all that was tried in it, or one thing that happened.
type Visit struct {
	First   string // the id of its first entry
	Last    string // and of its last
	At      time.Time
	Party   string // the service, in a login or a confirmation
	Result  Result
	Method  assurance.Method
	Level   assurance.Level
	Wrong   int    // PINs typed wrongly in it
	From    string // the address
	Browser string
}

// Suspect tells whether somebody else may have been at work with what the person has: "this was not me".
func (v Visit) Suspect() bool {
	return slices.Contains([]Result{Unused, WrongPIN, Proven, Refused, TooLow, Cancelled, Entered, ConfirmYes, Confirmed}, v.Result)
}

// visits puts entries together that belong to one flow, the newest visit first.
func visits(entries []audit.Entry) (list []Visit) {
	flows := map[string][]audit.Entry{}
	for _, e := range entries {
		flow := cmp.Or(e.Flow, e.ID)
		flows[flow] = append(flows[flow], e)
	}
	for _, of := range flows {
		list = append(list, visit(of))
	}
	slices.SortFunc(list, func(a, b Visit) int { return strings.Compare(b.Last, a.Last) })
	return list
}

func visit(entries []audit.Entry) (v Visit) {
	slices.SortFunc(entries, func(a, b audit.Entry) int { return strings.Compare(a.ID, b.ID) })
	v.First = entries[0].ID
	for _, e := range entries {
		v.take(e)
	}
	return v
}

func (v *Visit) take(e audit.Entry) {
	if e.Subject != nil { // the rest counts as when it was found
		v.Last = e.ID
	}
	if r := resultOf(e); v.Result == "" || slices.Index(weight, r) >= slices.Index(weight, v.Result) {
		v.Result, v.At = r, e.At
	}
	if e.Event == audit.PINRefused && e.Outcome == "wrong" {
		v.Wrong++
	}
	v.Party, v.Browser = cmp.Or(e.Party, v.Party), cmp.Or(e.Browser, v.Browser)
	v.From = cmp.Or(place(e), v.From)
	v.how(e)
}

// place is the person's address. A confirmation is asked for from the service's.
func place(e audit.Entry) string {
	if e.Event == audit.ConfirmationAsked || e.Event == audit.ConfirmationUsed {
		return ""
	}
	return e.From
}

// how reads the method and level out of the record.
func (v *Visit) how(e audit.Entry) {
	switch e.Event {
	case audit.PINAsked, audit.PINRefused:
		v.Method = assurance.PIN
	case audit.LoginIdentified, audit.LoginCompleted, audit.ConfirmationGiven:
		method, level, _ := strings.Cut(e.Outcome, " ")
		if reached, err := assurance.ParseLevel(level); err == nil {
			v.Method, v.Level = assurance.Method(method), reached
		}
	}
}
