// Command clave is Cl@ve in one binary: `clave demo` starts a complete, offline one; `clave people import` reads the
// State's register into a database; `clave keys` changes the signing keys; `clave party` registers services;
// `clave audit` reads the record; `clave reference` reads what an error page shows.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"clave/internal/authn/pin"
	"clave/internal/demo"
	"clave/internal/node"
)

type commands struct {
	Demo   demoCommand `cmd:"" help:"Start a complete, offline Cl@ve on this machine."`
	People struct {
		Import peopleImport `cmd:"" help:"Read a register of people (JSON, one a line) into a database."`
	} `cmd:"" help:"The State's register of people."`
	Party partyCommands `cmd:"" help:"The services that may ask who somebody is. Running nodes see within seconds what changes."`
	Audit struct {
		List auditList `cmd:"" help:"Show what was recorded: when, what, which service, which login, what came of it."`
	} `cmd:"" help:"The record of who did what. Reading it changes nothing."`
	Doctor    doctorCommand `cmd:"" help:"Examine database, clock, keys, carriers, certificates and services, and say what to do. Sends nothing."`
	Reference reference     `cmd:"" help:"Say what the reference number of an error page says: for whoever answers the telephone."`
	Keys      struct {
		List     keysList     `cmd:"" help:"Show the signing keys: which signs, which will, which did."`
		Rotate   keysRotate   `cmd:"" help:"Make a new signing key, known at once and signing later."`
		Remove   keysRemove   `cmd:"" help:"Take out a signing key that was stolen: nobody is to believe it any more."`
		Complete keysComplete `cmd:"" help:"Add the signing keys that a ring of an earlier version lacks."`
	} `cmd:"" help:"The key ring. A running node takes up what changes in it."`
}

// demoCommand is `clave demo`.
type demoCommand struct {
	Data     string `help:"Keep the world in this folder." placeholder:"DIR" type:"path"`
	Database string `help:"Use PostgreSQL instead of the embedded database." placeholder:"postgres://…"`
	Port     int    `help:"First of four ports on loopback, each 100 after the other; 0 takes any free ones." default:"8100"`
	Classic  bool   `help:"Three-symbol PINs, as Cl@ve has had them, instead of six digits."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	var c commands
	parser := kong.Must(&c, kong.Name("clave"), kong.Description("The electronic identity that administrations share."),
		kong.ShortUsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	k, err := parser.Parse(doubled(os.Args[1:]))
	parser.FatalIfErrorf(err)
	err = k.Run()
	if code, said := errors.AsType[exitCode](err); said {
		os.Exit(int(code))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clave:", err)
		os.Exit(1)
	}
}

// doubled lets flags be written with one dash, as Go programs have them, or with two.
func doubled(args []string) []string {
	for i, a := range args {
		if a == "--" {
			break
		}
		if len(a) > 2 && a[0] == '-' && a[1] != '-' {
			args[i] = "-" + a
		}
	}
	return args
}

// Run starts the demonstration and waits for Ctrl-C.
func (c *demoCommand) Run(ctx context.Context) error {
	options := demo.Options{Data: c.Data, Database: c.Database, PINStyle: pin.SixDigits, Carry: time.Second}
	if c.Classic {
		options.PINStyle = pin.Classic
	}
	if c.Port < 0 || c.Port > 65535-300 {
		return fmt.Errorf("-port %d: want 0 or the first of four ports, which are 100 apart: at most %d", c.Port, 65535-300)
	}
	if c.Port != 0 {
		options.Ports = demo.Ports{Clave: c.Port, Sede: c.Port + 100, World: c.Port + 200, Tax: c.Port + 300}
	}
	node.TuneMemory()
	d, err := demo.Start(ctx, options)
	if err != nil {
		return err
	}
	if err := d.Welcome(os.Stdout); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err = <-d.Failed():
	}
	closed := d.Close()
	if err != nil {
		return err
	}
	return closed
}
