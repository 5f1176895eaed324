package web

import (
	"net/http"

	"clave/internal/contact"
	"clave/internal/enrolment"
)

func (s *Server) registerCheckPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	s.checkAll(w, r, e, checkPage{page: s.page(r)}, "")
}

// checkAll shows everything once more, and the conditions, before anybody is registered.
func (s *Server) checkAll(w http.ResponseWriter, r *http.Request, e enrolmentStep, c checkPage, wrong string) {
	_, _, phone, _ := readPhone(e.Phone.Value)
	_, _, email, _ := readEmail(e.Email.Value)
	c.Action, c.Title, c.Lead = r.URL.Path, c.T("finish.title"), c.T("finish.lead")
	change := c.T("register.change")
	c.Rows = []row{
		{Term: c.T("document.nif"), Text: e.NIF.Masked()},
		{c.T("phone.label"), phone, e.at("phone"), change},
		{c.T("email.label"), email, e.at("email"), change},
	}
	c.Terms = []string{c.T("finish.term-data"), c.T("finish.term-own"), c.T("finish.term-messages"), c.T("finish.term-letter"), c.T("finish.term-leave")}
	c.Accept = &choices{Lang: c.Lang, Name: "accept", Legend: c.T("finish.accept-title"), Many: true, Error: wrong, Options: []option{
		{Value: "yes", Text: c.T("finish.accept"), Checked: e.Accepted},
	}}
	c.Buttons = []button{{Kind: "primary", Text: c.T("finish.button")}}
	status := http.StatusOK
	if wrong != "" {
		status = http.StatusUnprocessableEntity
	}
	s.show(w, r, status, "register-check.html", c)
}

func (s *Server) takeAcceptance(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	if e.Accepted = r.PostFormValue("accept") == "yes"; !e.Accepted {
		c := checkPage{page: s.page(r)}
		s.checkAll(w, r, e, c, c.wrong("accept", "finish.not-accepted"))
		return
	}
	s.register(w, r, e)
}

// refusalAnswers tells why nobody was registered. PhoneHeld is no answer but a question.
var refusalAnswers = map[enrolment.Refusal]answer{
	enrolment.Unproven:      answerUnproven,
	enrolment.NoLonger:      answerNoLonger,
	enrolment.PhoneKept:     answerPhoneKept,
	enrolment.CensusIsDown:  answerDown,
	enrolment.CensusChanged: answerChanged,
}

func (s *Server) register(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	made, refusal, err := s.Enrolment.Register(r.Context(), e.application(r))
	switch {
	case err != nil:
		s.fail(w, r, err)
	case refusal == enrolment.None:
		*e.enrolling = enrolling{Journey: opening, Receipt: newReceipt(made)}
		s.goOn(w, r, e, "done")
	case refusal == enrolment.PhoneHeld:
		s.goOn(w, r, e, "held")
	case refusal == enrolment.NotAccepted:
		s.goOn(w, r, e, "check")
	default:
		if refusal == enrolment.Unproven {
			e.Phone.Proven, e.Email.Proven = false, false
		}
		s.reply(w, r, e, refusalAnswers[refusal])
	}
}

func (e enrolmentStep) application(r *http.Request) enrolment.Application {
	phone, _ := contact.ParsePhone(e.Phone.Value) // what does not parse is a zero phone, which nobody has proven
	email, _ := contact.ParseEmail(e.Email.Value)
	return enrolment.Application{
		Flow: e.id, Browser: e.Browser, Letter: e.Letter, NIF: e.NIF, Datum: e.datum(),
		Phone: phone, PhoneChallenge: e.Phone.Challenge, Email: email, EmailChallenge: e.Email.Challenge,
		Lang: langOf(r).Code(), TakePhone: e.TakePhone, Accepted: e.Accepted, From: from(r),
	}
}

// phoneHeldPage tells somebody who has proven that they hold a number that another registration has it too. Nobody else
// is ever told (safety rule 12).
func (s *Server) phoneHeldPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	_, _, phone, _ := readPhone(e.Phone.Value)
	f := formPage{page: s.page(r)}
	f.Title, f.Lead = f.T("held.title"), f.T("held.lead", "phone", phone)
	f.Text = []string{f.T("held.new"), f.T("held.shared"), f.T("held.told")}
	f.Buttons = []button{
		{Kind: "primary", Text: f.T("held.take")},
		{Kind: "secondary", Text: f.T("advice.other-phone"), URL: e.at("phone")},
	}
	s.form(w, r, f)
}

func (s *Server) takeHeldPhone(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	e.TakePhone = true
	s.register(w, r, e)
}

type registeredPage struct {
	page
	Name    string
	Buttons []button
}

func (s *Server) registeredPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	data := registeredPage{page: s.page(r), Name: e.Receipt.GivenName}
	data.Buttons = []button{
		{Kind: "primary", Text: data.T("done.receipt"), URL: e.at("receipt.pdf")},
		{Kind: "quiet", Text: data.T("register.home"), URL: "/"},
	}
	s.show(w, r, http.StatusOK, "register-done.html", data)
}

// receiptFile makes the receipt out of the sealed flow: nothing that we keep holds the activation code, so that nobody
// else can ever make it.
func (s *Server) receiptFile(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	var file []byte
	err := s.Documents.Do(r.Context(), func() (err error) {
		file, err = e.Receipt.pdf(langOf(r), s.Origin)
		return err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `attachment; filename="clave.pdf"`)
	_, _ = w.Write(file) // the visitor may have gone
}
