package saml

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// folders are where the tests live that the conformance page names, by the word before the dot.
var folders = map[string]string{"saml": ".", "xmlsig": "../../xmlsig", "relying": "../../relying", "web": "../../web"}

var named = regexp.MustCompile("`([a-z]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)`")

// Every row of the conformance page names tests, and every test that it names exists.
func TestConformance(t *testing.T) {
	page, err := os.ReadFile("../../../docs/saml-conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for name, folder := range folders {
		for _, test := range testsIn(t, folder) {
			known[name+"."+test] = true
		}
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| requirement ") {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(line, -1)
		if len(tests) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, test := range tests {
			if !known[test[1]+"."+test[2]] {
				t.Errorf("%s.%s does not exist", test[1], test[2])
			}
		}
	}
	if rows < 40 {
		t.Errorf("%d rows: the page is not read as it is written", rows)
	}
}

func testsIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}
