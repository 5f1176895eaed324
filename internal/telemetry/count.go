package telemetry

import "time"

// Problem counts an error page.
func (m *Metrics) Problem(key string) {
	if m != nil {
		m.problems.of(key).Inc()
	}
}

// Login counts a login that began, or ended: the result is "begun", "completed", or why the service was told that there is
// nobody.
func (m *Metrics) Login(protocol, result string) {
	if m != nil {
		m.logins.of(protocol, result).Inc()
	}
}

// Event counts an entry of the record. It is called once the entry is committed.
func (m *Metrics) Event(event, outcome string) {
	if m != nil {
		m.events.of(event, outcome).Inc()
	}
}

// Signing measures what a key or a certificate is used for: "saml-sign", "saml-verify".
func (m *Metrics) Signing(what string, began time.Time) {
	if m != nil {
		m.signed.of(what).Observe(seconds(began))
	}
}

// Unit counts a unit of work: what became of it, in a word, how long it waited for its turn and how long it then took.
func (m *Metrics) Unit(result string, wait, took time.Duration) {
	if m == nil {
		return
	}
	m.units.of(result).Inc()
	m.waited.Observe(wait.Seconds())
	if took > 0 {
		m.lasted.Observe(took.Seconds())
	}
}

// Commit counts a transaction and the units in it.
func (m *Metrics) Commit(units int) {
	if m != nil {
		m.commits.Inc()
		m.shared.Observe(float64(units))
	}
}

// Rerun counts a unit that must run again.
func (m *Metrics) Rerun() {
	if m != nil {
		m.reruns.Inc()
	}
}

// Sent counts a message that a carrier was asked to take, and how long it took to answer.
func (m *Metrics) Sent(channel, outcome string, began time.Time) {
	if m != nil {
		m.sent.of(channel, outcome).Inc()
		m.sending.of(channel).Observe(seconds(began))
	}
}

// Arrived measures how long after being taken a message was delivered, as its receipt says.
func (m *Metrics) Arrived(channel string, after time.Duration) {
	if m != nil {
		m.arrived.of(channel).Observe(after.Seconds())
	}
}

// Census counts a look-up in the register of people.
func (m *Metrics) Census(answered bool, began time.Time) {
	if m == nil {
		return
	}
	answer := "none"
	if answered {
		answer = "some"
	}
	m.asked.of(answer).Inc()
	m.answers.Observe(seconds(began))
}
