package demo

import (
	"fmt"
	"io"

	"clave/internal/locale"
)

// Welcome prints where everything is, who the test citizens are, and what to try first.
func (d *Demo) Welcome(w io.Writer) error {
	lang, _ := locale.Lookup("en")
	list, err := people()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, `
Clave is running: a complete, offline Cl@ve. Nobody in it exists.

  Start here     %-29s  a town hall's site: "Entrar con Cl@ve"
  Then here      %-29s  a tax office: you are known already, and it can ask by telephone
  The phone      %-29s  SMS arrive here, live
  The letterbox  %-29s  letters (PDF) and e-mails
  People, clock  %-29s  who you can be; move the time forward
  Cl@ve itself   %-29s  register, follow a letter, help

First login: open the town hall, choose "Entrar con Cl@ve" ("Sign in with Cl@ve"), and be Carmen: type
her DNI and the date below, read the PIN on the phone, type it. Then be Ana: ask for a letter at Cl@ve,
open it in the letterbox, and register. The page of people lists every service there is.

`, d.Sede, d.Tax, d.World+"/phone", d.World+"/letters", d.World, d.Clave)
	wd := &world{list: list}
	for _, m := range wd.cast(lang) {
		fmt.Fprintf(w, "  %-15s  %-9s  %-14s %-10s  %-13s  %s\n", m.Given, m.NIF, lang.Text(m.DatumIs), m.Datum, m.Phone, lang.Text(m.Text))
	}
	_, err = fmt.Fprintf(w, "\nCtrl-C ends it%s.\n", map[bool]string{true: " and keeps the world in " + d.dir, false: " and leaves nothing behind"}[d.keep])
	return err
}
