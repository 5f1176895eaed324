package web

import (
	"bytes"
	"html"
	"slices"
	"strings"
	"testing"

	"clave/internal/assurance"
	"clave/internal/locale"
)

// three are entrances of a house with more methods than this one.
var three = []entrance{
	{assurance.PIN, "method.pin", "method.pin-about", "nif"}, {"one", "level.low", "level.low", "one"}, {"two", "level.high", "level.high", "two"},
}

func TestTheMethodUsedLastComesFirst(t *testing.T) {
	for _, c := range []struct {
		allowed []assurance.Method
		last    string
		want    []assurance.Method
	}{
		{[]assurance.Method{"one", assurance.PIN, "two"}, "", []assurance.Method{"one", assurance.PIN, "two"}},
		{[]assurance.Method{"one", assurance.PIN, "two"}, "two", []assurance.Method{"two", "one", assurance.PIN}},
		{[]assurance.Method{"one", assurance.PIN}, "two", []assurance.Method{"one", assurance.PIN}}, // not allowed here
		{[]assurance.Method{"without pages", "two"}, "<script>", []assurance.Method{"two"}},
		{nil, "one", nil},
	} {
		var got []assurance.Method
		for _, w := range choose(three, c.allowed, c.last) {
			got = append(got, w.method)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("allowed %v, last %q: %v, want %v", c.allowed, c.last, got, c.want)
		}
	}
}

// The chooser offers each method with its button, the first as the one to take, in every language.
func TestChooser(t *testing.T) {
	for _, l := range locale.All() {
		data := wayPage{loginFrame: loginFrame{page: samplePage(l), At: "/login/ID"}}
		data.Ways = data.offered(choose(three, []assurance.Method{assurance.PIN, "two"}, "two"), "two")
		var b bytes.Buffer
		if err := templates[l.Code()]["login-ways.html"].Execute(&b, data); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		first, second := strings.Index(page, `value="two"`), strings.Index(page, `value="pin"`)
		if first < 0 || second < first || strings.Count(page, "button-primary") != 1 || !strings.Contains(page, html.EscapeString(l.Text("login.way-last"))) {
			t.Errorf("%s:\n%s", l.Code(), page)
		}
		if found := inlined.FindString(page); found != "" {
			t.Errorf("%s: inline %q", l.Code(), found)
		}
		checkLabels(t, page)
	}
}
