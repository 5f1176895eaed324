package crowd

// spent remembers the tickets that were used last, in a fixed array: each has one slot, and gives way to a later one of the same
// slot. So a ticket lets its holder in once, or again after some ten thousand others: never many at once.
type spent struct{ ids [1 << 16]uint64 }

func (s *spent) slot(id uint64) *uint64 { return &s.ids[id%uint64(len(s.ids))] }

func (s *spent) has(id uint64) bool { return *s.slot(id) == id }

// add is false for one that was there.
func (s *spent) add(id uint64) bool {
	if s.has(id) {
		return false
	}
	*s.slot(id) = id
	return true
}

func (s *spent) drop(id uint64) {
	if s.has(id) {
		*s.slot(id) = 0
	}
}
