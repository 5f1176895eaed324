package locale

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	html "text/template/parse"
)

// usage is what the program says: the literals that may be keys, and those that must be.
type usage struct {
	may  map[Key]bool
	must map[Key]string // and where
}

// TestEveryTextIsUsedAndThere reads the Go files and templates of the program. A key counts as used wherever it is written out; it
// must exist where it is asked for: Key("…"), l.Text("…"), {{.T "…"}}, {{t "…"}}.
func TestEveryTextIsUsedAndThere(t *testing.T) {
	u := usage{map[Key]bool{}, map[Key]string{}}
	root := os.DirFS("../..")
	for _, dir := range []string{"internal", "cmd"} {
		if err := fs.WalkDir(root, dir, u.reader(root)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(u.must)) {
		if _, ok := es[key]; !ok {
			t.Errorf("%s asks for %s, which does not exist", u.must[key], key)
		}
	}
	for _, key := range sorted(es) {
		if !u.may[key] {
			t.Errorf("%s is never used", key)
		}
	}
}

func (u usage) reader(root fs.FS) fs.WalkDirFunc {
	return func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir() || isCatalogue(name):
			return err
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			return u.readGo(root, name)
		case strings.HasSuffix(name, ".html"):
			return u.readTemplate(root, name)
		}
		return nil
	}
}

// isCatalogue says whether the file is one of the languages, which would make every key a used one.
func isCatalogue(name string) bool {
	dir, file := path.Split(name)
	return dir == "internal/locale/" && slices.ContainsFunc(tongues, func(t *tongue) bool { return file == t.code+".go" })
}

func (u usage) readGo(root fs.FS, name string) error {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		u.goNode(name, n)
		return true
	})
	return nil
}

func (u usage) goNode(where string, n ast.Node) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			u.may[literal(n)] = true
		}
	case *ast.CallExpr:
		lit, ok := firstArg(n).(*ast.BasicLit)
		if ok && asksForText(n.Fun) && keyShape.MatchString(string(literal(lit))) {
			u.must[literal(lit)] = where
		}
	}
}

func firstArg(call *ast.CallExpr) ast.Expr {
	if len(call.Args) == 0 {
		return nil
	}
	return call.Args[0]
}

// asksForText recognises locale.Key and the methods Text and T, which other types may have too: only what looks like a key counts.
func asksForText(fun ast.Expr) bool {
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, _ := sel.X.(*ast.Ident)
	return sel.Sel.Name == "Text" || sel.Sel.Name == "T" || sel.Sel.Name == "Key" && pkg != nil && pkg.Name == "locale"
}

func literal(lit *ast.BasicLit) Key {
	s, _ := strconv.Unquote(lit.Value)
	return Key(s)
}

func (u usage) readTemplate(root fs.FS, name string) error {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	tree := html.New(name)
	tree.Mode = html.SkipFuncCheck
	trees := map[string]*html.Tree{}
	if _, err := tree.Parse(string(src), "", "", trees); err != nil {
		return err
	}
	for _, tree := range trees {
		u.templateNode(name, tree.Root)
	}
	return nil
}

func (u usage) templateNode(where string, n html.Node) {
	switch n := n.(type) {
	case *html.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				u.templateNode(where, child)
			}
		}
	case *html.ActionNode:
		u.pipe(where, n.Pipe)
	case *html.TemplateNode:
		u.pipe(where, n.Pipe)
	case *html.IfNode:
		u.branch(where, &n.BranchNode)
	case *html.RangeNode:
		u.branch(where, &n.BranchNode)
	case *html.WithNode:
		u.branch(where, &n.BranchNode)
	}
}

func (u usage) branch(where string, n *html.BranchNode) {
	u.pipe(where, n.Pipe)
	u.templateNode(where, n.List)
	u.templateNode(where, n.ElseList)
}

func (u usage) pipe(where string, pipe *html.PipeNode) {
	if pipe == nil {
		return
	}
	for _, cmd := range pipe.Cmds {
		u.command(where, cmd)
	}
}

func (u usage) command(where string, cmd *html.CommandNode) {
	for i, arg := range cmd.Args {
		switch arg := arg.(type) {
		case *html.PipeNode:
			u.pipe(where, arg)
		case *html.StringNode:
			u.may[Key(arg.Text)] = true
			if i == 1 && saysText(cmd.Args[0]) {
				u.must[Key(arg.Text)] = where
			}
		}
	}
}

// saysText recognises {{.T}}, {{$.T}}, {{.Lang.Text}} and {{t}}.
func saysText(n html.Node) bool {
	name := n.String()
	return name == "t" || strings.HasSuffix(name, ".T") || strings.HasSuffix(name, ".Text")
}
