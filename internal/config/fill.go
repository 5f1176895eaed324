package config

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"clave/internal/throttle"
)

// defaulter is a section that has values of its own where the file says nothing.
type defaulter interface{ defaults() }

// fill puts the file's values into their fields.
func (r *reader) fill(c *Config) { r.table("", r.tables, reflect.ValueOf(c).Elem()) }

func (r *reader) table(path string, given map[string]any, into reflect.Value) {
	if d, ok := into.Addr().Interface().(defaulter); ok {
		d.defaults()
	}
	var known []string
	for i := range into.NumField() {
		field := into.Type().Field(i)
		name := keyOf(field)
		if name == "-" {
			continue
		}
		known = append(known, name)
		if field.Type == reflect.TypeFor[Secret]() {
			known = append(known, name+"_file", name+"_env")
			r.secret(path, name, given, field, into.Field(i))
			continue
		}
		at := join(path, name)
		r.wants[at] = cmp.Or(foreign[at], wantOf(field))
		if value, ok := given[name]; ok {
			r.given[at] = value
			r.value(at, value, field, into.Field(i))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			r.tell(join(path, name), "%s", unknown(name, known))
		}
	}
}

// keyOf is a field's key: its tag, or its name in snake case.
func keyOf(f reflect.StructField) string {
	if tag := f.Tag.Get("key"); tag != "" {
		return tag
	}
	var b strings.Builder
	name := []rune(f.Name)
	for i, c := range name {
		begins := i > 0 && unicode.IsUpper(c) && (unicode.IsLower(name[i-1]) || i+1 < len(name) && unicode.IsLower(name[i+1]))
		if begins {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// wantOf says what a field takes.
func wantOf(f reflect.StructField) string {
	if tag := f.Tag.Get("want"); tag != "" {
		return tag
	}
	switch f.Type {
	case reflect.TypeFor[time.Duration]():
		return `a length of time, for example "90s", "10m" or "60d"`
	case reflect.TypeFor[throttle.Limit]():
		return fmt.Sprintf(`a limit, for example { count = 3, per = "1h" }, with a count of 1 to %d`, mostHits)
	}
	switch f.Type.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number above 0"
	case reflect.Float64:
		return "a number above 0"
	case reflect.Slice:
		if f.Type.Elem().Kind() == reflect.Struct {
			return "sections, each begun by [[" + keyOf(f) + "]]"
		}
		return `a list of texts, for example ["one", "another"]`
	case reflect.Map:
		return `texts by language, for example { es = "…", en = "…" }`
	case reflect.Struct, reflect.Pointer:
		return "a section, begun by [" + keyOf(f) + "]"
	}
	return "a text in quotes"
}

// foreign says what the fields of other packages take, where their type does not.
var foreign = map[string]string{
	"help.phone":          "the number that people call for help",
	"help.address":        "where people write for help: a postal or an e-mail address",
	"help.mailbox":        "the e-mail address that questions from the help pages go to",
	"organization.names":  "who runs this Clave, by language, Spanish at least: { es = \"…\" }",
	"organization.url":    "the address of the organization's site",
	"limits.letters.age":  "a whole number above 0 (years)",
	"limits.pin.tries":    "a whole number above 0 (of each PIN)",
	"limits.pin.lifetime": "a length of time, for example \"10m\"",
}

// value puts one value into its field, or tells what was expected.
func (r *reader) value(path string, given any, f reflect.StructField, into reflect.Value) {
	switch into.Type() {
	case reflect.TypeFor[time.Duration]():
		d, ok := duration(given)
		r.must(ok && (d > 0 || d == 0 && f.Tag.Get("zero") != ""), path)
		into.SetInt(int64(d))
		return
	case reflect.TypeFor[throttle.Limit]():
		r.limit(path, given, into)
		return
	case reflect.TypeFor[[]netip.Prefix]():
		list, ok := prefixes(given)
		r.must(ok, path)
		into.Set(reflect.ValueOf(list))
		return
	}
	ok := true
	switch into.Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Slice, reflect.Map:
		ok = r.many(path, given, into)
	default:
		ok = r.one(given, f, into)
	}
	r.must(ok, path)
}

// one takes a text, a number, or yes and no.
func (r *reader) one(given any, f reflect.StructField, into reflect.Value) bool {
	switch v := given.(type) {
	case string:
		if into.Kind() != reflect.String || strings.ContainsFunc(v, unicode.IsControl) {
			return false
		}
		if f.Tag.Get("path") != "" {
			v = r.beside(v)
		}
		into.SetString(v)
	case bool:
		if into.Kind() != reflect.Bool {
			return false
		}
		into.SetBool(v)
	case int64:
		switch into.Kind() {
		case reflect.Int:
			into.SetInt(v)
			return v > 0 && v <= 1<<31
		case reflect.Float64:
			into.SetFloat(float64(v))
			return v > 0
		}
		return false
	case float64:
		if into.Kind() != reflect.Float64 {
			return false
		}
		into.SetFloat(v)
		return v > 0 && v <= 1e9
	default:
		return false
	}
	return true
}

// many takes a section, a list or texts by language.
func (r *reader) many(path string, given any, into reflect.Value) bool {
	section, isSection := given.(map[string]any)
	list, isList := given.([]any)
	switch {
	case into.Kind() == reflect.Struct && isSection:
		r.table(path, section, into)
	case into.Kind() == reflect.Pointer && isSection:
		into.Set(reflect.New(into.Type().Elem()))
		r.table(path, section, into.Elem())
	case into.Kind() == reflect.Map && isSection:
		texts := map[string]string{}
		for key, value := range section {
			text, ok := value.(string)
			r.wants[join(path, key)], r.given[join(path, key)] = "a text in quotes", value
			r.must(ok, join(path, key))
			texts[key] = text
		}
		into.Set(reflect.ValueOf(texts))
	case into.Kind() == reflect.Slice && isList:
		return r.list(path, list, into)
	default:
		return false
	}
	return true
}

func (r *reader) list(path string, given []any, into reflect.Value) bool {
	elem := into.Type().Elem()
	for i, value := range given {
		one := reflect.New(elem).Elem()
		switch v := value.(type) {
		case map[string]any:
			if elem.Kind() != reflect.Struct {
				return false
			}
			r.table(fmt.Sprintf("%s#%d", path, i), v, one)
		case string:
			if elem.Kind() != reflect.String {
				return false
			}
			one.SetString(v)
		default:
			return false
		}
		into.Set(reflect.Append(into, one))
	}
	return true
}
