package web

import (
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"clave/internal/contact"
	"clave/internal/enrolment"
	"clave/internal/locale"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/secret"
)

// channel is what a person gives to be reached by: a phone or an e-mail address. Both are asked for and proven alike.
type channel struct {
	name                            string // of its pages and its field
	by                              notify.Channel
	of                              func(*enrolling) *proving
	read                            func(typed string) (r enrolment.ContactRequest, value, masked string, err error)
	fault                           func(error) locale.Key
	title, lead, label, hint        locale.Key
	codeTitle, codeLead             locale.Key
	again, change, noCode, noCodeDo locale.Key
}

var byPhone = channel{
	name: "phone", by: notify.SMS, of: func(e *enrolling) *proving { return &e.Phone }, read: readPhone, fault: phoneFault,
	title: "phone.title", lead: "phone.lead", label: "phone.label", hint: "phone.hint",
	codeTitle: "phone.code-title", codeLead: "phone.code-lead",
	again: "contact.again", change: "phone.change", noCode: "contact.no-code", noCodeDo: "phone.no-code-do",
}

var byEmail = channel{
	name: "email", by: notify.Email, of: func(e *enrolling) *proving { return &e.Email }, read: readEmail, fault: emailFault,
	title: "email.title", lead: "email.lead", label: "email.label", hint: "email.hint",
	codeTitle: "email.code-title", codeLead: "email.code-lead",
	again: "contact.again", change: "email.change", noCode: "contact.no-code", noCodeDo: "email.no-code-do",
}

func readPhone(typed string) (enrolment.ContactRequest, string, string, error) {
	p, err := contact.ParsePhone(typed)
	return enrolment.ContactRequest{Phone: p}, p.Reveal(), p.Masked(), err
}

func readEmail(typed string) (enrolment.ContactRequest, string, string, error) {
	m, err := contact.ParseEmail(typed)
	return enrolment.ContactRequest{Email: m}, m.Reveal(), m.Masked(), err
}

func phoneFault(err error) locale.Key {
	switch {
	case errors.Is(err, contact.ErrEmpty):
		return "phone.empty"
	case errors.Is(err, contact.ErrNoSMS):
		return "phone.no-sms"
	default:
		return "phone.wrong"
	}
}

func emailFault(err error) locale.Key {
	if errors.Is(err, contact.ErrEmpty) {
		return "email.empty"
	}
	return "email.wrong"
}

type pageOf = func(http.ResponseWriter, *http.Request, enrolmentStep)

// contactPage asks for the number or address. One that is not proven yet is shown again, so that a slip can be mended.
func (s *Server) contactPage(c channel) pageOf {
	return func(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
		typed := ""
		if p := c.of(e.enrolling); !p.Proven {
			typed = p.Value
		}
		s.askContact(w, r, c, formPage{page: s.page(r)}, typed, "")
	}
}

func (s *Server) askContact(w http.ResponseWriter, r *http.Request, c channel, f formPage, typed, wrong string) {
	f.Title, f.Lead = f.T(c.title), f.T(c.lead)
	f.Fields = []field{{Lang: f.Lang, Kind: c.name, Name: c.name, Label: f.T(c.label), Hint: f.T(c.hint), Value: typed, Error: wrong}}
	f.Buttons = []button{{Kind: "primary", Text: f.T("contact.send")}}
	s.form(w, r, f)
}

func (s *Server) takeContact(c channel) pageOf {
	return func(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
		s.Slow.Hit(r.Context(), from(r))
		typed := r.PostFormValue(c.name)
		request, value, _, err := c.read(typed)
		f := formPage{page: s.page(r)}
		if err != nil {
			s.askContact(w, r, c, f, typed, f.wrong(c.name, c.fault(err)))
			return
		}
		if s.late(c.by) {
			s.askContact(w, r, c, f, typed, f.wrong(c.name, "contact.busy"))
			return
		}
		sent, err := s.Enrolment.AskContact(r.Context(), e.complete(r, request))
		switch {
		case err != nil:
			s.fail(w, r, err)
		case sent.Wait > 0:
			s.askContact(w, r, c, f, typed, f.wrong(c.name, "contact.wait", "wait", f.Lang.Duration(sent.Wait)))
		default:
			*c.of(e.enrolling) = proving{Value: value, Challenge: sent.Challenge, Expires: sent.Expires, Sent: 1}
			e.TakePhone = false
			s.goOn(w, r, e, c.name+"-code")
		}
	}
}

// complete says whose request it is: this journey's, in this browser.
func (e enrolmentStep) complete(r *http.Request, c enrolment.ContactRequest) enrolment.ContactRequest {
	c.Flow, c.Letter, c.Browser, c.Lang, c.From = e.id, e.Letter, e.Browser, langOf(r).Code(), from(r)
	return c
}

func (s *Server) codePage(c channel) pageOf {
	return func(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
		if p := c.of(e.enrolling); p.Challenge == "" || p.Proven {
			http.Redirect(w, r, e.at(e.due()), http.StatusSeeOther)
			return
		}
		s.askCode(w, r, c, e, formPage{page: s.page(r)}, "")
	}
}

func (s *Server) askCode(w http.ResponseWriter, r *http.Request, c channel, e enrolmentStep, f formPage, wrong string) {
	p := c.of(e.enrolling)
	_, _, masked, err := c.read(p.Value)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f.Title, f.Lead = f.T(c.codeTitle), f.T(c.codeLead, "to", masked)
	if p.Sent > 1 {
		f.Text = []string{f.T("contact.sent-again")}
	}
	f.Countdown = f.codeLeft(p.Expires, s.Enrolment.Limits.CodeLife, s.Now())
	f.Fields = []field{{Lang: f.Lang, Kind: "code", Name: "code", Label: f.T("contact.code"), Hint: f.T("contact.code-hint"), Error: wrong}}
	f.Help = &help{Title: f.T(c.noCode), Text: []string{f.T(c.noCodeDo)}}
	f.Script = "live.js"
	f.Buttons = []button{
		{Kind: "primary", Text: f.T("contact.confirm")},
		{Kind: "secondary", Text: f.T(c.again), Name: "again", Value: "1"},
		{Kind: "quiet", Text: f.T(c.change), URL: e.at(c.name)},
	}
	s.form(w, r, f)
}

func (p page) codeLeft(until time.Time, life time.Duration, now time.Time) *countdown {
	left := max(0, until.Sub(now))
	return &countdown{
		Lang: p.Lang, Text: p.T("contact.until", "time", p.Lang.Clock(until)), Until: until, Left: left, Total: life, Soon: left < time.Minute,
	}
}

func (s *Server) takeCode(c channel) pageOf {
	return func(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
		s.Slow.Hit(r.Context(), from(r))
		p := c.of(e.enrolling)
		request, _, _, err := c.read(p.Value)
		switch {
		case err != nil || p.Proven:
			http.Redirect(w, r, e.at(e.due()), http.StatusSeeOther)
		case r.PostFormValue("again") != "":
			s.sendAgain(w, r, c, e, request)
		default:
			s.tryCode(w, r, c, e, request)
		}
	}
}

func (s *Server) sendAgain(w http.ResponseWriter, r *http.Request, c channel, e enrolmentStep, request enrolment.ContactRequest) {
	f := formPage{page: s.page(r)}
	if s.late(c.by) {
		s.askCode(w, r, c, e, f, f.wrong("code", "contact.busy"))
		return
	}
	sent, err := s.Enrolment.AskContact(r.Context(), e.complete(r, request))
	switch {
	case err != nil:
		s.fail(w, r, err)
	case sent.Wait > 0:
		s.askCode(w, r, c, e, f, f.wrong("code", "contact.wait", "wait", f.Lang.Duration(sent.Wait)))
	default:
		p := c.of(e.enrolling)
		p.Challenge, p.Expires, p.Sent = sent.Challenge, sent.Expires, p.Sent+1
		s.goOn(w, r, e, c.name+"-code")
	}
}

func (s *Server) tryCode(w http.ResponseWriter, r *http.Request, c channel, e enrolmentStep, request enrolment.ContactRequest) {
	typed := otp.Normal(secret.NewCode(r.PostFormValue("code")))
	f := formPage{page: s.page(r)}
	if typed.IsZero() {
		s.askCode(w, r, c, e, f, f.wrong("code", "contact.code-empty"))
		return
	}
	if utf8.RuneCountInString(typed.Reveal()) != 6 { // costs no try
		s.askCode(w, r, c, e, f, f.wrong("code", "contact.code-shape"))
		return
	}
	p := c.of(e.enrolling)
	verdict, left, err := s.Enrolment.ProveContact(r.Context(), e.complete(r, request), p.Challenge, typed)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case verdict == otp.Right:
		p.Proven = true
		s.goOn(w, r, e, e.due())
	case verdict == otp.Wrong && left > 0:
		s.askCode(w, r, c, e, f, f.wrong("code", "contact.code-wrong", "n", left))
	case verdict == otp.Late:
		s.askCode(w, r, c, e, f, f.wrong("code", "contact.code-late"))
	default:
		s.askCode(w, r, c, e, f, f.wrong("code", "contact.code-spent"))
	}
}
