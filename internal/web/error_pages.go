package web

import (
	"strings"

	"clave/internal/locale"
)

// errorPage is what every page has that says that something did not go on: a number, which never changes and is never given
// to another, since references carry it for years; and the article that answers it.
type errorPage struct {
	number  uint8 // from 1 to 127
	article string
}

// errorPages lists them by the key of their problem, or of the title of their advice.
var errorPages = map[string]errorPage{
	"answered":          {1, "browser"},
	"broken":            {2, "failure"},
	"cross-origin":      {3, "not-me"},
	"document-expired":  {4, "document"},
	"for-services":      {5, "failure"},
	"form":              {6, "browser"},
	"late":              {7, "browser"},
	"no-logout":         {8, "session"},
	"no-login":          {9, "browser"},
	"no-method":         {10, "levels"},
	"request":           {11, "failure"},
	"stale":             {12, "browser"},
	"too-low":           {13, "levels"},
	"wait":              {14, "wrong-code"},
	"wait-day":          {15, "wrong-code"},
	"advice.changed":    {16, "document"},
	"advice.down":       {17, "failure"},
	"advice.expired":    {18, "document"},
	"advice.frozen":     {19, "not-me"},
	"advice.kept":       {20, "phone"},
	"advice.lost":       {21, "browser"},
	"advice.no-longer":  {22, "letter"},
	"advice.not-frozen": {23, "not-me"},
	"advice.not-opened": {24, "letter"},
	"advice.nowhere":    {25, "failure"},
	"advice.old":        {26, "letter-lost"},
	"advice.registered": {27, "what"},
	"advice.two":        {28, "letter-lost"},
	"advice.unproven":   {29, "sms"},
	"advice.used":       {30, "not-me"},
	"other-person":      {31, "session"},
	"sms-busy":          {32, "sms"},
	"away":              {33, "failure"},
	"away-sent":         {34, "failure"},
}

// numbered finds the key of a number.
var numbered = func() map[uint8]string {
	keys := map[uint8]string{}
	for key, p := range errorPages {
		keys[p.number] = key
	}
	return keys
}()

func pageNumbered(n uint8) (key string, ok bool) {
	key, ok = numbered[n]
	return key, ok
}

// title is the text that the page of a key is called by.
func (errorPage) title(key string) locale.Key {
	if strings.HasPrefix(key, "advice.") {
		return locale.Key(key)
	}
	return problems[key].title
}
