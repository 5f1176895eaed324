package pin

import (
	"time"

	"clave/internal/notify"
	"clave/internal/secret"
)

// truth tells the mailbox or the phone that we already trust what the page must not tell: why no PIN comes. The bool is
// false when nothing is to be told, or nobody can be.
func (s *Service) truth(q question, why reason) (notify.Message, bool) {
	c := q.citizen
	m := notify.Message{
		ID: secret.ID(q.now), To: c.Email.Reveal(), Lang: c.Lang, Created: q.now, Until: q.now.Add(24 * time.Hour),
		Values: map[string]string{"service": q.Service, "url": s.Origin, "host": s.Host},
	}
	switch {
	case why == noPhone:
		m.Kind = notify.PhoneMissing
	case why == disowned && !c.Email.IsZero():
		m.Kind = notify.PINBlocked
	case why == disowned:
		m.Kind, m.To = notify.PINBlockedSMS, c.Phone.Reveal()
	}
	return m, m.Kind != "" && m.To != ""
}
