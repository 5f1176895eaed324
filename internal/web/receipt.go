package web

import (
	"strings"
	"time"

	"clave/internal/enrolment"
	"clave/internal/locale"
	"clave/internal/pdf"
)

// receipt is what a new citizen takes away: what was registered, and on a part to be cut off the activation code. It is
// their own document and names them in full; phone and e-mail are masked, since it will be shown to others.
type receipt struct {
	Reference, GivenName, FamilyName, NIF, Phone, Email, Activation string
	At                                                              time.Time
}

func newReceipt(r enrolment.Registration) *receipt {
	c := r.Citizen
	return &receipt{
		Reference: c.ID, GivenName: c.GivenName, FamilyName: c.FamilyName(), NIF: c.NIF.String(),
		Phone: c.Phone.Masked(), Email: c.Email.Masked(), Activation: r.Activation.Reveal(), At: c.Registered,
	}
}

func (x receipt) pdf(lang locale.Lang, origin string) ([]byte, error) {
	d := pdf.New(lang.Code(), lang.Text("receipt.title"))
	d.SetDate(x.At)
	d.Letterhead(lang.Text("site.name"), lang.Text("post.letterhead"))
	d.Heading(lang.Text("receipt.title"))
	d.Paragraph(lang.Text("receipt.what"))
	d.Pairs([]pdf.Pair{
		{Label: lang.Text("receipt.name"), Value: x.GivenName + " " + x.FamilyName},
		{Label: lang.Text("document.nif"), Value: x.NIF},
		{Label: lang.Text("phone.label"), Value: x.Phone},
		{Label: lang.Text("email.label"), Value: x.Email},
		{Label: lang.Text("receipt.date"), Value: lang.Text("receipt.date-time", "date", lang.Date(x.At), "time", lang.Clock(x.At))},
		{Label: lang.Text("receipt.level"), Value: lang.Text("receipt.basic")},
		{Label: lang.Text("receipt.reference"), Value: strings.Join(groupsOfFour(x.Reference), " ")},
	})
	d.Subheading(lang.Text("receipt.allows"))
	d.List(lang.Text("receipt.allows-pin"), lang.Text("receipt.allows-not"))
	d.Paragraph(lang.Text("receipt.not-you"))
	d.CutLine(lang.Text("receipt.cut"))
	d.Subheading(lang.Text("receipt.activation"))
	d.Code(lang.Text("receipt.activation-code"), strings.Join(groupsOfFour(x.Activation), " "), strings.Join(strings.Split(x.Activation, ""), " "))
	d.Paragraph(lang.Text("receipt.keep"))
	d.Footer(lang.Text("post.footer", "url", origin))
	return d.Bytes()
}
