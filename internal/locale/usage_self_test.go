package locale

import (
	"io/fs"
	"maps"
	"testing"
	"testing/fstest"
)

// TestUsageIsFound shows the reader every way in which a text may be asked for.
func TestUsageIsFound(t *testing.T) {
	root := fstest.MapFS{
		"a.go": {Data: []byte("package a\nvar k = locale.Key(\"go.key\")\nfunc f() { l.Text(\"go.text\"); p.T(`go.t`); g(\"go.plain\"); h(); sheet.Text(\"Hola\") }")},
		"a.html": {Data: []byte(`{{define "x"}}{{if .A}}{{.T "html.t" "n" 1}}{{else}}{{t "html.func"}}{{end}}{{end}}
{{range .L}}{{$.T "html.dollar"}}{{else}}{{with .B}}{{template "x" (f "html.plain" ($.Lang.Text "html.text"))}}{{end}}{{end}}`)},
		"a_test.go": {Data: []byte("package a\nvar k = locale.Key(\"test.key\")")},
	}
	u := usage{map[Key]bool{}, map[Key]string{}}
	if err := fs.WalkDir(root, ".", u.reader(root)); err != nil {
		t.Fatal(err)
	}
	want := map[Key]string{"go.key": "a.go", "go.text": "a.go", "go.t": "a.go", "html.t": "a.html", "html.func": "a.html", "html.dollar": "a.html", "html.text": "a.html"}
	if !maps.Equal(u.must, want) {
		t.Errorf("must exist: %v, want %v", u.must, want)
	}
	if !u.may["go.plain"] || !u.may["html.plain"] || u.may["test.key"] {
		t.Errorf("may be keys: %v", u.may)
	}
}
