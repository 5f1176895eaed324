package main

import (
	"fmt"
	"net"
	"time"

	"clave/internal/nif"
	"clave/internal/person"
)

// somebody is citizen number i: invented, and the same for the driver and the server. Every eighth is a foreigner, who is
// asked for another datum.
func somebody(i int) person.Person {
	until := time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%3000)
	p := person.Person{
		GivenName: "María del Carmen", FirstSurname: "Fernández", SecondSurname: fmt.Sprintf("de la Vega %d", i),
		Birth: time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%15000), Until: until,
		Address: person.Address{Street: "Calle Mayor, 1, 3.º B", Postcode: "28013", Town: "Madrid", Province: "Madrid"},
	}
	if i%8 == 7 {
		p.NIF = number("X", i)
		p.Datum = must(nif.ParseSupport(fmt.Sprintf("E%08d", i)))
	} else {
		p.NIF = number("", i)
		p.Datum = must(nif.ParseDate(nif.Validity, until.Format(time.DateOnly)))
	}
	return p
}

// number makes the NIF of a number: the control letter is the one that fits.
func number(first string, i int) nif.NIF {
	for _, letter := range "TRWAGMYFPDXBNJZSQVHLCKE" {
		if n, err := nif.Parse(fmt.Sprintf("%s%d%c", first, 1_000_000+i, letter)); err == nil {
			return n
		}
	}
	panic("no control letter fits")
}

// typed is the datum as its owner types it.
func typed(d nif.Datum) string {
	if day, isDate := d.Date(); isDate {
		return day.Format("02/01/2006")
	}
	return d.Reveal()
}

// phoneOf is the phone of citizen number i.
func phoneOf(i int) string { return fmt.Sprintf("+34%d", 610_000_000+i) }

// addressOf is where citizen number i comes from: everybody has an address of their own, as in the world, so that the
// slow-down of busy addresses stays in force and slows nobody down. All of them are loopback.
func addressOf(i int) net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, byte(1+i>>16), byte(i>>8), byte(i))}
}

// must is for what we made ourselves.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
