package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// reader is what is known of a file while it is read. A path is a key with its sections; the elements of a list of sections have a
// number: "sms#0.rate".
type reader struct {
	file     string
	dataOnly bool // see LoadData
	lookOnly bool // see Check
	tables   map[string]any
	lines    map[string]int
	given    map[string]any
	wants    map[string]string
	hidden   map[string]bool // what must not be repeated
	told     map[string]bool
	arrays   map[string]int
	noted    map[string]bool
	twice    Problem // the first key that stands there twice
	problems Problems
}

// parse reads the text. Config is nil when it is no TOML.
func parse(file string, text []byte) (*Config, *reader) {
	r := &reader{
		file: file, lines: map[string]int{}, given: map[string]any{}, wants: map[string]string{}, hidden: map[string]bool{},
		told: map[string]bool{}, arrays: map[string]int{}, noted: map[string]bool{},
	}
	if err := toml.Unmarshal(text, &r.tables); err != nil {
		r.damaged(text, err)
		return nil, r
	}
	r.number(text)
	c := defaults()
	return &c, r
}

// damaged tells why a text is no TOML. The library gives no line for what is there twice.
func (r *reader) damaged(text []byte, err error) {
	p := Problem{File: r.file, Line: 1, Text: "this is no TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
	var d *toml.DecodeError
	if errors.As(err, &d) {
		p.Line, _ = d.Position()
	} else if r.number(text); r.twice.Line > 0 {
		p = r.twice
	}
	r.problems = append(r.problems, p)
}

// number finds the line of every key.
func (r *reader) number(text []byte) {
	p := unstable.Parser{}
	p.Reset(text)
	section := ""
	for p.NextExpression() {
		node := p.Expression()
		switch node.Kind {
		case unstable.Table:
			section = r.key(&p, "", node.Key())
			r.once(section)
		case unstable.ArrayTable:
			section = r.key(&p, "", node.Key())
			if i := strings.LastIndex(section, "#"); i >= 0 && !strings.Contains(section[i:], ".") {
				section = section[:i] // of the element before
			}
			section = r.element(section, r.line(section))
		case unstable.KeyValue:
			r.pair(&p, section, node)
		}
	}
}

// element begins the next one of a list.
func (r *reader) element(list string, line int) string {
	n := r.arrays[list]
	r.arrays[list] = n + 1
	path := fmt.Sprintf("%s#%d", list, n)
	r.lines[path] = line
	return path
}

// key notes the lines of a key's parts and returns its path.
func (r *reader) key(p *unstable.Parser, path string, parts unstable.Iterator) string {
	for parts.Next() {
		node := parts.Node()
		path = join(path, string(node.Data))
		r.lines[path] = p.Shape(node.Raw).Start.Line
		if n := r.arrays[path]; n > 0 {
			path = fmt.Sprintf("%s#%d", path, n-1)
		}
	}
	return path
}

func (r *reader) pair(p *unstable.Parser, section string, node *unstable.Node) {
	path := r.key(p, section, node.Key())
	r.once(path)
	r.inside(p, path, node.Value())
}

// once notes a section or a value, and the first of those that were noted before.
func (r *reader) once(path string) {
	if r.noted[path] && r.twice.Line == 0 {
		r.twice = Problem{File: r.file, Line: r.line(path), Key: shown(path), Text: "stands in the file twice"}
	}
	r.noted[path] = true
}

// inside finds the keys of tables that are written as values.
func (r *reader) inside(p *unstable.Parser, path string, value *unstable.Node) {
	children := value.Children()
	for children.Next() {
		child := children.Node()
		switch {
		case value.Kind == unstable.InlineTable && child.Kind == unstable.KeyValue:
			r.pair(p, path, child)
		case value.Kind == unstable.Array && child.Kind == unstable.InlineTable:
			r.inside(p, r.element(path, r.line(path)), child)
		}
	}
}

func join(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}
