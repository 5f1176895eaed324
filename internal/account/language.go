package account

import (
	"context"
	"fmt"

	"clave/internal/audit"
	"clave/internal/locale"
)

// SetLanguage has us write to a person in a language from now on. It changes how we say things, and nothing of what anybody
// can do. Chosen again, it changes and records nothing.
func (s *Service) SetLanguage(ctx context.Context, id string, l locale.Lang, from audit.Visitor) error {
	return s.Store.Do(ctx, func(ctx context.Context) error {
		c, found, err := s.Store.Citizen(ctx, id)
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("account: nobody is %s", id)
		case c.Lang == l.Code():
			return nil
		}
		c.Lang = l.Code()
		if err := s.Store.SaveCitizen(ctx, c); err != nil {
			return err
		}
		return s.record(ctx, c, audit.CitizenLanguage, l.Code(), from)
	})
}
