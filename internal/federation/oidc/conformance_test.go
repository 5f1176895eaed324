package oidc_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

// The page of requirements names tests that exist, and one at least for each requirement.
func TestConformancePage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "oidc-conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := testFunctions(t)
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| clause") || strings.HasPrefix(line, "| what") {
			continue
		}
		rows++
		named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no test shows: %s", line)
		}
		for _, n := range named {
			if !known[n[1]] {
				t.Errorf("there is no %s: %s", n[1], line)
			}
		}
	}
	if rows < 50 {
		t.Errorf("%d requirements", rows)
	}
}

// testFunctions are the names of all test functions of the repository.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				known[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}
