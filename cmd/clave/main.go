// Command clave is Cl@ve in one binary: `clave demo` starts a complete, offline one; `clave serve` serves real people, as its
// configuration says, and `clave check-config`, `clave migrate` and `clave doctor` say beforehand and meanwhile whether it can. `clave people
// import` reads the State's register into a database; `clave keys` changes keys; `clave party` registers services; `clave audit` reads
// the record; `clave reference` reads what an error page shows; `clave backup` and `clave restore` copy the embedded
// database and bring it back; `clave epoch raise` voids what a database that lost commits may have forgotten.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"clave/internal/config"
	"clave/internal/keyring"
	"clave/internal/node"
)

type commands struct {
	Demo        demoCommand `cmd:"" help:"Start a complete, offline Cl@ve on this machine."`
	Serve       serve       `cmd:"" help:"Serve real people, as a configuration says."`
	CheckConfig checkConfig `cmd:"" help:"Tell everything that is wrong with a configuration, or what it would run."`
	Migrate     migrate     `cmd:"" help:"Bring the tables of the database up to date."`
	Backup      backup      `cmd:"" help:"Copy the embedded database while nodes work on it."`
	Restore     restore     `cmd:"" help:"Put a backup of the embedded database where none is. Codes and sessions of before are void."`
	Epoch       struct {
		Raise epochRaise `cmd:"" help:"Void every code, session and confirmation: after a restore, or a promotion that lost commits."`
	} `cmd:"" help:"How often the database's memory was found wanting."`
	Healthcheck healthcheck `cmd:"" help:"Ask a running node of this machine whether it lives, for who watches containers."`
	People      struct {
		Import peopleImport `cmd:"" help:"Read a register of people (JSON, one a line) into a database."`
	} `cmd:"" help:"The State's register of people."`
	Party partyCommands `cmd:"" help:"The services that may ask who somebody is. Running nodes see within seconds what changes."`
	Audit struct {
		List auditList `cmd:"" help:"Show what was recorded: when, what, which service, which login, what came of it."`
	} `cmd:"" help:"The record of who did what. Reading it changes nothing."`
	Doctor    doctorCommand `cmd:"" help:"Examine database, clock, keys, carriers, certificates and services, and say what to do. Sends nothing."`
	Reference reference     `cmd:"" help:"Say what the reference number of an error page says: for whoever answers the telephone."`
	Keys      struct {
		Create   keysCreate   `cmd:"" help:"Make a key ring."`
		List     keysList     `cmd:"" help:"Show the keys: which signs or seals, which will, which did."`
		Rotate   keysRotate   `cmd:"" help:"Make a new key, known at once and signing or sealing later."`
		Remove   keysRemove   `cmd:"" help:"Take out a key: a signing key that was stolen, a master key that nothing depends on."`
		Rehash   keysRehash   `cmd:"" help:"Bring the rows of the database under the master key that seals now, while nodes serve."`
		Complete keysComplete `cmd:"" help:"Add the signing keys that a ring of an earlier version lacks."`
	} `cmd:"" help:"The key ring. A running node takes up what changes in it."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
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
		complain(err)
		os.Exit(status(err))
	}
}

// misconfigured is the exit status (EX_CONFIG of sysexits.h) that says: starting again will not help. deploy/clave.service does not, then.
const misconfigured = 78

// status tells whoever starts us whether to try again. A PIN must not be tried again: each start would cost one of a token's few tries. A token, or
// anything else, that is away may come back.
func status(err error) int {
	var wrong config.Problems
	switch {
	case errors.Is(err, keyring.ErrPIN):
		return misconfigured
	case errors.Is(err, keyring.ErrToken):
		return 1
	case errors.As(err, &wrong), errors.Is(err, node.ErrConfig):
		return misconfigured
	}
	return 1
}

// complain says why. The lines of a configuration's problems stand as editors and people look for them.
func complain(err error) {
	var wrong config.Problems
	if errors.As(err, &wrong) {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Fprintln(os.Stderr, "clave:", err)
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
