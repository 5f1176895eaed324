package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/enrolment"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/store"
)

// What of a person must be found nowhere, however it is written.
var private = map[string][]string{
	"NIF":     {"12345678Z", "12345678"},
	"phone":   {"+34600123987", "600123987"},
	"e-mail":  {"canario@example.es", "canario"},
	"datum":   {"2031-07-19", "20310719", "19/07/2031"},
	"CSV":     {"KX7PQ2MN8RTW4ZJH"},
	"PIN":     {"739154"},
	"name":    {"Genoveva", "Urrutikoetxea", "Zabalbeaskoa"},
	"address": {"Calle del Canario", "28999"},
	"from":    {"203.0.113.77"},
}

func TestRule21NothingPrivateAtRest(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		story(t, s)
		dump := files
		if strings.HasPrefix(address, "postgres") {
			dump = tables
		}
		kept := dump(t, address)
		if !bytes.Contains(kept, []byte("canary-party")) {
			t.Fatal("what is looked through is not the database")
		}
		for what, forms := range private {
			for _, form := range forms {
				hash := sha256.Sum256([]byte(form)) // without a key it is as good as the thing itself
				for _, b := range [][]byte{[]byte(form), []byte(hex.EncodeToString([]byte(form))), hash[:], []byte(hex.EncodeToString(hash[:]))} {
					if bytes.Contains(kept, b) {
						t.Errorf("the %s is readable: %q", what, b)
					}
				}
			}
		}
	})
}

// A key ring that was lost and made anew, or is another installation's, would let everybody register a second time.
func TestRule21AnotherRingOpensNothing(t *testing.T) {
	other, err := keyring.Create(filepath.Join(t.TempDir(), "keys"), keyring.Demo, time.Now())
	wants(t, err, nil)
	onBoth(t, func(t *testing.T, address string) {
		s, err := store.Open(t.Context(), address, options())
		wants(t, err, nil)
		story(t, s)
		wants(t, s.Close(t.Context()), nil)
		o := options()
		o.Ring = other
		_, err = store.Open(t.Context(), address, o)
		wants(t, err, store.ErrRing)
		open(t, address, options())
	})
}

// story leaves a row in every table that is about a person.
func story(t *testing.T, s *store.Store) {
	t.Helper()
	now := s.Now()
	n, _ := nif.Parse(private["NIF"][0])
	phone, _ := contact.ParsePhone(private["phone"][0])
	email, _ := contact.ParseEmail(private["e-mail"][0])
	datum, _ := nif.ParseDate(nif.Validity, private["datum"][0])
	name := private["name"]
	until, _ := datum.Date()
	c := citizen.Citizen{
		ID: secret.ID(now), NIF: n, GivenName: name[0], FirstSurname: name[1], SecondSurname: name[2], Phone: phone, Email: email, Lang: "es",
		Proofing: assurance.Basic, Registered: now, Datum: datum, Until: until,
	}
	p := person.Person{
		NIF: n, GivenName: name[0], FirstSurname: name[1], SecondSurname: name[2], Birth: now.AddDate(-40, 0, 0), Datum: datum, Until: until,
		Address: person.Address{Street: private["address"][0], Postcode: private["address"][1]},
	}
	csv, pin := private["CSV"][0], private["PIN"][0]
	message := func(k notify.Kind, to string, values map[string]string) notify.Message {
		return notify.Message{ID: secret.ID(now), Kind: k, To: to, Lang: "es", Created: now, Until: now.Add(time.Hour), Values: values}
	}
	wants(t, s.PutPeople(t.Context(), []person.Person{p}), nil)
	do(t, s, func(ctx context.Context) error {
		_, issued := otp.Codes{Store: s, Ring: s.Ring}.Issue(ctx, otp.Order{
			Purpose: otp.SignIn, Flow: "flow", Browser: "nonce", Subject: audit.Subject(s.Ring, n), Budget: "budget", Citizen: c.ID, Code: secret.NewCode(pin), Max: 3,
			Lifetime: time.Minute,
		}, now)
		hash := s.Ring.Hash("test", csv)
		return errors.Join(issued, s.AddCitizen(ctx, c), s.AddFreeze(ctx, hash, c.ID),
			s.AddMessage(ctx, message(notify.PIN, phone.Reveal(), map[string]string{"code": pin, "service": "canary"})),
			s.AddMessage(ctx, message(notify.WelcomeEmail, email.Reveal(), map[string]string{"name": name[0]})),
			s.AddMessage(ctx, message(notify.Invitation, "", map[string]string{
				"name": p.Name(), "address": strings.Join(p.Address.Lines(), "\n"), "csv": csv,
			})),
			s.AddLetter(ctx, enrolment.Letter{ID: "letter", Reference: hash, Subject: audit.Subject(s.Ring, n), CSV: hash, Asked: now, Expires: now}),
			s.AddAudit(ctx, audit.Entry{ID: secret.ID(now), At: now, Event: audit.PINAsked, Subject: audit.Subject(s.Ring, n), Citizen: c.ID,
				Party: "canary-party", From: private["from"][0]}))
	})
	do(t, s, func(ctx context.Context) error { // deleted rows and old versions stay in the file for a while
		c.Phone, c.GivenName = contact.Phone{}, name[1]
		_, err := s.ClaimMessages(ctx, notify.SMS, now, 9)
		return errors.Join(err, s.SaveCitizen(ctx, c))
	})
}

// files is every byte of a database and of what lies beside it.
func files(t *testing.T, address string) (all []byte) {
	names, err := filepath.Glob(filepath.Join(filepath.Dir(address), "*"))
	wants(t, err, nil)
	for _, name := range names {
		b, err := os.ReadFile(name)
		wants(t, err, nil)
		all = append(all, b...)
	}
	return all
}

// tables is every value of every row.
func tables(t *testing.T, address string) (all []byte) {
	conn, err := pgx.Connect(t.Context(), address)
	wants(t, err, nil)
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`)
	wants(t, err, nil)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	wants(t, err, nil)
	for _, name := range names {
		rows, err := conn.Query(t.Context(), `SELECT * FROM `+pgx.Identifier{name}.Sanitize())
		wants(t, err, nil)
		for rows.Next() {
			for _, b := range rows.RawValues() {
				all = append(append(all, b...), 0)
			}
		}
		wants(t, rows.Err(), nil)
	}
	return all
}
