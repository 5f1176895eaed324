package contact

import "unique"

// hidden keeps a text comparable but out of reach of fmt, which prints the unexported fields of whatever surrounds a value without asking
// its methods.
type hidden struct{ handle unique.Handle[string] }

func hide(s string) hidden {
	if s == "" {
		return hidden{}
	}
	return hidden{unique.Make(s)}
}

func (h hidden) reveal() string {
	if h == (hidden{}) {
		return ""
	}
	return h.handle.Value()
}
