package web

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/login"
	"clave/internal/otp"
	"clave/internal/relying"
	"clave/internal/secret"
)

type pinForm struct {
	loginFrame
	Label     shown
	PIN       field
	Spent     bool
	Dead      notice // in place of the field, when no PIN will be right any more
	Soon      notice // in the last minute
	Countdown countdown
	SMS       steps
	Buttons   []button
	Again     []button
}

func (s *Server) pinPage(v *visit) error {
	if v.Challenge == "" {
		return v.redirect("document")
	}
	return s.askPIN(v, func(*pinForm) {})
}

// askPIN shows where the PIN is typed; wrong puts in what was wrong with the last one.
func (s *Server) askPIN(v *visit, wrong func(*pinForm)) error {
	data := pinForm{loginFrame: s.inLogin(v)}
	until := v.pinUntil()
	left := until.Sub(s.Now())
	data.Spent = v.Spent || left <= 0
	data.Dead = notice{Kind: "error", Text: []string{data.T("login.pin-over")}}
	data.Soon = notice{Kind: "warning", Text: []string{data.T("login.pin-soon")}}
	data.Label = data.labelShown(v.signIn)
	data.PIN = data.pinField(s.PIN.Style)
	data.Countdown = countdown{
		Lang: data.Lang, Text: data.T("login.pin-until", "time", data.Lang.Clock(until)), Until: until,
		Left: max(left, 0), Total: s.PIN.Limits.Lifetime, Soon: left <= time.Minute,
	}
	data.Buttons = []button{{Kind: "primary", Text: data.T("login.pin-next")}}
	data.Again = []button{{Kind: "secondary", Text: data.T("login.pin-again")}}
	if data.Spent {
		data.Again[0].Kind = "primary"
	}
	var err error
	if data.SMS, err = s.smsSteps(v, data.page); err != nil {
		return err
	}
	data.SMS.URL = data.At + "/status"
	wrong(&data)
	s.show(v.w, v.r, data.status(), "login-pin.html", data)
	return nil
}

// pinUntil is when the PIN stops being of use: it may outlive the login.
func (v *visit) pinUntil() time.Time {
	if end := v.Login.Began.Add(login.Lifetime); end.Before(v.Expires) {
		return end
	}
	return v.Expires
}

// labelShown repeats what ties the message to this page. A label that the person chose is not in the message (safety
// rule 5).
func (p page) labelShown(l signIn) shown {
	note := p.T("login.pin-label-note")
	if l.Own != "" {
		note = p.T("login.pin-label-chosen")
	}
	return shown{Label: p.T("login.pin-label"), Letters: strings.Split(l.Label, ""), Note: note}
}

func (p page) pinField(style pin.Style) field {
	f := field{Lang: p.Lang, Kind: "code", Name: "pin", Label: p.T("login.pin"), Hint: p.T("login.pin-hint")}
	if style == pin.Classic {
		f.Kind, f.Hint = "symbols", p.T("login.pin-hint-classic")
	}
	return f
}

// anotherPIN asks again with the same data. The failures counted so far stay counted.
func (s *Server) anotherPIN(v *visit) error {
	s.Slow.Hit(v.r.Context(), from(v.r))
	if v.NIF.IsZero() {
		return v.redirect("")
	}
	return s.ask(v)
}

func (s *Server) takePIN(v *visit) error {
	if v.Challenge == "" {
		return v.redirect("document")
	}
	typed := secret.NewCode(v.r.PostForm.Get("pin"))
	if fault := s.pinFault(typed); fault != "" {
		return s.askPIN(v, func(p *pinForm) { p.PIN.Error = p.wrong("pin", fault) })
	}
	s.Slow.Hit(v.r.Context(), from(v.r))
	known := cmp.Or(s.knownToken(v.r), secret.Token().Reveal())
	spent, err := s.spend(v, pin.Try{
		Login: v.Login.ID, Browser: v.Login.Browser, Challenge: v.Challenge, Typed: typed,
		Known: known, Party: v.party.ID, From: from(v.r),
	})
	switch {
	case err != nil:
		return err
	case spent.tried.Used: // sent twice, and this is the second: the first has led further
		return v.redirect("")
	case spent.tried.Verdict != otp.Right:
		return s.wrongPIN(v, spent.tried)
	}
	s.setCookie(v.w, s.cookieName(knownCookie), known, knownLife)
	s.setCookie(v.w, s.cookieName(lastCookie), string(assurance.PIN), lastLife)
	return s.identified(v, spent)
}

// spentPIN is what became of a typed PIN and of the login.
type spentPIN struct {
	tried   pin.Tried
	who     login.Identified
	refusal login.Refusal
	own     completed // when it was for our own pages, which need no second look
}

// spend lets one unit of work count the try, compare, mint the proof and put it into the browser's session. Nothing is
// answered before that is committed.
func (s *Server) spend(v *visit, try pin.Try) (spent spentPIN, err error) {
	err = s.Store.Do(v.r.Context(), func(ctx context.Context) (err error) {
		spent = spentPIN{}
		spent.tried, err = s.PIN.Verify(ctx, try)
		if err != nil || spent.tried.Verdict != otp.Right {
			return err
		}
		spent.who, spent.refusal, err = s.Broker.Identify(ctx, v.Login, spent.tried.Proof, login.Arrival{
			Visitor: visitor(v.r), Token: s.tokenIn(v.r, cookieFor(v.party)), New: spent.tried.New,
		})
		if err != nil || spent.refusal != login.None || v.party.ID != relying.House {
			return err
		}
		spent.own, err = s.complete(ctx, v, spent.who.Session.ID)
		return err
	})
	return spent, err
}

// identified leads somebody on who proved who they are. What they typed has served.
func (s *Server) identified(v *visit, spent spentPIN) error {
	v.signIn = signIn{Login: v.Login}
	switch {
	case spent.refusal == login.Other:
		s.otherPerson(v)
		return nil
	case v.party.ID == relying.House && spent.refusal == login.None:
		return s.enterOwn(v, spent)
	}
	v.Session, v.TooLow = spent.who.Session.ID, spent.refusal == login.TooLow
	s.keepSession(v.w, spent.who.Session, spent.who.Token)
	return s.goTo(v, "")
}

// otherPerson says that this browser still holds somebody else's session: it has to be ended before anybody else is let in.
func (s *Server) otherPerson(v *visit) {
	frame := s.inLogin(v)
	s.loginProblem(v, problem{status: http.StatusConflict, key: "other-person", buttons: []button{
		{Kind: "primary", Text: frame.T("login.end-other"), Name: "not-me", Value: "1"},
	}})
}

// wrongPIN says how many tries are left, the same to everybody.
func (s *Server) wrongPIN(v *visit, tried pin.Tried) error {
	switch {
	case tried.Wait > 0:
		v.Spent = true
		return s.mustWait(v, tried.Wait)
	case tried.Verdict == otp.Wrong && tried.Left > 0:
		return s.askPIN(v, func(p *pinForm) { p.PIN.Error = p.wrong("pin", "login.pin-wrong", "n", tried.Left) })
	}
	v.Spent = true
	if err := s.saveFlow(v.w, v.r, loginFlow, v.Login.ID, v.Login.Began, v.signIn); err != nil {
		return err
	}
	return s.askPIN(v, func(p *pinForm) {
		if tried.Verdict == otp.Wrong {
			p.Dead.Text = []string{p.T("login.pin-last")}
		}
	})
}
