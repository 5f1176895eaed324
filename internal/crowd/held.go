package crowd

import "sync/atomic"

// held counts the bytes of forms in memory.
type held struct {
	most  int64
	bytes atomic.Int64
}

// Hold takes room for a form of so many bytes, and returns what gives it back; it is false when there is none.
func (d *Door) Hold(bytes int64) (release func(), ok bool) {
	if d.held.bytes.Add(bytes) > d.held.most {
		d.held.bytes.Add(-bytes)
		return nil, false
	}
	return func() { d.held.bytes.Add(-bytes) }, true
}
