package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"clave/internal/config"
	"clave/internal/doctor"
	"clave/internal/keyring"
)

// doctorCommand is `clave doctor`.
type doctorCommand struct {
	Config   string `help:"The configuration file." required:"" type:"existingfile" placeholder:"FILE"`
	JSON     bool   `name:"json" help:"For programs."`
	Thorough bool   `help:"Read the whole database file (SQLite): minutes, for a large one."`
	Clock    string `help:"Compare the clock with this web server's." placeholder:"https://…"`
}

// exitCode is the error of a command that has said everything already.
type exitCode int

// Error implements error.
func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Run examines the installation. The exit code is 0 when all is well, 1 after a warning, 2 when something is wrong.
func (c *doctorCommand) Run(ctx context.Context) error {
	found := c.examine(ctx, time.Now)
	if err := c.tell(found); err != nil {
		return err
	}
	if worst := doctor.Worst(found); worst != doctor.Well {
		return exitCode(worst)
	}
	return nil
}

func (c *doctorCommand) tell(found []doctor.Finding) error {
	if !c.JSON {
		return doctor.Print(os.Stdout, found)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(found)
}

func (c *doctorCommand) examine(ctx context.Context, now func() time.Time) []doctor.Finding {
	file, err := config.Check(c.Config)
	checks := []doctor.Check{{Area: "file", Look: func(context.Context) []doctor.Finding { return doctor.File(c.Config, problems(err)) }}}
	if file != nil {
		file.Ring, _ = keyring.OpenWary(file.Keys.File) // why not is told with the keys
		checks = append(checks, c.checks(file, now)...)
		checks = append(checks, carriers(file)...)
	}
	return doctor.Examine(ctx, checks)
}

// problems are what a file says of itself, one by one.
func problems(err error) (list []string) {
	var many config.Problems
	switch {
	case err == nil:
		return nil
	case errors.As(err, &many):
		for _, p := range many {
			list = append(list, p.String())
		}
		return list
	}
	return []string{err.Error()}
}

func (c *doctorCommand) checks(f *config.Config, now func() time.Time) []doctor.Check {
	data := doctor.Database{Address: f.Database.Address.Reveal(), Kind: f.Kind, SingleNode: f.Database.SingleNode, Thorough: c.Thorough}
	front := doctor.Front{Origin: f.Origin, Address: f.Listen.Address}
	if f.TLS != nil {
		front.Certificate, front.Key = f.TLS.Certificate, f.TLS.Key
	}
	if f.Proxy != nil {
		front.Proxies = f.Proxy.Trusted
	}
	return []doctor.Check{
		{Area: "database", Look: data.Check},
		{Area: "clock", Look: func(ctx context.Context) []doctor.Finding { return doctor.Clock(ctx, data.Address, c.Clock) }},
		{Area: "keys", Look: func(context.Context) []doctor.Finding { return doctor.Keys(f.Keys.File, f.Ring, now()) }},
		{Area: "services", Look: func(ctx context.Context) []doctor.Finding { return doctor.Services(ctx, data, f.Ring, now) }},
		{Area: "address", Look: func(ctx context.Context) []doctor.Finding { return front.Check(ctx, now()) }},
	}
}

// carriers are what carries messages out. None is sent.
func carriers(f *config.Config) (checks []doctor.Check) {
	for _, s := range f.SMS {
		checks = append(checks, doctor.Check{Area: "sms", Look: func(ctx context.Context) []doctor.Finding { return carrier(ctx, s) }})
	}
	if len(f.SMS) == 0 {
		checks = append(checks, missing("sms", "no carrier of SMS is configured: nobody can be sent a PIN"))
	}
	if m := f.Mail; m != nil {
		checks = append(checks, doctor.Check{Area: "mail", Look: func(ctx context.Context) []doctor.Finding {
			secure, err := config.Vouched(m.Authority, "")
			if err != nil {
				return doctor.Authority(err)
			}
			return doctor.Mail{Address: m.Address, User: m.User, Password: m.Password.Reveal(), Security: m.Security, TLS: secure}.Check(ctx)
		}})
	} else {
		checks = append(checks, missing("mail", "no mail server is configured: nobody can register, and no notice leaves"))
	}
	if f.Letters == nil {
		return append(checks, missing("letters", "no folder of letters is configured: nobody can be invited"))
	}
	return append(checks, doctor.Check{Area: "letters", Look: func(context.Context) []doctor.Finding { return doctor.Letters(f.Letters.Folder) }})
}

func missing(area, text string) doctor.Check {
	return doctor.Check{Area: area, Look: func(context.Context) []doctor.Finding { return doctor.Missing(area, text) }}
}

func carrier(ctx context.Context, s config.SMS) []doctor.Finding {
	host, _, _ := net.SplitHostPort(s.Address)
	secure, err := config.Vouched(s.Authority, host)
	if err != nil {
		return doctor.Authority(err)
	}
	if s.Type == "http" {
		return doctor.Gateway(ctx, s.Name, s.URL, &http.Client{Transport: &http.Transport{TLSClientConfig: secure}})
	}
	if s.Plain {
		secure = nil
	}
	return doctor.SMPP{Name: s.Name, Address: s.Address, System: s.System, Password: s.Password.Reveal(), SystemType: s.SystemType, TLS: secure}.Check(ctx)
}
