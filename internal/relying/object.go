package relying

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a party: the field, as the JSON form names it, and what was expected there. It
// never repeats what was found.
type Problem struct{ Field, Want string }

func (p Problem) Error() string { return p.Field + ": " + p.Want }

// problems are gathered, so that whoever registers a party learns all of them at once.
type problems []error

func (bad *problems) add(field, want string) { *bad = append(*bad, Problem{field, want}) }

func (bad problems) err() error { return errors.Join(bad...) }

// object is a JSON object that is read strictly: a member is asked for by its exact name, and what nobody asked for, or
// stands there twice, is a problem. encoding/json alone would take the last of two, and "ID" for "id".
type object struct {
	path    string // of this object, with a dot at the end; empty for the outermost
	members map[string]json.RawMessage
	bad     *problems
}

func readObject(path string, data []byte, bad *problems) object {
	o := object{path: path, members: map[string]json.RawMessage{}, bad: bad}
	if !utf8.Valid(data) {
		bad.add(o.name(""), "want JSON in UTF-8")
		return o
	}
	if err := o.read(data); err != nil {
		bad.add(o.name(""), "want a JSON object"+where(data, err))
	}
	return o
}

var errObject = errors.New("no object")

func (o object) read(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(err, errObject)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		name := key.(string)
		if _, twice := o.members[name]; twice {
			o.bad.add(o.name(name), "want it once")
		}
		o.members[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errObject
	}
	return nil
}

// where points at the line of a mistake.
func where(data []byte, err error) string {
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok || syntax.Offset > int64(len(data)) {
		return ""
	}
	return "; line " + strconv.Itoa(1+bytes.Count(data[:syntax.Offset], []byte("\n"))) + " is not JSON"
}

// name is the whole name of a member; without one, of the object itself.
func (o object) name(member string) string {
	switch {
	case member != "":
		return o.path + member
	case o.path == "":
		return "party"
	default:
		return strings.TrimSuffix(o.path, ".")
	}
}

func (o object) has(member string) bool { _, ok := o.members[member]; return ok }

// need says that a member is missing.
func (o object) need(members ...string) {
	for _, m := range members {
		if !o.has(m) {
			o.bad.add(o.name(m), "it is missing")
		}
	}
}

func (o object) text(member string) string { return take[string](o, member, "a text") }
func (o object) flag(member string) bool   { return take[bool](o, member, "true or false") }

func (o object) texts(member string) []string {
	var list []string
	for _, one := range take[[]*string](o, member, "a list of texts") {
		if one == nil {
			o.bad.add(o.name(member), "want a list of texts")
			return nil
		}
		list = append(list, *one)
	}
	return list
}

func (o object) object(member string) object {
	value := o.members[member]
	delete(o.members, member)
	return readObject(o.path+member+".", value, o.bad)
}

// take reads a member and strikes it off. What is absent is the zero value.
func take[T any](o object, member, want string) (v T) {
	value, ok := o.members[member]
	delete(o.members, member)
	if ok && (string(value) == "null" || json.Unmarshal(value, &v) != nil) {
		o.bad.add(o.name(member), "want "+want)
		return *new(T)
	}
	return v
}

// end says which members nobody asked for.
func (o object) end() {
	for _, member := range slices.Sorted(maps.Keys(o.members)) {
		o.bad.add(o.name(member), "no such field")
	}
}
