package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/notify"
	"clave/internal/secret"
)

// Blockable are the methods that NotMe closes: those that a stranger can hold without having been at the person's home.
var Blockable = []assurance.Method{assurance.PIN}

// NotMe is "this was not me": somebody else can identify themselves as this person. It ends every session of theirs, this one
// too, closes the methods that somebody else can hold, forgets the browsers in which they signed in, and tells them so on
// every channel. The registration itself is not frozen: other methods go on. What it returns is as of EndAll.
func (s *Service) NotMe(ctx context.Context, id string, from audit.Visitor) (ended []string, err error) {
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		c, found, err := s.Store.Citizen(ctx, id) // locked: a PIN that is being typed is taken before, or refused after
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("account: nobody is %s", id)
		}
		if err := s.block(ctx, c, from); err != nil {
			return err
		}
		if ended, err = s.endAll(ctx, id, "", "not me", from); err != nil {
			return err
		}
		return s.tell(ctx, c)
	})
	return ended, err
}

func (s *Service) block(ctx context.Context, c citizen.Citizen, from audit.Visitor) error {
	for _, m := range Blockable {
		if slices.Contains(c.Blocked, m) {
			continue
		}
		c.Blocked = append(slices.Clone(c.Blocked), m)
		if err := s.record(ctx, c, audit.MethodBlocked, string(m), from); err != nil {
			return err
		}
	}
	if err := s.Store.SaveCitizen(ctx, c); err != nil {
		return err
	}
	return s.Store.ForgetBrowsers(ctx, c.ID)
}

// tell owes the person a message on every channel: on one of them it is them who reads it, whoever pressed the button.
func (s *Service) tell(ctx context.Context, c citizen.Citizen) error {
	now := s.Now()
	m := notify.Message{Lang: c.Lang, Created: now, Until: now.Add(7 * 24 * time.Hour), Values: map[string]string{"url": s.Origin, "host": s.Host}}
	for kind, to := range map[notify.Kind]string{notify.NotMe: c.Email.Reveal(), notify.NotMeSMS: c.Phone.Reveal()} {
		if to == "" {
			continue
		}
		m.ID, m.Kind, m.To = secret.ID(now), kind, to
		if err := s.Store.AddMessage(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
