// Package clave_test holds the tests about the repository itself.
package clave_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// outside is the floor of sede, which knows nothing of ours.
const outside = -1

// mayMint lists who may make an assurance.Proof: the authenticators.
var mayMint = []string{"internal/authn/pin"}

// TestFloors reads the table of docs/architecture.md and the imports of every package: each imports lower floors only,
// never a neighbour, and none is missing from the table.
func TestFloors(t *testing.T) {
	floors := readFloors(t)
	seen := map[string]bool{}
	eachFile(t, func(file string, f *ast.File) {
		pkg := path.Dir(file)
		if pkg == "." || strings.HasPrefix(pkg, "tools") || strings.HasSuffix(f.Name.Name, "_test") {
			return
		}
		floor, ok := floors[pkg]
		if !ok {
			t.Errorf("%s: the package is not in the table of docs/architecture.md", pkg)
			return
		}
		seen[pkg] = true
		for _, spec := range f.Imports {
			imported, ours := strings.CutPrefix(importPath(t, spec), "clave/")
			switch {
			case !ours || imported == pkg:
			case floor == outside:
				t.Errorf("%s imports %s: it is to know nothing of ours", file, imported)
			case floors[imported] >= floor:
				t.Errorf("%s (floor %d) imports %s (floor %d)", file, floor, imported, floors[imported])
			}
		}
	})
	for pkg := range maps.Keys(floors) {
		if !seen[pkg] {
			t.Errorf("%s stands in the table of docs/architecture.md and does not exist", pkg)
		}
	}
}

// TestOnlyAuthenticatorsMint holds the one ticket of the house: nobody else makes a proof of identity.
func TestOnlyAuthenticatorsMint(t *testing.T) {
	minted := 0
	eachFile(t, func(file string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok || call.Sel.Name != "Mint" {
				return true
			}
			if x, ok := call.X.(*ast.Ident); !ok || x.Name != "assurance" {
				return true
			}
			minted++
			if !slices.Contains(mayMint, path.Dir(file)) && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s mints a proof", file)
			}
			return true
		})
	})
	if minted == 0 {
		t.Error("nobody mints a proof: this test looks in the wrong place")
	}
}

// TestRule23OnlyTheDemoMovesTheClock holds the server free of what shows codes or moves time: those live in package demo,
// which only the journeys and the command `clave demo` import. What `clave serve` is made of stands below it (TestFloors).
func TestRule23OnlyTheDemoMovesTheClock(t *testing.T) {
	may := []string{"stories", "bench", "internal/demo"}
	eachFile(t, func(file string, f *ast.File) {
		for _, spec := range f.Imports {
			if importPath(t, spec) == "clave/internal/demo" && !slices.Contains(may, path.Dir(file)) && file != "cmd/clave/demo.go" {
				t.Errorf("%s imports the demonstration", file)
			}
		}
	})
}

// TestRulesKnowNoClock keeps time an argument: only what stands around the rules reads the machine's clock. OpenID Connect
// is in real time, like its library and its peers (decision 10), and reads it in one place.
func TestRulesKnowNoClock(t *testing.T) {
	floors := readFloors(t)
	eachFile(t, func(file string, f *ast.File) {
		if floor := floors[path.Dir(file)]; floor < 3 || floor > 7 || strings.HasSuffix(file, "_test.go") || file == "internal/federation/oidc/oidc.go" {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok && call.Sel.Name == "Now" {
				if x, ok := call.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s reads the machine's clock", file)
				}
			}
			return true
		})
	})
}

// TestRandomnessComesFromOnePlace looks for other sources than package secret. Signing takes a source of its own; the
// demonstration's service, and tests, are other people.
func TestRandomnessComesFromOnePlace(t *testing.T) {
	allowed := []string{"internal/secret", "internal/keyring", "internal/xmlsig", "internal/federation/oidc", "internal/demo", "sede", "bench"}
	eachFile(t, func(file string, f *ast.File) {
		if strings.HasSuffix(file, "_test.go") || slices.Contains(allowed, path.Dir(file)) || strings.HasPrefix(file, "tools/") {
			return
		}
		for _, spec := range f.Imports {
			switch importPath(t, spec) {
			case "crypto/rand":
				t.Errorf("%s draws its own randomness", file)
			case "math/rand", "math/rand/v2":
				if path.Dir(file) != "internal/store" { // the jitter of its retries is no secret
					t.Errorf("%s draws its own randomness", file)
				}
			}
		}
	})
}

var row = regexp.MustCompile("^\\| *([0-9]+|–) *\\| *((?:`[^`]+`(?:, )?)+)")

// readFloors reads rows such as "| 5 | `enrolment` | … |". A name that begins with a slash stands at the root, any other
// under internal/.
func readFloors(t *testing.T) map[string]int {
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	floors := map[string]int{}
	for line := range strings.Lines(string(text)) {
		found := row.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		floor, err := strconv.Atoi(found[1])
		if err != nil {
			floor = outside
		}
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(found[2], -1) {
			if root, ok := strings.CutPrefix(name[1], "/"); ok {
				floors[root] = floor
			} else {
				floors["internal/"+name[1]] = floor
			}
		}
	}
	if len(floors) < 20 {
		t.Fatalf("only %d packages in the table of docs/architecture.md", len(floors))
	}
	return floors
}

func eachFile(t *testing.T, each func(file string, f *ast.File)) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err == nil {
			each(filepath.ToSlash(file), f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func importPath(t *testing.T, spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
