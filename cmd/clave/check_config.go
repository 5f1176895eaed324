package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"clave/internal/config"
)

// checkConfig is `clave check-config`.
type checkConfig struct {
	Config string `help:"The configuration." required:"" placeholder:"FILE"`
}

// Run reads the file and what it names on this machine, and asks nobody over a network, nor a token.
func (c *checkConfig) Run() error { return c.check(os.Stdout) }

func (c *checkConfig) check(out io.Writer) error {
	settings, err := config.Check(c.Config)
	if err != nil {
		return err
	}
	return summary(out, c.Config, settings)
}

// summary says what would run, and no secret.
func summary(out io.Writer, file string, c *config.Config) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "ok\t%s\n", file)
	fmt.Fprintf(table, "origin\t%s, node %s\n", c.Origin, c.Node)
	fmt.Fprintf(table, "citizens\t%s%s%s\n", c.Listen.Address, shownTLS(c), shownProxy(c))
	fmt.Fprintf(table, "operator\t%s\n", c.Listen.Admin)
	fmt.Fprintf(table, "database\t%s\n", shownDatabase(c.Database.Address.Reveal()))
	fmt.Fprintf(table, "keys\t%s (%s%s)\n", c.Keys.File, c.Kind, map[bool]string{true: ", in a token, which was not asked"}[c.Hardware])
	var carriers []string
	for _, s := range c.SMS {
		carriers = append(carriers, s.Name+" ("+s.Type+")")
	}
	fmt.Fprintf(table, "SMS\t%s\n", cmp.Or(strings.Join(carriers, ", then "), "none"))
	mail, letters := "none", "none"
	if c.Mail != nil {
		mail = c.Mail.Address
	}
	if c.Letters != nil {
		letters = c.Letters.Folder
	}
	fmt.Fprintf(table, "mail\t%s\nletters\t%s\n", mail, letters)
	for _, warning := range c.Warnings() {
		fmt.Fprintf(table, "warning\t%s\n", warning)
	}
	return table.Flush()
}

func shownTLS(c *config.Config) string {
	if c.TLS == nil {
		return ", plain http"
	}
	return ", TLS with " + c.TLS.Certificate
}

func shownProxy(c *config.Config) string {
	if c.Proxy == nil {
		return ""
	}
	return fmt.Sprintf(", behind %v (%s)", c.Proxy.Trusted, c.Proxy.Header)
}

// shownDatabase leaves out who connects, and how they prove it.
func shownDatabase(address string) string {
	if !strings.Contains(address, "://") {
		return "SQLite, " + address
	}
	_, rest, _ := strings.Cut(address, "://")
	rest, _, _ = strings.Cut(rest, "?")
	return "PostgreSQL, " + rest[strings.LastIndex(rest, "@")+1:]
}
