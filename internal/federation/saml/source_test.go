package saml

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// Row 29 of the past (GitLab#585333): somebody forgets what the verifier said. Here that fails the build: content that decisions are made from is of a
// type that only one function makes, from what xmlsig.Verify returned, and nothing but the search for the party's keys reads the message before. Only
// metadata, which an operator answers for, is read unsigned.
func TestPast29VerifierIsObeyed(t *testing.T) {
	found := map[string][]string{}
	for _, f := range functions(t) {
		name := f.Name.Name
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if callee := printed(n.Fun); callee == "xmlsig.Verify" || strings.HasSuffix(callee, ".Root") {
					found[callee] = append(found[callee], name)
				}
			case *ast.CompositeLit:
				if printed(n.Type) == "signed" && len(n.Elts) > 0 {
					found["signed"] = append(found["signed"], name)
				}
			case *ast.AssignStmt:
				if call, ok := n.Rhs[0].(*ast.CallExpr); ok && printed(call.Fun) == "xmlsig.Verify" && printed(n.Lhs[1]) != "err" {
					t.Errorf("%s drops the error of xmlsig.Verify", name)
				}
			}
			return true
		})
	}
	for what, want := range map[string][]string{"xmlsig.Verify": {"verify"}, "doc.Root": {"ReadMetadata", "verify"}, "signed": {"verify"}} {
		if where := found[what]; !slices.Equal(where, want) {
			t.Errorf("%s in %v, want it in %v", what, where, want)
		}
		delete(found, what)
	}
	if len(found) > 0 {
		t.Errorf("unverified content is read: %v", found)
	}
}

func functions(t *testing.T) (found []*ast.FuncDecl) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				found = append(found, f)
			}
		}
	}
	return found
}

// printed is the text of a name or of a selection from one.
func printed(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return printed(e.X) + "." + e.Sel.Name
	}
	return ""
}
