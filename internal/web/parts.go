package web

import (
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
	button struct{ Kind, Text, About, Name, Value, URL string }
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
