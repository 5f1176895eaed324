package account

import (
	"context"
	"slices"

	"clave/internal/audit"
	"clave/internal/login"
	"clave/internal/relying"
)

// Open is a browser in which the person is identified.
type Open struct {
	login.Session
	Parties []string // the services that rely on it, in the order of their entering
}

// Sessions are those of a person that open something, or that a service relies on, oldest first. Those that only opened our
// own pages are left out.
func (s *Service) Sessions(ctx context.Context, citizen string) (open []Open, err error) {
	list, err := s.Store.Sessions(ctx, citizen, s.Now())
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		alive, err := s.Broker.Alive(ctx, x.ID)
		if err != nil {
			return nil, err
		}
		parties, err := s.relying(ctx, x.ID)
		if err != nil {
			return nil, err
		}
		if alive && (!x.Alone() || len(parties) > 0) {
			open = append(open, Open{x, parties})
		}
	}
	return open, nil
}

// relying are the services that rely on a session.
func (s *Service) relying(ctx context.Context, session string) (parties []string, err error) {
	list, err := s.Broker.Store.Participations(ctx, session)
	for _, p := range list {
		if p.Party != relying.House {
			parties = append(parties, p.Party)
		}
	}
	return parties, err
}

// End ends one session of a person; the bool is false when there is no such one of theirs. Its services are owed the news.
func (s *Service) End(ctx context.Context, citizen, session string, from audit.Visitor) (done bool, err error) {
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		x, found, err := s.Broker.Store.Session(ctx, session)
		if done = found && x.Citizen == citizen && citizen != ""; err != nil || !done {
			return err
		}
		_, err = s.Broker.End(ctx, session, "own pages", from)
		return err
	})
	return done, err
}

// EndAll ends all sessions of a person but one, in which they are reading this. It returns the ids of those that a service
// relied on.
func (s *Service) EndAll(ctx context.Context, citizen, but string, from audit.Visitor) (ended []string, err error) {
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		ended, err = s.endAll(ctx, citizen, but, "own pages", from)
		return err
	})
	return ended, err
}

func (s *Service) endAll(ctx context.Context, citizen, but, why string, from audit.Visitor) (ended []string, err error) {
	list, err := s.Store.Sessions(ctx, citizen, s.Now())
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if x.ID == but {
			continue
		}
		told, err := s.Broker.End(ctx, x.ID, why, from)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(told, func(p login.Participation) bool { return p.Party != relying.House }) {
			ended = append(ended, x.ID)
		}
	}
	return ended, nil
}

// Ended is what became of the services of a session that has ended; the bool is false when there is no such one of this
// person.
func (s *Service) Ended(ctx context.Context, citizen, session string) ([]login.Participation, bool, error) {
	x, found, err := s.Broker.Store.Session(ctx, session)
	if err != nil || !found || x.Citizen != citizen || x.Ended.IsZero() {
		return nil, false, err
	}
	list, err := s.Broker.Store.Participations(ctx, session)
	return list, true, err
}
