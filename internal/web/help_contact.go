package web

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"clave/internal/contact"
	"clave/internal/guide"
	"clave/internal/locale"
	"clave/internal/nif"
)

// maxQuestion is the longest text that the desk takes, in letters.
const maxQuestion = 2000

var sentWords = words{title: "help.sent-title", lead: "help.sent-lead", parts: []wordsPart{
	{"help.topic-safety", []locale.Key{"help.sent-safe"}},
}}

// typedQuestion is the form as it was filled in.
type typedQuestion struct{ text, email, reference, page string }

type questionPage struct {
	page
	Fields []field
	From   string
	Never  notice
	Button []button
}

// questionForm is the form for a question, with what the page that led here knows.
func (s *Server) questionForm(w http.ResponseWriter, r *http.Request) {
	if s.Desk == nil {
		http.Redirect(w, r, helpPath, http.StatusSeeOther)
		return
	}
	query := r.URL.Query()
	q := typedQuestion{page: knownPlace(query.Get("page"))}
	if ref := normalReference(query.Get("reference")); isReference(ref) {
		q.reference = ref
	}
	s.askQuestion(w, r, http.StatusOK, questionPage{page: s.page(r)}, q, nil)
}

// askQuestion shows the form, with what is wrong beside each field.
func (s *Server) askQuestion(w http.ResponseWriter, r *http.Request, status int, p questionPage, q typedQuestion, wrong map[string]string) {
	p.Fields = []field{
		{Lang: p.Lang, Kind: "long", Name: "text", Label: p.T("help.contact-text"), Hint: p.T("help.contact-text-hint"), Value: q.text, Error: wrong["text"]},
		{Lang: p.Lang, Kind: "email", Name: "email", Label: p.T("help.contact-email"), Hint: p.T("help.contact-email-hint"), Value: q.email, Error: wrong["email"]},
		{Lang: p.Lang, Kind: "reference", Name: "reference", Label: p.T("help.contact-number"), Hint: p.T("help.contact-number-hint"), Value: q.reference,
			Error: wrong["reference"], Optional: true},
	}
	p.From = q.page
	p.Never = notice{Kind: "warning", Title: p.T("help.contact-never"), Text: []string{p.T("help.contact-never-why")}}
	p.Button = []button{{Kind: "primary", Text: p.T("help.contact-send")}, {Kind: "quiet", Text: p.T("help.all"), URL: helpPath}}
	s.show(w, r, status, "help-contact.html", p)
}

func (s *Server) takeQuestion(w http.ResponseWriter, r *http.Request) {
	if s.Desk == nil {
		s.nowhere(w, r)
		return
	}
	s.Slow.Hit(r.Context(), from(r))
	p := questionPage{page: s.page(r)}
	typed := typedQuestion{
		text: strings.TrimSpace(r.PostFormValue("text")), email: r.PostFormValue("email"),
		reference: normalReference(r.PostFormValue("reference")), page: knownPlace(r.PostFormValue("page")),
	}
	email, wrong := p.check(typed)
	if len(wrong) > 0 {
		s.askQuestion(w, r, http.StatusUnprocessableEntity, p, typed, wrong)
		return
	}
	wait, err := s.Desk.Ask(r.Context(), guide.Question{
		Text: typed.text, Reply: email, Reference: typed.reference, Problem: s.aboutReference(typed.reference), Page: typed.page,
		Lang: p.Lang.Name(), From: from(r),
	})
	switch {
	case err != nil:
		s.fail(w, r, err)
	case wait > 0:
		until := s.Now().Add(wait).Add(time.Minute) // the clock shows whole minutes
		p.wrong("", "help.contact-wait", "phone", s.Help.Phone, "date", p.Lang.Date(until), "time", p.Lang.Clock(until))
		s.askQuestion(w, r, http.StatusTooManyRequests, p, typed, nil)
	default:
		http.Redirect(w, r, sentPath, http.StatusSeeOther)
	}
}

// check returns the address to answer to, and what is wrong with each field.
func (p *questionPage) check(q typedQuestion) (contact.Email, map[string]string) {
	wrong := map[string]string{}
	switch {
	case q.text == "":
		wrong["text"] = p.wrong("text", "help.contact-text-empty")
	case utf8.RuneCountInString(q.text) > maxQuestion:
		wrong["text"] = p.wrong("text", "help.contact-text-long")
	case hasNIF(q.text):
		wrong["text"] = p.wrong("text", "help.contact-text-nif")
	}
	email, err := contact.ParseEmail(q.email)
	switch {
	case errors.Is(err, contact.ErrEmpty):
		wrong["email"] = p.wrong("email", "email.empty")
	case err != nil:
		wrong["email"] = p.wrong("email", "email.wrong")
	}
	if q.reference != "" && !isReference(q.reference) {
		wrong["reference"] = p.wrong("reference", "help.contact-number-bad")
	}
	return email, wrong
}

// aboutReference is what a reference says, for the desk.
func (s *Server) aboutReference(reference string) string {
	ref, err := ReadReference(s.Ring, reference, s.Now())
	if err != nil {
		return ""
	}
	lang := locale.Match(s.Desk.Lang)
	return ref.Title(lang) + " (" + lang.Text("receipt.date-time", "date", lang.Date(ref.At), "time", lang.Clock(ref.At)) + ")"
}

var (
	placeShape = regexp.MustCompile(`^/[A-Za-z0-9/{}._$-]{0,80}$`)
	nifShape   = regexp.MustCompile(`(?i)^([XYZ]?` + between + `(?:[0-9]` + between + `){7,8}[A-Z])(?:[^\p{L}\p{N}]|$)`)
)

// between is what people put between the characters of a NIF, as nif.Parse takes it.
const between = `[\s._\p{Pd}\p{Cf}]{0,3}`

// knownPlace lets through what may be the address of a page of ours, and nothing that a stranger's link could make us say.
func knownPlace(place string) string {
	if !placeShape.MatchString(place) {
		return ""
	}
	return place
}

// hasNIF tells whether a text names somebody by number, in digits of any width: the desk's mailbox is no place for that.
func hasNIF(text string) bool {
	text = norm.NFKC.String(text)
	before := ' '
	for i, r := range text {
		if !unicode.In(before, unicode.L, unicode.N) && startsNIF(text[i:]) {
			return true
		}
		before = r
	}
	return false
}

func startsNIF(text string) bool {
	found := nifShape.FindStringSubmatch(text)
	if found == nil {
		return false
	}
	_, err := nif.Parse(found[1])
	return err == nil
}
