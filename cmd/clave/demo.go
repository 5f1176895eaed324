package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"clave/internal/authn/pin"
	"clave/internal/demo"
	"clave/internal/node"
)

// demoCommand is `clave demo`.
type demoCommand struct {
	Data     string `help:"Keep the world in this folder." placeholder:"DIR" type:"path"`
	Database string `help:"Use PostgreSQL instead of the embedded database." placeholder:"postgres://…"`
	Port     int    `help:"First of four ports on loopback, each 100 after the other; 0 takes any free ones." default:"8100"`
	Classic  bool   `help:"Three-symbol PINs, as Cl@ve has had them, instead of six digits."`
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
