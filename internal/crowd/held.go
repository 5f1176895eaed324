package crowd

import "sync"

// held counts the bytes that forms cost, whole and for each network: one alone never has it all.
type held struct {
	most int64

	mu    sync.Mutex
	bytes int64
	of    map[string]int64 // by network; those that hold nothing are not in it
}

// heldShare is how much of all the bytes one network may hold: an eighth.
const heldShare = 8

// Hold is what one request holds.
type Hold struct {
	held    *held
	network string
	bytes   int64
}

// Hold begins to hold for a network's request: nothing yet.
func (d *Door) Hold(network string) *Hold { return &Hold{held: &d.held, network: network} }

// Take takes room for so many more bytes; it is false when there is none, or the network has its share.
func (h *Hold) Take(bytes int64) bool {
	all := h.held
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.bytes+bytes > all.most || all.of[h.network]+bytes > all.most/heldShare {
		return false
	}
	h.bytes += bytes
	all.bytes += bytes
	all.of[h.network] += bytes
	return true
}

// Release gives everything back.
func (h *Hold) Release() {
	all := h.held
	all.mu.Lock()
	defer all.mu.Unlock()
	all.bytes -= h.bytes
	if all.of[h.network] -= h.bytes; all.of[h.network] == 0 {
		delete(all.of, h.network)
	}
	h.bytes = 0
}
