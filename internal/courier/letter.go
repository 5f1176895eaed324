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

// letter lays out a letter that fits a window envelope and that a screen reader reads in order.
func letter(lang locale.Lang, m notify.Message, p Parcel) (Parcel, error) {
	v := m.Values
	key := func(part string) locale.Key { return locale.Key("post." + string(m.Kind) + "." + part) }
	p.Subject = lang.Text(key("title"))
	d := pdf.New(lang.Code(), p.Subject)
	d.SetDate(m.Created)
	d.Letterhead(lang.Text("site.name"), lang.Text("post.letterhead"))
	d.Address(append([]string{v["name"]}, strings.Split(v["address"], "\n")...)...)
	d.Heading(p.Subject)
	if m.Kind == notify.Invitation {
		invitation(lang, d, v)
	} else {
		registered(lang, d, v)
	}
	d.Footer(lang.Text("post.footer", "url", v["url"]))
	var err error
	p.PDF, err = d.Bytes()
	return p, err
}

func invitation(lang locale.Lang, d *pdf.Doc, v map[string]string) {
	csv := groups(v["csv"])
	page := v["url"] + enrolment.OpenPath
	d.Paragraph(lang.Text("post.invitation.why"))
	d.Code(lang.Text("post.invitation.code"), csv, spell(v["csv"]))
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
	d.Code(lang.Text("post.registered-post.code"), groups(v["freeze"]), spell(v["freeze"]))
}

// groups writes a code in groups of four.
func groups(code string) string {
	var parts []string
	for len(code) > 4 {
		parts, code = append(parts, code[:4]), code[4:]
	}
	return strings.Join(append(parts, code), " ")
}

// spell writes a code one character at a time, for whoever listens.
func spell(code string) string { return strings.Join(strings.Split(code, ""), " ") }

func day(lang locale.Lang, iso string) string {
	t, err := time.ParseInLocation(time.DateOnly, iso, time.UTC)
	if err != nil {
		return iso
	}
	return lang.Date(t.Add(12 * time.Hour))
}
