package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"clave/internal/guide"
	"clave/internal/keyring"
	"clave/internal/locale"
	"clave/internal/web"
)

// reference is `clave reference`: what the help desk does when somebody calls.
type reference struct {
	ringFile  `embed:""`
	Reference string `arg:"" help:"The nine letters and digits of the error page."`
}

// Run prints what the reference says.
func (c *reference) Run() error { return c.print(os.Stdout, time.Now()) }

func (c *reference) print(out io.Writer, now time.Time) error {
	ring, err := keyring.Open(c.Keys)
	if err != nil {
		return err
	}
	if ring.Kind() == keyring.Demo {
		now = now.AddDate(5, 0, 0) // its clock may have been moved forward so far
	}
	ref, err := web.ReadReference(ring, c.Reference, now)
	if err != nil {
		return fmt.Errorf("%q was mistyped, or is not of this installation: ask for it letter by letter", c.Reference)
	}
	english := locale.Match("en")
	article, _ := guide.Find("en", ref.Article())
	_, err = fmt.Fprintf(out, "shown    %s, %s in Spain\npage     %s\nanswer   /help/%s: %s\ncause    in the log, on the line with this reference\n",
		english.Date(ref.At), english.Clock(ref.At), ref.Title(english), article.Slug, article.Title)
	return err
}
