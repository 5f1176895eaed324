package courier

import (
	"net/url"
	"strings"
	"time"

	"clave/internal/enrolment"
	"clave/internal/locale"
	"clave/internal/notify"
	"clave/internal/pdf"
)

// layout is what a letter is called and what it says.
type layout struct {
	title locale.Key
	body  func(locale.Lang, *pdf.Doc, map[string]string)
}

var letters = map[notify.Kind]layout{
	notify.Invitation:     {"post.invitation.title", invitation},
	notify.RegisteredPost: {"post.registered-post.title", registered},
}

// write lays out a letter that fits a window envelope and that a screen reader reads in order.
func (l layout) write(lang locale.Lang, m notify.Message) ([]byte, error) {
	d := pdf.New(lang.Code(), lang.Text(l.title))
	d.SetDate(m.Created)
	d.Letterhead(lang.Text("site.name"), lang.Text("post.letterhead"))
	d.Address(append([]string{m.Values["name"]}, strings.Split(m.Values["address"], "\n")...)...)
	d.Heading(lang.Text(l.title))
	l.body(lang, d, m.Values)
	d.Footer(lang.Text("post.footer", "url", m.Values["url"]))
	return d.Bytes()
}

// invitation carries the code in its QR too, in the address's fragment, which a browser never sends to a server.
func invitation(lang locale.Lang, d *pdf.Doc, v map[string]string) {
	page := v["url"] + enrolment.OpenPath
	d.Paragraph(lang.Text("post.invitation.why"))
	d.Code(lang.Text("post.invitation.code"), v["csv"], "")
	d.Steps(
		lang.Text("post.invitation.step-open", "page", page),
		lang.Text("post.invitation.step-data"),
		lang.Text("post.invitation.step-contact"),
	)
	d.QR(page+"#csv="+url.QueryEscape(v["csv"]), lang.Text("post.invitation.qr-alt"), lang.Text("post.invitation.qr"))
	d.Paragraph(lang.Text("post.invitation.until", "date", day(lang, v["expires"])))
	d.Paragraph(lang.Text("post.invitation.not-you"))
}

func registered(lang locale.Lang, d *pdf.Doc, v map[string]string) {
	d.Paragraph(lang.Text("post.registered-post.what", "date", day(lang, v["date"]), "phone", v["phone"]))
	d.Paragraph(lang.Text("post.registered-post.you"))
	d.Subheading(lang.Text("post.registered-post.not-you"))
	d.Paragraph(lang.Text("post.registered-post.freeze", "page", v["url"]+enrolment.FreezePath))
	d.Code(lang.Text("post.registered-post.code"), v["freeze"], "")
}

// day writes a date in words. It is a day and no moment: at noon it is the same one in all of Spain.
func day(lang locale.Lang, iso string) string {
	t, err := time.ParseInLocation(time.DateOnly, iso, time.UTC)
	if err != nil {
		return iso
	}
	return lang.Date(t.Add(12 * time.Hour))
}
