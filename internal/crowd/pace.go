package crowd

import "time"

// pace is how many may begin each second. While those inside wait too long it sinks; while it is what holds people back, and
// those inside do not wait, it rises. So it finds what this machine carries, whatever people come for.
type pace struct {
	rate, least, most float64 // a second
	credit            float64 // who may begin now
	at                time.Time
	judged            time.Time
	strained, short   bool // since it was last judged: somebody inside waited too long; somebody was held back by it alone
}

// How the pace is judged: each second, and within so many times the limit that was set.
const (
	judgeEvery  = time.Second
	slower      = 0.8
	faster      = 1.2
	paceBetween = 20
)

func newPace(rate float64, now time.Time) pace {
	return pace{rate: rate, least: rate / paceBetween, most: rate * paceBetween, credit: max(1, rate), at: now, judged: now}
}

// tick earns what the time since the last tick is worth, up to a second's, or one.
func (p *pace) tick(now time.Time) {
	p.credit = min(max(1, p.rate), p.credit+p.rate*max(0, now.Sub(p.at).Seconds()))
	p.at = now
	if now.Sub(p.judged) < judgeEvery {
		return
	}
	switch {
	case p.strained:
		p.rate = max(p.least, p.rate*slower)
	case p.short:
		p.rate = min(p.most, p.rate*faster)
	}
	p.judged, p.strained, p.short = now, false, false
}

// take spends one, if there is one.
func (p *pace) take() bool {
	if p.credit < 1 {
		p.short = true
		return false
	}
	p.credit--
	return true
}
