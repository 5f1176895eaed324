package web

import (
	"html/template"
	"time"

	"clave/internal/locale"
)

// The dots of the layout's parts, as templates/README.md describes them.
type (
	tongue struct {
		Code, Name, URL string
		Current         bool
	}
	errorList struct {
		Lang locale.Lang
		List []fieldError
	}
	fieldError struct{ Name, Text string }
	field      struct {
		Lang                                  locale.Lang
		Kind, Name, Label, Hint, Error, Value string
		Optional                              bool
	}
	choices struct {
		Lang                      locale.Lang
		Name, Legend, Hint, Error string
		Many                      bool
		Options                   []option
	}
	option struct {
		Value, Text, Hint string
		Checked           bool
	}
	button struct{ Kind, Text, About, Name, Value, URL, Post string }
	notice struct {
		Kind, Title string
		Text        []string
	}
	shown struct {
		Label, Note string
		Letters     []string
	}
	steps struct {
		Lang locale.Lang
		URL  string
		List []step
	}
	step      struct{ State, Text, Detail string }
	countdown struct {
		Lang        locale.Lang
		Text        string
		Until       time.Time
		Left, Total time.Duration
		Soon        bool
	}
	method struct {
		Title, About, Badge, Why string
		Button                   button
	}
	row     struct{ Term, Text, URL, Change string }
	picture struct {
		Src, Alt, Caption string
		Height            int
	}
	help struct {
		Title    string
		Text     []string
		Pictures []picture
	}
)

// keyboards say which keys a field needs and what the browser may fill in, by kind. An attribute's value that is the same for
// all is not worth a template.
var keyboards = map[string]template.HTMLAttr{
	"nif":         identifier,
	"support":     identifier,
	"csv":         identifier,
	"label":       identifier,
	"reference":   identifier,
	"date":        `type="text" inputmode="numeric" autocomplete="off" spellcheck="false"`,
	"symbols":     `type="text" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false"`,
	"code":        `type="text" inputmode="numeric" autocomplete="one-time-code" spellcheck="false"`,
	"phone":       `type="tel" autocomplete="tel"`,
	"email":       `type="email" autocomplete="email" spellcheck="false"`,
	"search":      `type="search" autocomplete="off" maxlength="200"`,
	"password":    `type="password" autocomplete="current-password"`,
	"newpassword": `type="password" autocomplete="new-password"`,
}

const (
	identifier template.HTMLAttr = `type="text" autocomplete="off" autocapitalize="characters" spellcheck="false"`
	anything   template.HTMLAttr = `type="text" autocomplete="off"`
)

// Keyboard is what the field's kind makes of its box.
func (f field) Keyboard() template.HTMLAttr {
	if k, ok := keyboards[f.Kind]; ok {
		return k
	}
	return anything
}

// Repeats tells whether what was typed is shown again: no password is.
func (f field) Repeats() bool { return f.Kind != "password" && f.Kind != "newpassword" }
