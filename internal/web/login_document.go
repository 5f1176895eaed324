package web

import (
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"clave/internal/authn/pin"
	"clave/internal/nif"
	"clave/internal/notify"
)

type loginDocument struct {
	loginFrame
	Who     []row
	Datum   field
	Where   template.HTML // stands the datum on the document
	Other   button        // the datum of the other sort of DNI
	Kind    nif.DatumKind
	Own     field
	Buttons []button
}

func (s *Server) loginDocumentPage(v *visit) error {
	if v.NIF.IsZero() {
		return v.redirect("")
	}
	return s.askLoginDatum(v, nil, nil)
}

// askLoginDatum asks for the datum that this number's document has, and says what is wrong with one that was typed, or
// with the label.
func (s *Server) askLoginDatum(v *visit, wrongDatum, wrongLabel error) error {
	data := loginDocument{loginFrame: s.inLogin(v), Kind: datumKind(v.NIF, permanent(v.r))}
	data.Who = []row{{Term: data.T("document.nif"), Text: v.NIF.Masked(), URL: data.At, Change: data.T("login.change")}}
	data.Datum = data.datumField(data.Kind, v.r.PostForm.Get("datum"), wrongDatum)
	var err error
	if data.Where, err = keptPart(data.Lang, "help", "datum "+strconv.Itoa(int(data.Kind)), data.datumHelp(data.Kind)); err != nil {
		return err
	}
	data.Own = field{Lang: data.Lang, Kind: "label", Name: "label", Label: data.T("login.label"), Value: v.r.PostForm.Get("label"), Optional: true}
	if wrongLabel != nil {
		data.Own.Error = data.wrong("label", "login.label-wrong")
	}
	switch data.Kind {
	case nif.Validity:
		data.Other = button{Kind: "quiet", Text: data.T("datum.permanent"), URL: "?dni=permanent"}
	case nif.Issue:
		data.Other = button{Kind: "quiet", Text: data.T("datum.not-permanent"), URL: v.r.URL.Path}
	}
	data.Buttons = []button{{Kind: "primary", Text: data.T("login.document-next")}}
	s.show(v.w, v.r, data.status(), "login-document.html", data)
	return nil
}

// Permanent tells whether the date of issue is asked for.
func (d loginDocument) Permanent() bool { return d.Kind == nif.Issue }

func (s *Server) takeLoginDocument(v *visit) error {
	if v.NIF.IsZero() {
		return v.redirect("")
	}
	s.Slow.Hit(v.r.Context(), from(v.r))
	kind := datumKind(v.NIF, permanent(v.r))
	d, err := parseDatum(kind, v.r.PostForm.Get("datum"))
	switch {
	case errors.Is(err, nif.ErrPermanent):
		return v.redirect("document?dni=permanent")
	case err != nil:
		return s.askLoginDatum(v, err, nil)
	case over(d, s.Now()):
		s.documentExpired(v)
		return nil
	}
	v.Kind, v.Datum, v.Own = kind, d.Reveal(), strings.TrimSpace(v.r.PostForm.Get("label"))
	return s.ask(v)
}

func (s *Server) documentExpired(v *visit) {
	frame := s.inLogin(v)
	s.loginProblem(v, problem{status: http.StatusForbidden, key: "document-expired", buttons: []button{
		{Kind: "primary", Text: frame.T("login.other-datum"), URL: frame.At + "/document"},
	}})
}

// ask asks for a PIN with the data that the login carries, and leads to where it is typed. It is the same for everybody.
func (s *Server) ask(v *visit) error {
	if s.late(notify.SMS) {
		return s.smsBusy(v)
	}
	d, err := parseDatum(v.Kind, v.Datum)
	if err != nil {
		return v.redirect("document")
	}
	lang := langOf(v.r).Code()
	asked, err := s.PIN.Ask(v.r.Context(), pin.Ask{
		Login: v.Login.ID, Browser: v.Login.Browser, Known: s.knownToken(v.r), NIF: v.NIF, Datum: d, Label: v.Own,
		Party: v.party.ID, Service: v.party.Name(lang), Lang: lang, From: from(v.r),
	})
	switch {
	case errors.Is(err, pin.ErrLabel):
		return s.askLoginDatum(v, nil, err)
	case err != nil:
		return err
	case asked.Expired:
		s.documentExpired(v)
		return nil
	case asked.Wait > 0:
		return s.mustWait(v, asked.Wait)
	}
	v.Challenge, v.Label, v.Expires, v.Spent = asked.Challenge, asked.Label, asked.Expires, false
	return s.goTo(v, "pin")
}

func (s *Server) late(c notify.Channel) bool { return s.Late != nil && s.Late(c) }

// smsBusy says that a PIN would come too late now. It is said before anything is looked up, counted or saved, so it is the
// same for everybody; what they typed stays in their login.
func (s *Server) smsBusy(v *visit) error {
	if err := s.saveFlow(v.w, v.r, loginFlow, v.Login.ID, v.Login.Began, v.signIn); err != nil {
		return err
	}
	frame := s.inLogin(v)
	p := problem{status: http.StatusServiceUnavailable, key: "sms-busy", buttons: []button{
		{Kind: "primary", Text: frame.T("problem.sms-busy.again"), Post: frame.At + "/again"},
	}}
	if v.Challenge != "" && !v.Spent && s.Now().Before(v.Expires) {
		p.buttons = append(p.buttons, button{Kind: "secondary", Text: frame.T("login.have-pin"), URL: frame.At + "/pin"})
	}
	v.w.Header().Set("Retry-After", "60")
	s.loginProblem(v, p)
	return nil
}

// mustWait says until when no PIN is sent or compared. A stranger is told the same.
func (s *Server) mustWait(v *visit, wait time.Duration) error {
	frame, now := s.inLogin(v), s.Now()
	until := now.Add(wait).Add(time.Minute) // the clock shows whole minutes
	p := problem{status: http.StatusTooManyRequests, key: "wait", args: []any{"time", frame.Lang.Clock(until), "date", frame.Lang.Date(until)}}
	if frame.Lang.Date(until) != frame.Lang.Date(now) {
		p.key = "wait-day"
	}
	if v.Challenge != "" && !v.Spent && now.Before(v.Expires) {
		p.buttons = []button{{Kind: "primary", Text: frame.T("login.have-pin"), URL: frame.At + "/pin"}}
	}
	s.loginProblem(v, p)
	return nil
}
