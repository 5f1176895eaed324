package web

import (
	"encoding/json"
	"unicode"

	"clave/internal/authn/pin"
	"clave/internal/locale"
	"clave/internal/notify"
	"clave/internal/secret"
)

// smsSteps tells how far the message has come, if there is one: a stranger's goes through the same states. What the
// operator refused, or what nobody knows of, is told only where it is true.
func (s *Server) smsSteps(v *visit, p page) (steps, error) {
	state, err := s.PIN.Status(v.r.Context(), v.Challenge)
	if err != nil {
		return steps{}, err
	}
	told := steps{Lang: p.Lang}
	for _, step := range smsRoad(state) {
		told.List = append(told.List, p.step(step))
	}
	return told, nil
}

// smsStep is a step of the message in words to be said.
type smsStep struct {
	state     string
	text, why locale.Key
}

// smsRoad is the same while the message waits and while it is being handed over: a decoy is never handed over.
func smsRoad(state notify.State) []smsStep {
	const prepared, handed, arrived locale.Key = "login.sms-prepared", "login.sms-handed", "login.sms-arrived"
	switch state {
	case notify.Accepted:
		return []smsStep{{"done", prepared, ""}, {"done", handed, ""}, {"now", "login.sms-arriving", ""}}
	case notify.Delivered:
		return []smsStep{{"done", prepared, ""}, {"done", handed, ""}, {"done", arrived, ""}}
	case notify.Refused:
		return []smsStep{{"done", prepared, ""}, {"failed", "login.sms-refused", "login.sms-refused-why"}}
	case notify.Lost, notify.Expired:
		return []smsStep{{"done", prepared, ""}, {"failed", "login.sms-lost", "login.sms-lost-why"}}
	default:
		return []smsStep{{"done", prepared, ""}, {"now", "login.sms-handing", ""}, {"next", arrived, ""}}
	}
}

func (p page) step(s smsStep) step {
	told := step{State: s.state, Text: p.T(s.text)}
	if s.why != "" {
		told.Detail = p.T(s.why)
	}
	return told
}

// news is what the page's script is told of the message.
type news struct {
	Final bool       `json:"final"`
	Left  int        `json:"left"` // seconds that the PIN still works
	Steps []newsStep `json:"steps"`
}

type newsStep struct {
	State  string `json:"state"`
	Spoken string `json:"spoken"` // the state, for those who do not see it
	Text   string `json:"text"`
	Detail string `json:"detail"`
}

func (s *Server) pinStatus(v *visit) error {
	p := s.page(v.r)
	told, err := s.smsSteps(v, p)
	if err != nil {
		return err
	}
	n := news{Final: true, Left: max(0, int(v.pinUntil().Sub(s.Now()).Seconds()))}
	for _, step := range told.List {
		n.Steps = append(n.Steps, newsStep{step.State, told.Spoken(step.State), step.Text, step.Detail})
		if step.State == "now" {
			n.Final = false
		}
	}
	v.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(v.w).Encode(n)
}

// Spoken is a step's state, for those who do not see it.
func (s steps) Spoken(state string) string {
	switch state {
	case "done":
		return s.Lang.Text("steps.done")
	case "now":
		return s.Lang.Text("steps.now")
	case "failed":
		return s.Lang.Text("steps.failed")
	default:
		return s.Lang.Text("steps.next")
	}
}

// pinFault finds what cannot be a PIN. It costs no try, because it is not compared.
func (s *Server) pinFault(typed secret.Code) locale.Key {
	count := 0
	for _, r := range typed.Reveal() {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			count++
		}
	}
	switch {
	case count == 0:
		return "login.pin-empty"
	case s.PIN.Style == pin.Classic && count != 3:
		return "login.pin-shape-classic"
	case s.PIN.Style != pin.Classic && count != 6:
		return "login.pin-shape"
	default:
		return ""
	}
}
