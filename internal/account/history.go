package account

import (
	"context"
	"slices"
	"time"

	"clave/internal/audit"
	"clave/internal/nif"
	"clave/internal/relying"
	"clave/internal/secret"
)

// PageLength is how many visits a page shows.
const PageLength = 25

// Visits are a person's visits, newest first, from the one after a cursor on (none: from the newest). The second result is the cursor of
// those that are older; it is empty when there are none.
func (s *Service) Visits(ctx context.Context, n nif.NIF, before string) ([]Visit, string, error) {
	entries, err := s.Store.Told(ctx, audit.Subject(s.Ring, n), before, PageLength+1)
	if err == nil {
		entries, err = s.whole(ctx, entries)
	}
	if err != nil {
		return nil, "", err
	}
	list := visits(entries)
	if len(list) <= PageLength {
		return list, "", nil
	}
	return list[:PageLength], list[PageLength-1].Last, nil
}

// whole adds to entries that their logins were given up.
func (s *Service) whole(ctx context.Context, entries []audit.Entry) ([]audit.Entry, error) {
	var logins []string
	for _, e := range entries {
		if e.Flow != "" && !slices.Contains(logins, e.Flow) {
			logins = append(logins, e.Flow)
		}
	}
	given, err := s.Store.GivenUp(ctx, logins)
	return append(entries, given...), err
}

// Informed is a service that was told who somebody is.
type Informed struct {
	Party string
	Times int
	Last  time.Time
}

// lookBack is how far back services are listed to be checked when the person points at no visit.
const lookBack = 30 * 24 * time.Hour

// Informed are the services that were told of a person between an entry (none: a month ago) and a moment, the last one first:
// those to look at when somebody else was at work. Our own pages are none.
func (s *Service) Informed(ctx context.Context, n nif.NIF, since string, until time.Time) ([]Informed, error) {
	if since == "" {
		since = secret.ID(until.Add(-lookBack))
	}
	list, err := s.Store.Informed(ctx, audit.Subject(s.Ring, n), since, until)
	return slices.DeleteFunc(list, func(i Informed) bool { return i.Party == relying.House }), err
}
