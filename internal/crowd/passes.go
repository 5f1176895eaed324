package crowd

import "time"

// A pass lets whoever has waited open their next pages before newcomers: so many, and no more whoever else has a copy of it.
const (
	PassLife = 15 * time.Minute
	passUses = 60
)

// passes counts the uses of passes in a fixed array. Two of one slot share its uses: nobody gets more by bringing a second.
type passes struct {
	slots [1 << 14]struct {
		since int64 // Unix time
		uses  int
	}
}

// Pass uses a pass once; it is false when it has been used up here.
func (d *Door) Pass(id uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	slot := &d.passes.slots[id>>50] // the lowest bit says nothing
	if now := d.now().Unix(); now-slot.since >= int64(PassLife.Seconds()) {
		slot.since, slot.uses = now, 0
	}
	slot.uses++
	return slot.uses <= passUses
}

// PassBack gives a use back for which there was no place.
func (d *Door) PassBack(id uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	slot := &d.passes.slots[id>>50]
	slot.uses = max(0, slot.uses-1)
}
